/* SPDX-License-Identifier: MIT */
/*
 * The guest's side of `minivmm -- COMMAND`: root file system, terminal, streams, status.
 *
 * What is agreed on with minivmm is in command_ports.h.
 */
#ifndef MINIVMM_INIT_COMMAND_H
#define MINIVMM_INIT_COMMAND_H

#include <stdbool.h>

/* Whether the initramfs says what to run. */
bool init_has_command(void);

/*
 * Run it. Returns when minivmm has its status and all its output, or, with a message on the
 * console, when it could not be run at all.
 */
void init_run_command(void);

#endif
