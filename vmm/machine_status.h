/* SPDX-License-Identifier: MIT */
/*
 * What minivmm's own end tells of the guest's: the exit status.
 */
#ifndef MINIVMM_MACHINE_STATUS_H
#define MINIVMM_MACHINE_STATUS_H

#include "vmm/core/vm_state.h"

struct machine;

/* Exit status of minivmm, as --help tells it. A signal gives MACHINE_EXIT_SIGNAL + its number. */
enum machine_exit {
	MACHINE_EXIT_POWEROFF = 0,
	MACHINE_EXIT_HOST = 1,
	MACHINE_EXIT_USAGE = 2,
	MACHINE_EXIT_CRASH = 3,
	MACHINE_EXIT_DEVICE_LOST = 4,
	MACHINE_EXIT_SIGNAL = 128,
};

/* That of a run that `event` ended. Says so where a command's guest ended before its command. */
int machine_exit_status(const struct machine *machine, enum vm_event event);

#endif
