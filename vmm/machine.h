/* SPDX-License-Identifier: MIT */
/*
 * From what the user asked for to a running machine, and back to nothing, in one visible order.
 *
 * machine.c alone says which devices a machine has. What belongs to one of them on the host's side
 * has a file of its own: console.c feeds the serial port, host_devices.c and user_devices.c open
 * what is passed through.
 */
#ifndef MINIVMM_MACHINE_H
#define MINIVMM_MACHINE_H

#include <signal.h>

#include "vmm/cli/config.h"

/* Exit status of minivmm, as --help tells it. A signal gives MACHINE_EXIT_SIGNAL + its number. */
enum machine_exit {
	MACHINE_EXIT_POWEROFF = 0,
	MACHINE_EXIT_HOST = 1,
	MACHINE_EXIT_USAGE = 2,
	MACHINE_EXIT_CRASH = 3,
	MACHINE_EXIT_DEVICE_LOST = 4,
	MACHINE_EXIT_SIGNAL = 128,
};

/* What the machine of this configuration asks of the host. */
struct host_demand machine_host_demand(const struct config *config);

/*
 * Block the signals that end a run and tell which they are, in *set. Until the main loop reads them
 * they wait.
 */
void machine_block_signals(sigset_t *set);

/* Build the machine, run the guest to its end, take all down again. Returns the exit status. */
int machine_run(const struct config *config);

#endif
