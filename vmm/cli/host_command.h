/* SPDX-License-Identifier: MIT */
/*
 * The subcommands that look after the host: list, doctor, config, bind, restore; and a start with
 * --bind.
 *
 * It combines what vfio/host finds on the host with what the machine would need.
 */
#ifndef MINIVMM_HOST_COMMAND_H
#define MINIVMM_HOST_COMMAND_H

#include "config.h"

/* Do config->command. Returns the exit status: 0, or 1 for not ready or failed. */
int host_command_run(const struct config *config);

/*
 * Start a guest. With --bind, its devices are bound before and given back after it, whichever way
 * it ends; after a kill the next start gives them back. Returns the exit status.
 */
int host_command_start(const struct config *config);

#endif
