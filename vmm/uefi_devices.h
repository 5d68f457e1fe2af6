/* SPDX-License-Identifier: MIT */
/*
 * The devices that only firmware's machine has, put on the buses where arch_layout says.
 *
 * A part of uefi_machine.c: it works on struct uefi_machine, and no other file calls it.
 */
#ifndef MINIVMM_UEFI_DEVICES_H
#define MINIVMM_UEFI_DEVICES_H

struct uefi_machine;

/* Add the real-time clock. Returns 0 or -errno, logged. */
int uefi_devices_add_clock(struct uefi_machine *uefi);

/*
 * Add everything that firmware in flash needs: clock, code, variables, fw_cfg. Returns 0 or
 * -errno, logged.
 */
int uefi_devices_add(struct uefi_machine *uefi);

/* Set the state after power-on; variables stay. Returns 0 or -errno, logged. */
int uefi_devices_reset(struct uefi_machine *uefi);

/* Take the devices off the buses and free them. Accepts what a failed call of the above left. */
void uefi_devices_destroy(struct uefi_machine *uefi);

#endif
