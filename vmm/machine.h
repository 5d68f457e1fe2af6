/* SPDX-License-Identifier: MIT */
/*
 * Builds a machine from the configuration, runs it, and takes it down again, in one visible order.
 *
 * machine.c has the order, and only machine_parts.c says which devices a machine has. The host's
 * side of a device has a file of its own: console.c feeds the serial port, host_devices.c and
 * user_devices.c open what is passed through.
 */
#ifndef MINIVMM_MACHINE_H
#define MINIVMM_MACHINE_H

#include "machine_status.h"
#include "vmm/cli/config.h"

/*
 * Build the machine, run the guest to its end, and take everything down again. Returns the exit
 * status.
 */
int machine_run(const struct config *config);

#endif
