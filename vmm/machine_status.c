/* SPDX-License-Identifier: MIT */
#include "machine_status.h"

#include "guests/command_ports.h"
#include "machine_state.h"
#include "vmm/trace/log.h"

/*
 * The command's own status, if it has one, whatever happened to the guest after that. Lost output
 * is a failure.
 */
static int machine_command_status(const struct machine *machine, enum vm_event event)
{
	int status = machine->streams.status;

	if (status == 0 && machine->streams.lost)
		return COMMAND_STATUS_FAILED;
	if (status >= 0)
		return status;
	if (event == VM_EVENT_POWEROFF || event == VM_EVENT_RESET || event == VM_EVENT_CRASH) {
		log_error("command", "the guest ended before it reported a status");
		log_fix("minivmm --console file:PATH ...   # what the guest's kernel says");
	}
	return COMMAND_STATUS_FAILED;
}

int machine_exit_status(const struct machine *machine, enum vm_event event)
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
