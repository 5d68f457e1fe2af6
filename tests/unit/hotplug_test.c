/* SPDX-License-Identifier: MIT */
/*
 * vmm/hotplug.c: devices of a vfio-user server come to a machine and leave it, and nothing is
 * left behind.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/pci.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "devices/pci_windows.h"
#include "fake_kvm.h"
#include "fake_vm.h"
#include "guests/demo/demo_server.h"
#include "stderr_text.h"
#include "unit.h"
#include "vmm/hotplug.h"
#include "vmm/machine_state.h"

#define RAM (16ull << 20)

static struct config config = { .cpus = 1, .memory = RAM };
static struct machine machine;
static struct stderr_text caught;
static char folder[32], path[64];
static int listener;
static pthread_t server;
static sem_t served;
static char deleted[64];

/* Serve one client after the other, until the listener is shut down. */
static void *serve(void *arg)
{
	int client;

	while ((client = accept(listener, NULL, NULL)) >= 0) {
		demo_server_run(client);
		sem_post(&served);
	}
	return arg;
}

static void server_begin(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(folder, sizeof(folder), "/tmp/minivmm-hotplug-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	strcpy(address.sun_path, path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listener, 4), 0);
	sem_init(&served, 0, 0);
	pthread_create(&server, NULL, serve, NULL);
}

static void server_end(void)
{
	shutdown(listener, SHUT_RDWR);
	pthread_join(server, NULL);
	close(listener);
	unlink(path);
	rmdir(folder);
}

static void note_deleted(void *owner, const char *id)
{
	(void)owner;
	snprintf(deleted, sizeof(deleted), "%s", id);
	vm_post(&machine.vm, VM_EVENT_QUIT);
}

static const struct hotplug_watcher watcher = { note_deleted, NULL };

/* Ports that the user has named, beside those of begin(). */
static const struct options_port named[] = { { .id = "rp1" }, { .id = "rp2", .fixed = true } };

static void begin_named(unsigned int names, unsigned int ports)
{
	memset(&machine, 0, sizeof(machine));
	machine.config = &config;
	slots_init(&machine.slots);
	hotplug_init(&machine.hotplug);
	fake_vm_begin(&machine.vm, &machine.pci_host, RAM);
	stderr_begin(&caught);
	ck_assert_int_eq(slots_open(&machine.slots, &machine.pci_host), 0);
	for (unsigned int i = 0; i < names; i++)
		ck_assert_int_eq(slots_add_port(&machine.slots, &named[i]), 0);
	ck_assert_int_eq(
		user_devices_open(&machine.users, &config, &machine.pci_host, &machine.slots), 0);
	ck_assert_int_eq(slots_add_spare(&machine.slots, ports), 0);
	ck_assert_int_eq(pci_windows_assign_bars(&machine.pci_host), 0);
	ck_assert_int_eq(hotplug_open(&machine), 0);
	hotplug_watch(&machine, &watcher);
	server_begin();
}

static void begin(unsigned int ports)
{
	begin_named(0, ports);
}

static void end(void)
{
	user_devices_stop(&machine.users);
	pci_host_destroy(&machine.pci_host);
	user_devices_close(&machine.users);
	hotplug_destroy(&machine.hotplug);
	slots_destroy(&machine.slots);
	vm_destroy(&machine.vm);
	stderr_end(&caught);
	server_end();
	fake_kvm_end();
}

static unsigned int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* Access the port's registers as the guest does. */
static uint64_t port_register(unsigned int slot, unsigned int reg)
{
	const struct pci_root_port *port = machine.slots.list[slot].port;

	return arch_layout.ecam.base + ((uint64_t)port->bridge.function.devfn << 12) + reg;
}

static uint16_t get(unsigned int slot, unsigned int reg)
{
	uint16_t value;

	bus_read(&machine.vm.mmio, port_register(slot, machine.slots.list[slot].port->cap + reg),
		 &value, 2);
	return value;
}

static void set_indicator(unsigned int slot, uint16_t value)
{
	bus_write(&machine.vm.mmio,
		  port_register(slot, machine.slots.list[slot].port->cap + PCI_EXP_SLTCTL), &value,
		  2);
}

static void wait_deleted(const char *id)
{
	deleted[0] = '\0';
	ck_assert_int_eq(vm_wait(&machine.vm), VM_EVENT_QUIT);
	ck_assert_str_eq(deleted, id);
}

static uint32_t below(unsigned int bus)
{
	uint32_t id;

	bus_read(&machine.vm.mmio, arch_layout.ecam.base + ((uint64_t)bus << 20), &id, 4);
	return id;
}

static unsigned int used_gsis(void)
{
	const struct irq_router *router = &machine.vm.irq;
	unsigned int used = 0;

	for (uint32_t gsi = 0; gsi < router->gsi_max; gsi++)
		used += router->gsi_entry[gsi] != 0;
	return used;
}

/* A driver begins: the first vector of MSI-X has a message, and may be sent. */
static void use_msix(struct pci_function *card, uint64_t base)
{
	unsigned int cap = pci_find_capability(card, PCI_CAP_ID_MSIX);
	uint32_t table, entry[4] = { 0xfee00000, 0, 0x41, 0 };
	uint16_t on = PCI_MSIX_FLAGS_ENABLE;
	uint64_t at;

	ck_assert_uint_ne(cap, 0);
	bus_read(&machine.vm.mmio, base + cap + PCI_MSIX_TABLE, &table, 4);
	at = card->bars[table & PCI_MSIX_TABLE_BIR].addr + (table & PCI_MSIX_TABLE_OFFSET);
	bus_write(&machine.vm.mmio, base + cap + PCI_MSIX_FLAGS, &on, 2);
	for (unsigned int i = 0; i < 4; i++)
		bus_write(&machine.vm.mmio, at + 4 * i, &entry[i], 4);
}

/* After a hundred rounds there are as many files, regions, listeners and GSIs as before. */
START_TEST(nothing_is_left)
{
	const uint64_t base = arch_layout.ecam.base + (1 << 20);
	unsigned int gsis;

	unsigned int files = 0, used = 0;
	size_t regions = 0, listeners = 0;

	begin(1);
	gsis = used_gsis();
	for (unsigned int i = 0; i < 100; i++) {
		uint16_t command = PCI_COMMAND_MEMORY;

		ck_assert_int_eq(hotplug_add_socket(&machine, "nic", path), 0);
		ck_assert(get(0, PCI_EXP_SLTSTA) & PCI_EXP_SLTSTA_PDS);
		ck_assert_uint_ne(below(1), 0xffffffff);
		set_indicator(0, PCI_EXP_SLTCTL_PWR_IND_ON);
		bus_write(&machine.vm.mmio, port_register(0, PCI_COMMAND), &command, 2);
		bus_write(&machine.vm.mmio, base + PCI_COMMAND, &command, 2);
		use_msix(machine.slots.list[0].port->bridge.below[0], base);
		ck_assert_uint_gt(used_gsis(), gsis);
		ck_assert_int_eq(hotplug_del(&machine, "nic"), 0);
		ck_assert_int_eq(hotplug_del(&machine, "nic"), -EBUSY);
		ck_assert(get(0, PCI_EXP_SLTSTA) & PCI_EXP_SLTSTA_ABP);
		set_indicator(0, PCI_EXP_SLTCTL_PWR_IND_OFF);
		wait_deleted("nic");
		ck_assert_uint_eq(below(1), 0xffffffff);
		ck_assert(!(get(0, PCI_EXP_SLTSTA) & PCI_EXP_SLTSTA_PDS));
		ck_assert_uint_eq(used_gsis(), gsis);
		sem_wait(&served); /* its files are this process's, too */
		if (i == 0) {
			files = open_files();
			regions = machine.vm.memory.count;
			listeners = machine.vm.memory.listener_count;
			used = machine.vm.memslot_count;
		}
	}
	ck_assert_uint_eq(open_files(), files);
	ck_assert_uint_eq(machine.vm.memory.count, regions);
	ck_assert_uint_eq(machine.vm.memory.listener_count, listeners);
	ck_assert_uint_eq(machine.vm.memslot_count, used);
	end();
}
END_TEST

/* A guest that does not answer loses the device when its time is over, and this is said. */
START_TEST(by_surprise)
{
	begin(1);
	ck_assert_int_eq(hotplug_add_socket(&machine, "nic", path), 0);
	set_indicator(0, PCI_EXP_SLTCTL_PWR_IND_ON);
	ck_assert_int_eq(hotplug_del(&machine, "nic"), 0);
	machine.hotplug.leaving[0].deadline = 0;
	wait_deleted("nic");
	ck_assert_uint_eq(below(1), 0xffffffff);
	end();
	stderr_holds(&caught, "by surprise");
}
END_TEST

/*
 * A device that left is not closed as long as a vCPU is in the exit that it handled at that time.
 */
START_TEST(a_handler_is_waited_for)
{
	struct vcpu *vcpu = calloc(1, sizeof(*vcpu));

	*vcpu = (struct vcpu){ .vm = &machine.vm, .fd = -1, .stats_fd = -1, .handling = 1 };
	begin(1);
	ck_assert_int_eq(hotplug_add_socket(&machine, "nic", path), 0);
	machine.vm.vcpus = vcpu;
	ck_assert_int_eq(hotplug_del(&machine, "nic"), 0); /* its indicator is off: at once */
	deleted[0] = '\0';
	for (unsigned int i = 0; i < 5; i++) {
		machine.hotplug.timer.ready(machine.hotplug.event.owner, 0);
		machine.hotplug.event.ready(machine.hotplug.event.owner, 0);
	}
	ck_assert_str_eq(deleted, "");
	ck_assert_uint_eq(below(1), 0xffffffff);
	vcpu->handling = 3;  /* the next one already */
	wait_deleted("nic"); /* the vCPU is gone with the run */
	end();
}
END_TEST

static const struct {
	const char *id, *text;
	bool socket;
	int ret;
	const char *words;
} refused[] = {
	{ "nic", NULL, true, -EEXIST, "nic: add a second device of this name" },
	{ "more", NULL, true, -ENOSPC, "no PCIe root port is free" },
	{ "more", "/nowhere/socket", true, -ENOSPC, "no PCIe root port is free" },
	{ "more", "demo", false, -EINVAL, "its server is started before the guest" },
	{ "more", "01:00.0,port=off", false, -EINVAL, "no place for it on the root bus" },
	{ "more", "01:00.0,addr=5", false, -EINVAL, "below a port there is only device 0" },
	{ "more", "01:00.0,nonsense=1", false, -EINVAL, "unknown property" },
	{ "more", "01:00", false, -EINVAL, "expected a PCI address" },
	{ "more", "", true, -EINVAL, "expected the path" },
};

START_TEST(what_cannot_be_added)
{
	const char *text = refused[_i].text ? refused[_i].text : path;

	begin(1);
	ck_assert_int_eq(hotplug_add_socket(&machine, "nic", path), 0);
	ck_assert_int_eq(refused[_i].socket ? hotplug_add_socket(&machine, refused[_i].id, text)
					    : hotplug_add_vfio(&machine, refused[_i].id, text),
			 refused[_i].ret);
	ck_assert_int_eq(hotplug_del(&machine, "more"), -ENOENT);
	end();
	stderr_holds(&caught, refused[_i].words);
}
END_TEST

/* The sandbox would end a machine that opens files, so no file is opened. */
START_TEST(a_confined_machine_refuses)
{
	begin(1);
	machine.sandbox.confined = true;
	ck_assert_int_eq(hotplug_add_socket(&machine, "nic", path), -EPERM);
	ck_assert_int_eq(hotplug_add_vfio(&machine, "nic", "01:00.0"), -EPERM);
	end();
	stderr_holds(&caught, "--ports N");
}
END_TEST

/* A server that is not there takes no slot. */
START_TEST(a_failure_frees_the_slot)
{
	begin(1);
	ck_assert_int_lt(hotplug_add_socket(&machine, "nic", "/nowhere/socket"), 0);
	ck_assert_int_eq(hotplug_add_socket(&machine, "nic", path), 0);
	end();
}
END_TEST

/* The message has both sizes and the option. With more room the same device comes. */
START_TEST(a_device_larger_than_the_room)
{
	struct pci_root_port *port;

	begin(1);
	port = machine.slots.list[0].port;
	pci_root_port_set_room(port, PCI_WINDOW_MEMORY, 1024);
	ck_assert_int_eq(hotplug_add_socket(&machine, "nic", path), -ENOSPC);
	pci_root_port_set_room(port, PCI_WINDOW_MEMORY, PCI_ROOT_PORT_ROOM_MEMORY);
	ck_assert_int_eq(hotplug_add_socket(&machine, "nic", path), 0);
	end();
	stderr_holds(&caught, "nic: its BARs need ");
	stderr_holds(&caught, " KiB below 4 GiB, its root port has room for 1\n");
	stderr_holds(&caught, "fix: minivmm --ports 1,mem-reserve=");
}
END_TEST

static int add_on(const char *bus, const char *more)
{
	char text[128];

	snprintf(text, sizeof(text), "%s,bus=%s%s", path, bus, more);
	return hotplug_add_socket(&machine, "nic", text);
}

/*
 * The device is below the port that it names. A device without a wish leaves ports with names
 * alone.
 */
START_TEST(a_port_by_name)
{
	begin_named(2, 1);
	ck_assert_int_eq(add_on("rp9", ""), -EINVAL);
	ck_assert_int_eq(add_on("rp2", ""), -EINVAL);
	ck_assert_int_eq(add_on("pcie.0", ""), -EINVAL);
	ck_assert_int_eq(add_on("rp1", ",addr=1"), -EINVAL);
	ck_assert_int_eq(add_on("rp1", ",addr=0x0.0x1"), -EINVAL);
	ck_assert_int_eq(add_on("rp1", ",addr=00.0"), 0);
	ck_assert_int_eq(machine.slots.list[0].state, SLOT_FULL);
	ck_assert_uint_ne(below(1), 0xffffffff);
	ck_assert_int_eq(hotplug_add_vfio(&machine, "other", "01:00.0,bus=rp1"), -EBUSY);
	ck_assert_int_eq(hotplug_del(&machine, "nic"), 0);
	wait_deleted("nic");
	sem_wait(&served);
	ck_assert_int_eq(hotplug_add_socket(&machine, "nic", path), 0);
	ck_assert_int_eq(machine.slots.list[2].state, SLOT_FULL);
	end();
	stderr_holds(&caught, "nic: bus=rp9: no root port has this id");
	stderr_holds(&caught, "nic: bus=rp2: the port has hotplug=off");
	stderr_holds(&caught, "nic: cannot be plugged in with bus= of the root bus");
	stderr_holds(&caught, "nic: cannot be plugged in with addr=");
	stderr_holds(&caught, "other: bus=rp1: the port has a device already: nic");
}
END_TEST

/* A named port is as good as any if no other is free. A port without hot-plug is not. */
START_TEST(a_named_port_without_a_wish)
{
	begin_named(2, 0);
	ck_assert_int_eq(hotplug_add_socket(&machine, "nic", path), 0);
	ck_assert_int_eq(machine.slots.list[0].state, SLOT_FULL);
	ck_assert_int_eq(hotplug_add_vfio(&machine, "more", "01:00.0"), -ENOSPC);
	end();
}
END_TEST

/* A device_add here would wait for the server, which has a client already. */
START_TEST(the_same_device_twice)
{
	begin(2);
	ck_assert_int_eq(hotplug_add_socket(&machine, "nic", path), 0);
	ck_assert_int_eq(hotplug_add_socket(&machine, "again", path), -EEXIST);
	end();
	stderr_holds(&caught, "the guest has this device already");
}
END_TEST

/* A guest that stands still cannot answer, so its time does not pass. */
START_TEST(a_paused_guest_is_not_hurried)
{
	begin(1);
	ck_assert_int_eq(hotplug_add_socket(&machine, "nic", path), 0);
	set_indicator(0, PCI_EXP_SLTCTL_PWR_IND_ON);
	machine.vm.paused = true;
	ck_assert_int_eq(hotplug_del(&machine, "nic"), 0);
	machine.hotplug.leaving[0].deadline = 0;
	machine.hotplug.event.ready(machine.hotplug.event.owner, 0);
	ck_assert_int_eq(machine.slots.list[0].state, SLOT_ASKED);
	machine.vm.paused = false;
	set_indicator(0, PCI_EXP_SLTCTL_PWR_IND_OFF);
	wait_deleted("nic");
	end();
	ck_assert_ptr_null(strstr(caught.text, "by surprise"));
}
END_TEST

/* A guest that starts again has let go. */
START_TEST(a_reset_while_it_is_asked)
{
	begin(1);
	ck_assert_int_eq(hotplug_add_socket(&machine, "nic", path), 0);
	set_indicator(0, PCI_EXP_SLTCTL_PWR_IND_ON);
	ck_assert_int_eq(hotplug_del(&machine, "nic"), 0);
	pci_host_reset(&machine.pci_host);
	wait_deleted("nic");
	ck_assert_uint_eq(below(1), 0xffffffff);
	end();
	ck_assert_ptr_null(strstr(caught.text, "by surprise"));
}
END_TEST

UNIT_MAIN("hotplug", { nothing_is_left, 0 }, { by_surprise, 0 }, { a_handler_is_waited_for, 0 },
	  { what_cannot_be_added, UNIT_COUNT(refused) }, { a_confined_machine_refuses, 0 },
	  { a_failure_frees_the_slot, 0 }, { a_device_larger_than_the_room, 0 },
	  { a_port_by_name, 0 }, { a_named_port_without_a_wish, 0 }, { the_same_device_twice, 0 },
	  { a_paused_guest_is_not_hurried, 0 }, { a_reset_while_it_is_asked, 0 })
