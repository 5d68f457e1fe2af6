/* SPDX-License-Identifier: MIT */
/* devices/virtio_console.c: ports, as a driver meets them. */
#include <linux/virtio_config.h>
#include <linux/virtio_console.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <string.h>

#include "devices/pci_windows.h"
#include "devices/virtio_console.h"
#include "devices/virtio_pci.h"
#include "fake_kvm.h"
#include "plain_ram.h"
#include "stderr_text.h"
#include "unit.h"
#include "vmm/core/vm.h"

#define RAM_SIZE (1u << 20)
#define QUEUES   12u
#define SIZE     16u
#define PAGE     4096u
#define READY                                                                                      \
	(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK |      \
	 VIRTIO_CONFIG_S_DRIVER_OK)

/* Queue n has its rings in page 2n of RAM and its buffers, 64 bytes each, in page 2n + 1. */
struct rig {
	struct vm vm;
	struct pci_host host;
	struct virtio_console *console;
	uint64_t bar;
	char *ram;
	uint16_t seen[QUEUES]; /* how many used buffers the driver has looked at */
};

static void bar_write(struct rig *rig, uint64_t offset, unsigned int size, uint64_t value)
{
	bus_write(&rig->vm.mmio, rig->bar + offset, &value, size);
}

static struct vring_avail *available(struct rig *rig, unsigned int queue)
{
	return (void *)(rig->ram + queue * 2 * PAGE + 0x400);
}

static const struct vring_used *used(const struct rig *rig, unsigned int queue)
{
	return (const void *)(rig->ram + queue * 2 * PAGE + 0x800);
}

static char *buffer(struct rig *rig, unsigned int queue, unsigned int n)
{
	return rig->ram + (queue * 2 + 1) * PAGE + n * 64;
}

/* Buffer `n` goes to the device, with `size` bytes in it or, for the device to fill, empty. */
static void offer(struct rig *rig, unsigned int queue, unsigned int n, uint32_t size)
{
	struct vring_desc *table = (void *)(rig->ram + queue * 2 * PAGE);

	table[n] = (struct vring_desc){ (queue * 2 + 1) * PAGE + n * 64, size ? size : 64,
					size ? 0 : VRING_DESC_F_WRITE, 0 };
	available(rig, queue)->ring[available(rig, queue)->idx % SIZE] = (uint16_t)n;
	available(rig, queue)->idx++;
	bar_write(rig, VIRTIO_PCI_NOTIFY + queue * VIRTIO_PCI_NOTIFY_STEP, 2, queue);
}

static void start_queue(struct rig *rig, unsigned int queue)
{
	uint32_t rings = queue * 2 * PAGE;

	bar_write(rig, VIRTIO_PCI_COMMON_Q_SELECT, 2, queue);
	bar_write(rig, VIRTIO_PCI_COMMON_Q_SIZE, 2, SIZE);
	bar_write(rig, VIRTIO_PCI_COMMON_Q_DESCLO, 4, rings);
	bar_write(rig, VIRTIO_PCI_COMMON_Q_AVAILLO, 4, rings + 0x400);
	bar_write(rig, VIRTIO_PCI_COMMON_Q_USEDLO, 4, rings + 0x800);
	bar_write(rig, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
}

static void rig_start(struct rig *rig)
{
	uint64_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

	bus_write(&rig->vm.mmio, arch_layout.ecam.base + (8u << 12) + PCI_COMMAND, &command, 2);
	bar_write(rig, VIRTIO_PCI_COMMON_GFSELECT, 4, 1);
	bar_write(rig, VIRTIO_PCI_COMMON_GF, 4, 1);
	bar_write(rig, VIRTIO_PCI_COMMON_GFSELECT, 4, 0);
	bar_write(rig, VIRTIO_PCI_COMMON_GF, 4, 1u << VIRTIO_CONSOLE_F_MULTIPORT);
	bar_write(rig, VIRTIO_PCI_COMMON_STATUS, 1, READY & ~VIRTIO_CONFIG_S_DRIVER_OK);
	for (unsigned int queue = 0; queue < QUEUES; queue++)
		start_queue(rig, queue);
	bar_write(rig, VIRTIO_PCI_COMMON_STATUS, 1, READY);
	for (unsigned int n = 0; n < SIZE; n++)
		offer(rig, 2, n, 0);
}

static void rig_open(struct rig *rig)
{
	struct stderr_text caught;

	memset(rig, 0, sizeof(*rig));
	fake_kvm_begin();
	stderr_begin(&caught);
	vm_init(&rig->vm, 1, NULL);
	stderr_end(&caught);
	rig->vm.memslot_max = 32;
	ck_assert_int_eq(plain_ram_add(&rig->vm.memory, 0, RAM_SIZE), 0);
	rig->ram = memory_ram_ptr(&rig->vm.memory, 0, RAM_SIZE);
	ck_assert_int_eq(vm_power_up(&rig->vm), 0);
	ck_assert_int_eq(pci_host_init(&rig->host, &rig->vm), 0);
	ck_assert_int_eq(virtio_console_add(&rig->host, &rig->console), 0);
	ck_assert_int_eq(pci_windows_assign_bars(&rig->host), 0);
	rig->bar = rig->host.functions[8]->bars[0].assigned;
}

static void rig_close(struct rig *rig)
{
	pci_host_destroy(&rig->host);
	vm_destroy(&rig->vm);
	fake_kvm_end();
}

/* The driver sends a control message; the console hears it. */
static void tell(struct rig *rig, uint32_t port, uint16_t event, uint16_t value)
{
	const struct virtio_console_control message = { port, event, value };

	memcpy(buffer(rig, 3, 0), &message, sizeof(message));
	offer(rig, 3, 0, sizeof(message));
	virtio_console_serve(rig->console);
}

/* The next control message that the driver got. */
static void expect(struct rig *rig, uint32_t port, uint16_t event, uint16_t value)
{
	uint16_t at = rig->seen[2]++;
	struct virtio_console_control message;

	ck_assert_uint_gt(used(rig, 2)->idx, at);
	ck_assert_uint_eq(used(rig, 2)->ring[at % SIZE].len, sizeof(message));
	memcpy(&message, buffer(rig, 2, used(rig, 2)->ring[at % SIZE].id), sizeof(message));
	ck_assert_uint_eq(message.id, port);
	ck_assert_uint_eq(message.event, event);
	ck_assert_uint_eq(message.value, value);
}

START_TEST(ports_are_agreed_on)
{
	struct rig rig;

	rig_open(&rig);
	rig_start(&rig);
	tell(&rig, 0xffffffff, VIRTIO_CONSOLE_DEVICE_READY, 1);
	for (uint32_t port = 0; port < VIRTIO_CONSOLE_PORTS; port++)
		expect(&rig, port, VIRTIO_CONSOLE_PORT_ADD, 1);
	tell(&rig, 4, VIRTIO_CONSOLE_PORT_READY, 1);
	expect(&rig, 4, VIRTIO_CONSOLE_PORT_OPEN, 1);
	ck_assert(!virtio_console_is_open(rig.console, 4));
	tell(&rig, 4, VIRTIO_CONSOLE_PORT_OPEN, 1);
	ck_assert(virtio_console_is_open(rig.console, 4));
	tell(&rig, 4, VIRTIO_CONSOLE_PORT_OPEN, 0);
	ck_assert(!virtio_console_is_open(rig.console, 4));
	/* Ports that do not exist, events nobody knows. */
	tell(&rig, VIRTIO_CONSOLE_PORTS, VIRTIO_CONSOLE_PORT_READY, 1);
	tell(&rig, 0xffffffff, VIRTIO_CONSOLE_PORT_OPEN, 1);
	tell(&rig, 0, 0x1234, 1);
	ck_assert_uint_eq(used(&rig, 2)->idx, rig.seen[2]);
	rig_close(&rig);
}
END_TEST

START_TEST(bytes_both_ways)
{
	unsigned int port = (unsigned int)_i, queue = port ? 2 * port + 2 : 0;
	struct pollfd file;
	struct rig rig;
	char text[8] = "";

	rig_open(&rig);
	rig_start(&rig);
	file = (struct pollfd){ .fd = virtio_console_fd(rig.console), .events = POLLIN };
	virtio_console_serve(rig.console);
	ck_assert_int_eq(poll(&file, 1, 0), 0);
	strcpy(buffer(&rig, queue + 1, 0), "hello");
	offer(&rig, queue + 1, 0, 5);
	ck_assert_int_eq(poll(&file, 1, 0), 1);
	ck_assert_uint_eq(virtio_console_read(rig.console, port, text, sizeof(text)), 5);
	ck_assert_str_eq(text, "hello");
	/* To a port that no program has opened nothing goes. */
	offer(&rig, queue, 0, 0);
	offer(&rig, queue, 1, 0);
	ck_assert_uint_eq(virtio_console_write(rig.console, port, "abc", 3), 0);
	tell(&rig, port, VIRTIO_CONSOLE_PORT_OPEN, 1);
	ck_assert_uint_eq(virtio_console_write(rig.console, port, "abc", 3), 3);
	ck_assert_mem_eq(buffer(&rig, queue, 0), "abc", 3);
	/* As much as fits into one buffer, and no more. */
	ck_assert_uint_eq(virtio_console_write(rig.console, port, rig.ram, 100), 64);
	ck_assert_uint_eq(virtio_console_write(rig.console, port, "abc", 3), 0);
	rig_close(&rig);
}
END_TEST

/* A driver that goes takes its ports along; the next one starts anew. */
START_TEST(driver_comes_and_goes)
{
	struct rig rig;
	char byte;

	rig_open(&rig);
	ck_assert_uint_eq(virtio_console_read(rig.console, 0, &byte, 1), 0);
	for (unsigned int i = 0; i < 2; i++) {
		memset(rig.ram, 0, RAM_SIZE);
		memset(rig.seen, 0, sizeof(rig.seen));
		rig_start(&rig);
		tell(&rig, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
		expect(&rig, 0, VIRTIO_CONSOLE_PORT_ADD, 1);
		tell(&rig, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
		ck_assert(virtio_console_is_open(rig.console, 1));
		pci_host_reset(&rig.host);
		ck_assert(!virtio_console_is_open(rig.console, 1));
		ck_assert_uint_eq(virtio_console_write(rig.console, 1, "a", 1), 0);
		virtio_console_serve(rig.console);
	}
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("virtio_console", { ports_are_agreed_on, 0 }, { bytes_both_ways, VIRTIO_CONSOLE_PORTS },
	  { driver_comes_and_goes, 0 })
