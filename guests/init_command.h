/* SPDX-License-Identifier: MIT */
/*
 * The guest's side of `minivmm -- COMMAND`: root file system, terminal, streams, status.
 *
 * command_ports.h has what init and minivmm agree on.
 */
#ifndef MINIVMM_INIT_COMMAND_H
#define MINIVMM_INIT_COMMAND_H

#include <stdbool.h>

/* Returns whether the initramfs says what to run. */
bool init_has_command(void);

/*
 * Run the command. Returns when minivmm has its status and all its output. If the command could
 * not be run at all, it returns after a message on the console.
 */
void init_run_command(void);

#endif
