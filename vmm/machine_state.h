/* SPDX-License-Identifier: MIT */
/*
 * What a machine consists of.
 *
 * Only the files machine*.c know this struct, and each of them has one subject. Every part is a
 * struct with functions of its own. machine.c makes and destroys them, in one order.
 */
#ifndef MINIVMM_MACHINE_STATE_H
#define MINIVMM_MACHINE_STATE_H

#include "acpi_rom.h"
#include "command_guest.h"
#include "command_streams.h"
#include "console.h"
#include "curves.h"
#include "default_guest.h"
#include "device_opener.h"
#include "devices/pci_host.h"
#include "devices/virtio_console.h"
#include "file_writer.h"
#include "firmware/boot.h"
#include "guest_ram.h"
#include "host_devices.h"
#include "hotplug_state.h"
#include "power_button.h"
#include "qmp_server.h"
#include "sandbox/sandbox.h"
#include "serial_port.h"
#include "served_devices.h"
#include "slots.h"
#include "uefi_machine.h"
#include "user_devices.h"
#include "vmm/cli/config.h"
#include "vmm/core/vm.h"

struct machine {
	const struct config *config;
	struct host_demand demand; /* what a device must fulfil; found out before it is confined */
	struct sandbox sandbox;
	struct device_opener opener;
	struct vm vm;
	struct curves curves;
	struct console console;
	struct file_relay console_relay; /* for the file of --console file:PATH */
	struct serial_port serial;
	struct power_button button;
	struct pci_host pci_host;
	struct ram ram;
	struct slots slots;
	struct hotplug hotplug;
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
	struct qmp_server qmp;
	struct hotplug_watcher watcher;
	const char *qmp_wants; /* the reset or end that a client of QMP has asked for, or NULL */
	int signal;            /* the last one that asked for an end, or 0 */
	bool hurried;          /* it ends: no server is waited for as long as before */
};

#endif
