/* SPDX-License-Identifier: MIT */
/*
 * From what the user asked for to a running machine, and back to nothing, in one visible order.
 *
 * machine.c has the order, machine_parts.c alone says which devices a machine has. What belongs to
 * one of them on the host's side has a file of its own: console.c feeds the serial port,
 * host_devices.c and user_devices.c open what is passed through.
 */
#ifndef MINIVMM_MACHINE_H
#define MINIVMM_MACHINE_H

#include "machine_status.h"
#include "vmm/cli/config.h"

/* Build the machine, run the guest to its end, take all down again. Returns the exit status. */
int machine_run(const struct config *config);

#endif
