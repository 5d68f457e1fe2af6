/* SPDX-License-Identifier: MIT */
#include "machine_parts.h"

#include <string.h>

#include "devices/pci_windows.h"
#include "devices/pm.h"
#include "devices/power.h"
#include "devices/testdev.h"
#include "host_places.h"
#include "machine_state.h"
#include "vmm/cli/options_ports.h"
#include "vmm/trace/log.h"
#include "vmm/trace/trace.h"

int machine_add_ram(struct machine *machine)
{
	const struct config *config = machine->config;
	const unsigned int served = config->user_count + machine->served.count;
	const struct ram_options options = {
		.size = config->memory,
		.huge_page = config->huge_page,
		.node = host_devices_node(&machine->devices),
		/* a device with a server may be plugged in */
		.shared = served + options_free_ports(config) > 0,
		.pinned = config->device_count + config->user_count > 0,
	};

	return ram_add(&machine->ram, &machine->vm.memory, &options);
}

int machine_add_serial(struct machine *machine)
{
	return serial_port_add(&machine->serial, &machine->vm, uefi_machine_starts(&machine->uefi),
			       &console_line, &machine->console);
}

int machine_add_console(struct machine *machine)
{
	const struct config *config = machine->config;
	const char *path = strchr(config->console, ':');
	int ret = console_init(&machine->console, config->console, &machine->vm, &machine->serial,
			       &machine->button);

	return ret < 0 || !path ? ret
				: file_relay_start(&machine->console_relay, machine->console.out_fd,
						   path + 1, !config->no_sandbox);
}

int machine_add_power(struct machine *machine)
{
	int ret = power_init(&machine->vm);

	return ret < 0 ? ret
		       : power_button_add(&machine->button, &machine->vm, machine->config->grace);
}

int machine_add_pci(struct machine *machine)
{
	struct slots *slots = &machine->slots;
	int ret = pci_host_init(&machine->pci_host, &machine->vm);

	slots->room[PCI_WINDOW_MEMORY] = machine->config->port_memory;
	slots->room[PCI_WINDOW_PREFETCHABLE] = machine->config->port_prefetchable;
	return ret < 0 ? ret : slots_open(slots, &machine->pci_host);
}

/* What the user has placed keeps its device number free of all that is placed by itself. */
static void machine_reserve_places(struct machine *machine)
{
	const struct config *config = machine->config;
	struct pci_host *host = &machine->pci_host;

	for (unsigned int i = 0; i < config->named_port_count; i++)
		if (config->named_ports[i].has_devfn)
			pci_host_reserve(host, config->named_ports[i].devfn);
	for (unsigned int i = 0; i < config->device_count; i++)
		if (config->vfio[i].has_devfn && !config->vfio[i].bus)
			pci_host_reserve(host, config->vfio[i].devfn);
	for (unsigned int i = 0; i < config->user_count; i++)
		if (config->users[i].vfio.has_devfn && !config->users[i].vfio.bus)
			pci_host_reserve(host, config->users[i].vfio.devfn);
}

/* Ports that the user describes come before the devices that name them. */
int machine_add_named_ports(struct machine *machine)
{
	const struct config *config = machine->config;
	int ret = 0;

	machine_reserve_places(machine);
	for (unsigned int i = 0; i < config->named_port_count && ret == 0; i++)
		ret = slots_add_port(&machine->slots, &config->named_ports[i]);
	return ret;
}

/* Add the empty ports after the devices, which take ports of their own. */
int machine_add_ports(struct machine *machine)
{
	return slots_add_spare(&machine->slots, machine->config->ports);
}

/*
 * Add a clock against which the guest measures its TSC. KVM tells a guest the TSC's speed, but a
 * guest from which KVM is hidden must measure it, as firmware does.
 */
int machine_add_timer(struct machine *machine)
{
	bool wanted = machine->config->hide_kvm || machine->uefi.kind == UEFI_KERNEL;

	if (!wanted || !arch_layout.pm_timer_port)
		return 0;
	machine->boot.extras.pm_timer = arch_layout.pm_timer_port;
	return pm_add_timer(&machine->vm);
}

int machine_add_firmware(struct machine *machine)
{
	return uefi_machine_add_devices(&machine->uefi, &machine->vm, &machine->pci_host);
}

int machine_open_devices(struct machine *machine)
{
	int ret;

	trace_phase("open devices");
	ret = host_devices_open(&machine->devices, machine->config, &machine->pci_host,
				&machine->ram);
	if (ret < 0)
		return ret;
	for (unsigned int i = 0; i < machine->config->device_count; i++)
		machine->devices.list[i]->function.boot_place = machine->config->place[i];
	return host_places_plug(&machine->devices, &machine->pci_host, &machine->slots);
}

int machine_open_users(struct machine *machine)
{
	return user_devices_open(&machine->users, machine->config, &machine->pci_host,
				 &machine->slots);
}

int machine_open_served(struct machine *machine)
{
	return served_devices_open(&machine->served, &machine->pci_host);
}

int machine_add_command(struct machine *machine)
{
	if (!machine->config->run)
		return 0;
	return virtio_console_add(&machine->pci_host, &machine->command_console);
}

int machine_add_testdev(struct machine *machine)
{
	return machine->config->testdev ? testdev_add(&machine->pci_host) : 0;
}

int machine_assign_bars(struct machine *machine)
{
	return pci_windows_assign_bars(&machine->pci_host);
}

/*
 * Add the ROM of the function that has `x-acpi-rom=on`; options.c has checked that there is at most
 * one.
 */
int machine_add_acpi_rom(struct machine *machine)
{
	const struct config *config = machine->config;
	struct acpi_extras *extras = &machine->boot.extras;

	extras->battery = config->battery;
	for (unsigned int i = 0; i < config->device_count; i++)
		if (config->vfio[i].acpi_rom)
			return acpi_rom_add(&machine->acpi_rom, &machine->vm.memory,
					    config->vfio[i].romfile,
					    &machine->devices.list[i]->function, extras);
	return 0;
}
