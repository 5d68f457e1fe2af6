/* SPDX-License-Identifier: MIT */
/* The exit status of minivmm, which says how the guest ended. */
#ifndef MINIVMM_MACHINE_STATUS_H
#define MINIVMM_MACHINE_STATUS_H

#include "vmm/core/vm_state.h"

struct machine;

/* The exit status, as --help describes it. A signal gives MACHINE_EXIT_SIGNAL + its number. */
enum machine_exit {
	MACHINE_EXIT_POWEROFF = 0,
	MACHINE_EXIT_HOST = 1,
	MACHINE_EXIT_USAGE = 2,
	MACHINE_EXIT_CRASH = 3,
	MACHINE_EXIT_DEVICE_LOST = 4,
	MACHINE_EXIT_SIGNAL = 128,
};

/*
 * The status of a run that `event` ended. Logs an error if a command's guest ended before its
 * command.
 */
int machine_exit_status(const struct machine *machine, enum vm_event event);

#endif
