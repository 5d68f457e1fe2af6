/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "acpi_rom.h"
#include "console.h"
#include "command_guest.h"
#include "command_streams.h"
#include "curves.h"
#include "default_guest.h"
#include "devices/pci_host.h"
#include "devices/pci_windows.h"
#include "devices/pm.h"
#include "devices/power.h"
#include "devices/serial.h"
#include "devices/testdev.h"
#include "firmware/boot.h"
#include "guests/command_ports.h"
#include "host_devices.h"
#include "served_devices.h"
#include "stats.h"
#include "uefi_machine.h"
#include "user_devices.h"
#include "vfio/host/check/host_doctor.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"
#include "guest_ram.h"
#include "vmm/trace/trace.h"

#define MACHINE_STACK_SIZE (256u << 10)

struct machine {
	const struct config *config;
	struct vm vm;
	struct curves curves;
	struct console console;
	struct serial serial;
	struct pci_host pci_host;
	struct ram ram;
	struct host_devices devices;
	struct user_devices users;
	struct served_devices served;
	struct command_guest command;
	struct command_streams streams;
	struct virtio_console *command_console; /* the bus's */
	struct default_guest guest;
	struct uefi_machine uefi;
	struct acpi_rom acpi_rom;
	struct boot_config boot;
	struct loop_source signals;
	int signal; /* the one that ended the run, or 0 */
};

struct host_demand machine_host_demand(const struct config *config)
{
	return (struct host_demand){
		.memory = config->memory,
		.huge_page = ram_huge_page(config->huge_page),
		.memory_end = ram_end(config->memory),
		.mmio32 = arch_layout.pci_mmio32.size,
		.ports = arch_layout.pci_io.size,
		.phys_bits = arch_gpa_bits(),
		.access = config->access,
		.iommu_given = config->has_iommufd_fd,
	};
}

/* 0 or -errno, logged. */
typedef int (*machine_step)(struct machine *machine);

/* One after the other; none after one that failed. */
static int machine_take_steps(struct machine *machine, const machine_step *steps, size_t count)
{
	int ret = 0;

	for (size_t i = 0; i < count && ret == 0; i++)
		ret = steps[i](machine);
	return ret;
}

/* ---- before anything is built: what can go wrong is found first ---- */

static int machine_open_file(const char *path, const char *what, int *fd)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? log_errno(path, -errno, "open the %s", what) : 0;
}

static int machine_open_default_guest(struct machine *machine)
{
	const struct default_guest_order order = {
		.config = machine->config,
		.devices = machine->devices.found,
		.command = machine->config->run ? &machine->command : NULL,
	};
	int ret = 0;

	if (order.command) {
		command_streams_find_terminal(&machine->streams);
		ret = command_guest_init(&machine->command, machine->config, &machine->streams,
					 machine->served.has_root);
	}
	if (ret == 0)
		ret = default_guest_open(&machine->guest, &order, &machine->boot);
	command_guest_destroy(&machine->command);
	return ret;
}

static int machine_open_firmware(struct machine *machine)
{
	const struct config *config = machine->config;
	struct boot_config *boot = &machine->boot;
	int ret = machine_open_file(config->firmware, "firmware", &boot->kernel_fd);

	boot->kernel_name = config->firmware;
	return ret < 0 ? ret : uefi_machine_open(&machine->uefi, boot, true, config->vars);
}

static int machine_open_images(struct machine *machine)
{
	const struct config *config = machine->config;
	struct boot_config *boot = &machine->boot;
	int ret;

	boot->cpus = config->cpus;
	boot->dtb_name = config->dump_dtb;
	boot->kernel_name = config->kernel;
	boot->initrd_name = config->initrd;
	boot->cmdline = config->append ? config->append : "console=ttyS0";
	if (config->firmware)
		return machine_open_firmware(machine);
	if (!config->kernel || config->run)
		return machine_open_default_guest(machine);
	ret = machine_open_file(config->kernel, "kernel", &boot->kernel_fd);
	if (ret == 0 && config->initrd)
		ret = machine_open_file(config->initrd, "initrd", &boot->initrd_fd);
	return ret < 0 ? ret : uefi_machine_open(&machine->uefi, boot, false, NULL);
}

/* ---- build ---- */

static int machine_add_ram(struct machine *machine)
{
	const struct config *config = machine->config;
	const unsigned int served = config->user_count + machine->served.count;
	const struct ram_options options = {
		.size = config->memory,
		.huge_page = config->huge_page,
		.node = host_devices_node(&machine->devices),
		.shared = served > 0,
		.pinned = config->device_count + config->user_count > 0,
	};

	return ram_add(&machine->ram, &machine->vm.memory, &options);
}

static int machine_add_serial(struct machine *machine)
{
	struct bus *bus = arch_layout.serial_port ? &machine->vm.pio : &machine->vm.mmio;
	struct bus_region region = { arch_layout.serial_port, SERIAL_PORTS, &serial_ops,
				     &machine->serial };
	int ret;

	if (!arch_layout.serial_port)
		region.base = arch_layout.serial_mmio;

	serial_init(&machine->serial, &machine->vm.irq, arch_layout.serial_gsi, &console_line,
		    &machine->console);
	ret = bus_add_region(bus, &region);
	return ret < 0 ? log_errno("serial port", ret, "place its registers") : 0;
}

/* What else is wrong with the host may be why; returns err. */
static int machine_explain(const struct machine *machine, int err)
{
	const struct host_demand demand = machine_host_demand(machine->config);

	host_explain_failure(machine->devices.found, machine->config->device_count, &demand);
	return err;
}

/* Each vector of each device is a file of ours: as many as may be. */
static void machine_raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int machine_init_vm(struct machine *machine)
{
	const struct config *config = machine->config;
	int ret;

	if (config->device_count + config->user_count + machine->served.count)
		machine_raise_files();
	ret = vm_init(&machine->vm, config->cpus,
		      config->pinned.count ? config->pinned.cpus : NULL);
	machine->vm.hide_kvm = config->hide_kvm;
	return ret;
}

static int machine_power_up(struct machine *machine)
{
	return vm_power_up(&machine->vm);
}

static int machine_add_console(struct machine *machine)
{
	return console_init(&machine->console, machine->config->console, &machine->vm,
			    &machine->serial);
}

static int machine_add_power(struct machine *machine)
{
	return power_init(&machine->vm);
}

static int machine_add_pci(struct machine *machine)
{
	return pci_host_init(&machine->pci_host, &machine->vm);
}

/*
 * A clock against which the guest measures its TSC. KVM tells a guest how fast that is. A guest
 * that does not know of KVM measures, as firmware does.
 */
static int machine_add_timer(struct machine *machine)
{
	bool wanted = machine->config->hide_kvm || machine->uefi.kind == UEFI_KERNEL;

	if (!wanted || !arch_layout.pm_timer_port)
		return 0;
	machine->boot.extras.pm_timer = arch_layout.pm_timer_port;
	return pm_add_timer(&machine->vm);
}

static int machine_add_firmware(struct machine *machine)
{
	return uefi_machine_add_devices(&machine->uefi, &machine->vm, &machine->pci_host);
}

static int machine_open_devices(struct machine *machine)
{
	trace_phase("open devices");
	return host_devices_open(&machine->devices, machine->config, &machine->pci_host,
				 &machine->ram);
}

static int machine_open_users(struct machine *machine)
{
	return user_devices_open(&machine->users, machine->config, &machine->pci_host);
}

static int machine_open_served(struct machine *machine)
{
	return served_devices_open(&machine->served, &machine->pci_host);
}

static int machine_add_command(struct machine *machine)
{
	if (!machine->config->run)
		return 0;
	return virtio_console_add(&machine->pci_host, &machine->command_console);
}

static int machine_add_testdev(struct machine *machine)
{
	return machine->config->testdev ? testdev_add(&machine->pci_host) : 0;
}

static int machine_assign_bars(struct machine *machine)
{
	return pci_windows_assign_bars(&machine->pci_host);
}

/*
 * The function that `x-acpi-rom=on` was said of; options.c has seen to it that it is one at most.
 */
static int machine_add_acpi_rom(struct machine *machine)
{
	const struct config *config = machine->config;
	struct acpi_extras *extras = &machine->boot.extras;

	extras->battery = config->battery;
	for (unsigned int i = 0; i < config->device_count; i++)
		if (config->vfio[i].acpi_rom)
			return acpi_rom_add(&machine->acpi_rom, &machine->vm.memory,
					    config->vfio[i].romfile,
					    machine->devices.list[i]->function.devfn, extras);
	return 0;
}

static int machine_describe(struct machine *machine)
{
	return uefi_machine_describe(&machine->uefi, &machine->boot);
}

/* Devices of this host have waited for it already: a server's has not. */
static int machine_wait_for_ram(struct machine *machine)
{
	return ram_wait(&machine->ram);
}

static int machine_build(struct machine *machine)
{
	static const machine_step steps[] = {
		machine_init_vm,      machine_add_ram,     machine_power_up,
		machine_add_serial,   machine_add_console, machine_add_power,
		machine_add_pci,      machine_add_timer,   machine_add_firmware,
		machine_open_devices, machine_open_users,  machine_open_served,
		machine_add_command,  machine_add_testdev, machine_assign_bars,
		machine_add_acpi_rom, machine_describe,    machine_wait_for_ram,
	};
	int ret;

	trace_phase("build the machine");
	ret = machine_take_steps(machine, steps, array_size(steps));
	return ret < 0 ? machine_explain(machine, ret) : 0;
}

/* ---- run ---- */

static void machine_signalled(void *owner, uint32_t events)
{
	struct machine *machine = owner;
	struct signalfd_siginfo info;

	(void)events;
	if (read(machine->signals.fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCONT) {
		console_start(&machine->console);
		return;
	}
	machine->signal = (int)info.ssi_signo;
	vm_post(&machine->vm, VM_EVENT_QUIT);
}

void machine_block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGQUIT);
	pthread_sigmask(SIG_BLOCK, set, NULL);
}

/* From here on a signal is an event of the main loop, so that everything is taken down in order. */
static int machine_catch_signals(struct machine *machine)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGTTOU, SIG_IGN); /* a mode that is set for the wrong job is no reason to stop */
	machine_block_signals(&set);
	sigaddset(&set, SIGCONT); /* it continues us all the same */
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	machine->signals = (struct loop_source){ signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
						 machine_signalled, machine };
	if (machine->signals.fd < 0)
		return log_errno("machine", -errno, "signalfd");
	return loop_add(&machine->vm.loop, &machine->signals);
}

static int machine_load_kernel(struct machine *machine)
{
	if (uefi_machine_starts(&machine->uefi)) {
		machine->vm.entry = (struct arch_entry){ .power_on = true };
		return 0;
	}
	trace_phase("load the kernel");
	machine->boot.pci_mmio64 = machine->pci_host.mmio64;
	machine->boot.pmu = machine->vm.pmu;
	return boot_load(&machine->boot, &machine->vm.memory, &machine->vm.entry);
}

static int machine_create_vcpus(struct machine *machine)
{
	return vm_create_vcpus(&machine->vm);
}

static int machine_power_devices_on(struct machine *machine)
{
	return host_devices_power_on(&machine->devices);
}

static int machine_power_users_on(struct machine *machine)
{
	return user_devices_power_on(&machine->users);
}

static int machine_let_run(struct machine *machine)
{
	int ret = vm_start(&machine->vm);

	if (ret < 0)
		return ret;
	curves_start(&machine->curves, &machine->vm);
	trace_phase(STATS_RUN_PHASE);
	return 0;
}

/* Power on: the guest gets its kernel, devices their interrupt lines, and the vCPUs run. */
static int machine_start(struct machine *machine)
{
	static const machine_step steps[] = {
		machine_load_kernel,    machine_create_vcpus, machine_power_devices_on,
		machine_power_users_on, machine_let_run,
	};

	return machine_take_steps(machine, steps, array_size(steps));
}

/* The guest pressed reset. Devices first, while the old VM still holds their interrupts. */
static int machine_reset(struct machine *machine)
{
	int ret;

	trace_phase("reset");
	pci_host_reset(&machine->pci_host);
	host_devices_power_off(&machine->devices);
	vm_power_down(&machine->vm);
	ret = vm_power_up(&machine->vm);
	if (ret < 0)
		return ret;
	serial_reset(&machine->serial);
	ret = uefi_machine_reset(&machine->uefi);
	return ret < 0 ? ret : machine_start(machine);
}

/* Start the guest as often as it wants to be; returns the event that ended it for good. */
static enum vm_event machine_loop(struct machine *machine)
{
	enum vm_event event = VM_EVENT_RESET;
	int ret = machine_start(machine);

	while (ret == 0) {
		event = vm_wait(&machine->vm);
		curves_stop(&machine->curves);
		if (event != VM_EVENT_RESET || machine->config->no_reboot)
			return event;
		ret = machine_reset(machine);
	}
	return VM_EVENT_ERROR;
}

/* Its own, if it has one, whatever became of the guest after that. What was lost is no success. */
static int machine_command_status(const struct machine *machine, enum vm_event event)
{
	int status = machine->streams.status;

	if (status == 0 && machine->streams.lost)
		return COMMAND_STATUS_FAILED;
	if (status >= 0)
		return status;
	if (event == VM_EVENT_POWEROFF || event == VM_EVENT_RESET || event == VM_EVENT_CRASH) {
		log_error("command", "the guest ended before it told a status");
		log_fix("minivmm --console file:PATH ...   # what the guest's kernel says");
	}
	return COMMAND_STATUS_FAILED;
}

static int machine_exit_status(const struct machine *machine, enum vm_event event)
{
	if (machine->signal && event == VM_EVENT_QUIT)
		return MACHINE_EXIT_SIGNAL + machine->signal;
	if (machine->config->run)
		return machine_command_status(machine, event);
	switch (event) {
	case VM_EVENT_POWEROFF:
	case VM_EVENT_RESET:
	case VM_EVENT_QUIT:
		return machine->console.lost ? MACHINE_EXIT_HOST : MACHINE_EXIT_POWEROFF;
	case VM_EVENT_CRASH:
		return MACHINE_EXIT_CRASH;
	case VM_EVENT_DEVICE_LOST:
		return MACHINE_EXIT_DEVICE_LOST;
	default:
		return MACHINE_EXIT_HOST;
	}
}

/* ---- destroy: backwards, and from any half-built state ---- */

static void machine_destroy(struct machine *machine)
{
	ram_cancel(&machine->ram);
	user_devices_hurry(&machine->users);
	vm_stop(&machine->vm);
	command_streams_stop(&machine->streams);
	host_devices_stop(&machine->devices);
	user_devices_stop(&machine->users);
	pci_host_destroy(&machine->pci_host);
	uefi_machine_destroy(&machine->uefi);
	acpi_rom_destroy(&machine->acpi_rom);
	host_devices_close(&machine->devices);
	user_devices_close(&machine->users);
	served_devices_close(&machine->served);
	console_destroy(&machine->console);
	serial_destroy(&machine->serial);
	if (machine->config->stats) {
		ram_print(&machine->ram, &machine->vm.memory, stderr);
		stats_print(&machine->vm);
	}
	vm_destroy(&machine->vm);
	if (machine->signals.fd >= 0)
		close(machine->signals.fd);
	if (machine->boot.kernel_fd >= 0)
		close(machine->boot.kernel_fd);
	if (machine->boot.initrd_fd >= 0)
		close(machine->boot.initrd_fd);
	free(machine);
}

static struct machine *machine_new(const struct config *config)
{
	struct machine *machine = calloc(1, sizeof(*machine));

	if (!machine)
		return NULL;
	machine->config = config;
	machine->vm.fd = machine->vm.kvm_fd = machine->vm.vfio_fd = -1;
	machine->vm.event_source.fd = machine->vm.loop.epoll_fd = -1;
	machine->signals.fd = -1;
	machine->boot.kernel_fd = machine->boot.initrd_fd = -1;
	command_streams_init(&machine->streams);
	uefi_machine_init(&machine->uefi);
	return machine;
}

/*
 * Threads get a stack too small for a huge page: of the default one the kernel may back 2 MiB at
 * the first touch, depending on where it happens to lie.
 */
static void machine_limit_stacks(void)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	if (pthread_attr_setstacksize(&attr, MACHINE_STACK_SIZE) == 0)
		pthread_setattr_default_np(&attr);
	pthread_attr_destroy(&attr);
}

static int machine_find_devices(struct machine *machine)
{
	const struct host_demand demand = machine_host_demand(machine->config);

	trace_phase("check the host");
	return host_devices_find(&machine->devices, machine->config, &demand);
}

/* RAM that has all its pages from the start, or that comes from a pool, must be there. */
static int machine_check_room(struct machine *machine)
{
	const struct config *config = machine->config;
	const struct host_demand demand = machine_host_demand(config);

	if (config->device_count + config->user_count == 0 && !demand.huge_page)
		return 0;
	return host_check_room(&demand);
}

static int machine_prepare_users(struct machine *machine)
{
	return user_devices_prepare(&machine->users, machine->config);
}

static int machine_prepare_served(struct machine *machine)
{
	return served_devices_prepare(&machine->served, machine->config);
}

static int machine_start_console(struct machine *machine)
{
	return console_start(&machine->console);
}

static int machine_start_command(struct machine *machine)
{
	if (!machine->config->run)
		return 0;
	return command_streams_start(&machine->streams, machine->command_console);
}

int machine_run(const struct config *config)
{
	static const machine_step steps[] = {
		machine_find_devices,   machine_check_room,    machine_prepare_users,
		machine_prepare_served, machine_open_images,   machine_build,
		machine_catch_signals,  machine_start_console, machine_start_command,
	};
	struct machine *machine = machine_new(config);
	enum vm_event event = VM_EVENT_ERROR;
	int status;

	if (!machine)
		return config->run ? COMMAND_STATUS_FAILED : MACHINE_EXIT_HOST;
	machine_limit_stacks();
	if (trace_open(&config->trace) == 0 &&
	    machine_take_steps(machine, steps, array_size(steps)) == 0)
		event = machine_loop(machine);
	status = machine_exit_status(machine, event);
	trace_phase("take it down");
	machine_destroy(machine);
	trace_close();
	return status;
}
