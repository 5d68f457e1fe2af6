/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "guests/command_ports.h"
#include "file_writer.h"
#include "hotplug.h"
#include "machine_host.h"
#include "machine_images.h"
#include "machine_parts.h"
#include "machine_qmp.h"
#include "machine_sandbox.h"
#include "machine_signals.h"
#include "machine_state.h"
#include "stats.h"
#include "vmm/cli/options_ports.h"
#include "vmm/base/patient_stream.h"
#include "vmm/base/pending_signal.h"
#include "vmm/trace/log_limit.h"
#include "vmm/trace/macros.h"
#include "vmm/trace/trace.h"

#define MACHINE_STACK_SIZE (256u << 10)
#define MACHINE_ARENAS     8

/* 0 or -errno, logged. */
typedef int (*machine_step)(struct machine *machine);

/* Take the steps one after the other, and stop at the first that fails. */
static int machine_take_steps(struct machine *machine, const machine_step *steps, size_t count)
{
	int ret = 0;

	for (size_t i = 0; i < count && ret == 0; i++)
		ret = steps[i](machine);
	return ret;
}

/* ---- build ---- */

static int machine_init_vm(struct machine *machine)
{
	const struct config *config = machine->config;
	int ret;

	if (config->device_count + config->user_count + machine->served.count +
	    options_free_ports(config))
		machine_raise_files();
	ret = vm_init(&machine->vm, config->cpus,
		      config->pinned.count ? config->pinned.cpus : NULL);
	machine->vm.hide_kvm = config->hide_kvm;
	machine->vm.guard = sandbox_guard(&machine->sandbox);
	return ret;
}

static int machine_power_up(struct machine *machine)
{
	return vm_power_up(&machine->vm);
}

static int machine_describe(struct machine *machine)
{
	return uefi_machine_describe(&machine->uefi, &machine->boot);
}

/* Devices of this host have already waited for RAM; those of a server have not. */
static int machine_wait_for_ram(struct machine *machine)
{
	return ram_wait(&machine->ram);
}

static int machine_build(struct machine *machine)
{
	static const machine_step steps[] = {
		machine_init_vm,         machine_add_ram,      machine_power_up,
		machine_add_serial,      machine_add_console,  machine_add_power,
		machine_add_pci,         machine_add_timer,    machine_add_firmware,
		machine_add_named_ports, machine_open_devices, machine_open_users,
		machine_add_ports,       machine_open_served,  machine_add_command,
		machine_add_testdev,     machine_assign_bars,  hotplug_open,
		machine_add_acpi_rom,    machine_describe,     machine_wait_for_ram,
	};
	int ret;

	trace_phase("build the machine");
	ret = machine_take_steps(machine, steps, array_size(steps));
	return ret < 0 ? machine_explain(machine, ret) : 0;
}

/* ---- run ---- */

static int machine_load_kernel(struct machine *machine)
{
	int ret;

	machine->boot.pci_mmio64 = machine->pci_host.mmio64;
	machine->boot.pci_buses = pci_host_buses(&machine->pci_host);
	machine->boot.pmu = machine->vm.pmu;
	if (uefi_machine_starts(&machine->uefi)) {
		ret = boot_load_firmware(&machine->boot, &machine->vm.memory, &machine->vm.entry);
	} else {
		trace_phase("load the kernel");
		ret = boot_load(&machine->boot, &machine->vm.memory, &machine->vm.entry);
	}
	machine->boot.dtb_name = NULL; /* written once, because no file can be opened at a reboot */
	return ret;
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
	int ret;

	log_limit(true);
	ret = vm_start(&machine->vm);
	if (ret < 0)
		return ret;
	curves_start(&machine->curves, &machine->vm);
	trace_phase(STATS_RUN_PHASE);
	return 0;
}

/* Power on: load the kernel, give devices their interrupt lines, and run the vCPUs. */
static int machine_start(struct machine *machine)
{
	static const machine_step steps[] = {
		machine_load_kernel,      machine_confine,        machine_create_vcpus,
		machine_power_devices_on, machine_power_users_on, machine_let_run,
	};

	return machine_take_steps(machine, steps, array_size(steps));
}

/*
 * The guest asked for a reset. Devices are reset first, while the old VM still holds their
 * interrupts.
 */
static int machine_reset(struct machine *machine)
{
	int ret;

	trace_phase("reset");
	pci_host_reset(&machine->pci_host);
	host_devices_power_off(&machine->devices);
	power_button_reset(&machine->button);
	vm_power_down(&machine->vm);
	ret = vm_power_up(&machine->vm);
	if (ret < 0)
		return ret;
	serial_port_reset(&machine->serial);
	ret = uefi_machine_reset(&machine->uefi);
	return ret < 0 ? ret : machine_start(machine);
}

/* It ends: a vCPU may wait for a server, and then whoever stops the vCPUs does. Idempotent. */
static void machine_hurry(struct machine *machine)
{
	patient_stream_hurry();
	uefi_machine_hurry(&machine->uefi);
	if (!machine->hurried) {
		user_devices_hurry(&machine->users);
		served_devices_hurry(&machine->served);
	}
	machine->hurried = true;
}

/* A guest that was asked to power off has ended in good order when it resets. */
static bool machine_starts_again(const struct machine *machine, enum vm_event event)
{
	return event == VM_EVENT_RESET && !machine->config->no_reboot &&
	       !power_button_asked(&machine->button);
}

/* Start the guest again after each reset; returns the event that ended it for good. */
static enum vm_event machine_loop(struct machine *machine)
{
	enum vm_event event = VM_EVENT_RESET;
	int ret = machine_start(machine);

	while (ret == 0) {
		vm_serve(&machine->vm);
		if (!machine_starts_again(machine, machine->vm.event))
			machine_hurry(machine);
		event = vm_wait(&machine->vm);
		curves_stop(&machine->curves);
		if (!machine_starts_again(machine, event))
			return event;
		machine_tell_reset(machine);
		ret = machine_reset(machine);
	}
	return VM_EVENT_ERROR;
}

/* ---- destroy: backwards, and from any half-built state ---- */

static void machine_destroy(struct machine *machine)
{
	pending_end_watch(NULL, NULL);
	ram_cancel(&machine->ram);
	machine_hurry(machine);
	vm_stop(&machine->vm);
	log_limit(false);
	machine_close_qmp(machine);
	command_streams_stop(&machine->streams);
	host_devices_stop(&machine->devices);
	user_devices_stop(&machine->users);
	pci_host_destroy(&machine->pci_host);
	uefi_machine_destroy(&machine->uefi);
	acpi_rom_destroy(&machine->acpi_rom);
	host_devices_close(&machine->devices);
	user_devices_close(&machine->users);
	hotplug_destroy(&machine->hotplug);
	slots_destroy(&machine->slots);
	served_devices_close(&machine->served);
	console_destroy(&machine->console);
	file_relay_finish(&machine->console_relay);
	serial_port_destroy(&machine->serial);
	power_button_destroy(&machine->button);
	if (machine->config->stats) {
		ram_print(&machine->ram, &machine->vm.memory, stderr);
		stats_print(&machine->vm);
		sandbox_print(&machine->sandbox, stderr);
	}
	vm_destroy(&machine->vm);
	device_opener_stop(&machine->opener);
	sandbox_destroy(&machine->sandbox);
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
	slots_init(&machine->slots);
	hotplug_init(&machine->hotplug);
	uefi_machine_init(&machine->uefi);
	return machine;
}

/*
 * Threads get a stack that is too small for a huge page. The kernel may otherwise back 2 MiB of a
 * default stack at the first touch, depending on its address. The heap gets a fixed number of
 * arenas: for its own choice, malloc() opens a file to count the host's CPUs as soon as a ninth
 * thread asks, and a confined thread may not.
 */
static void machine_limit_threads(void)
{
	pthread_attr_t attr;

	mallopt(M_ARENA_MAX, MACHINE_ARENAS);
	pthread_attr_init(&attr);
	if (pthread_attr_setstacksize(&attr, MACHINE_STACK_SIZE) == 0)
		pthread_setattr_default_np(&attr);
	pthread_attr_destroy(&attr);
}

static int machine_prepare_users(struct machine *machine)
{
	return user_devices_prepare(&machine->users, machine->config,
				    sandbox_guard(&machine->sandbox));
}

static int machine_prepare_served(struct machine *machine)
{
	return served_devices_prepare(&machine->served, machine->config, &machine->sandbox);
}

static int machine_start_vars_keeper(struct machine *machine)
{
	return uefi_machine_start_keeper(&machine->uefi, machine->sandbox.on);
}

static int machine_start_console(struct machine *machine)
{
	pending_end_watch(console_asks_end, &machine->console);
	pending_end_peek(console_peeks_end);
	return console_start(&machine->console);
}

static int machine_start_command(struct machine *machine)
{
	if (!machine->config->run)
		return 0;
	return command_streams_start(&machine->streams, machine->command_console,
				     sandbox_guard(&machine->sandbox));
}

/* What failed did so because of that: a server that did not answer was not waited for. */
static bool machine_is_asked_to_end(struct machine *machine)
{
	return machine_take_signal(machine) || machine->vm.event == VM_EVENT_QUIT;
}

int machine_run(const struct config *config)
{
	static const machine_step steps[] = {
		machine_find_devices,  machine_check_room,        machine_prepare_sandbox,
		machine_prepare_users, machine_prepare_served,    machine_open_images,
		machine_build,         machine_start_vars_keeper, machine_catch_signals,
		machine_open_qmp,      machine_start_console,     machine_start_command,
	};
	struct machine *machine = machine_new(config);
	enum vm_event event = VM_EVENT_ERROR;
	struct file_relay trace = { .pid = 0 };
	int status;

	if (!machine)
		return config->run ? COMMAND_STATUS_FAILED : MACHINE_EXIT_HOST;
	machine_limit_threads();
	if (trace_open(&config->trace) == 0 &&
	    file_relay_start(&trace, trace_file(), config->trace.file, !config->no_sandbox) == 0 &&
	    machine_take_steps(machine, steps, array_size(steps)) == 0)
		event = machine_loop(machine);
	if (event == VM_EVENT_ERROR && machine_is_asked_to_end(machine))
		event = VM_EVENT_QUIT;
	machine_tell_end(machine, event);
	status = machine_exit_status(machine, event);
	trace_phase("take it down");
	machine_destroy(machine);
	trace_close();
	file_relay_finish(&trace);
	return status;
}
