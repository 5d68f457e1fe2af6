/* SPDX-License-Identifier: MIT */
/*
 * The subcommands that look after the host: list, doctor, config, bind, restore; and a start with
 * --bind.
 *
 * Brings together what vfio/host knows of the host and what the machine would ask of it.
 */
#ifndef MINIVMM_HOST_COMMAND_H
#define MINIVMM_HOST_COMMAND_H

#include "config.h"

/* Do config->command. Returns the exit status: 0, or 1 for not ready or failed. */
int host_command_run(const struct config *config);

/*
 * Start a guest, with --bind between handing its devices over and giving them back: on every way
 * out but a kill, after which the next start does it. Returns the exit status.
 */
int host_command_start(const struct config *config);

#endif
