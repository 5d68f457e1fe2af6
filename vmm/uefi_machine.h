/* SPDX-License-Identifier: MIT */
/*
 * The additional parts of a machine that starts UEFI firmware instead of a kernel. Owns the
 * firmware's files and the devices that only firmware needs: clock, power management ports, flash,
 * fw_cfg, and the PCI functions by which it recognizes its machine. It is part of the roof, like
 * machine.c, which calls it in order. Without firmware none of this exists. Two kinds of firmware
 * can start: OVMF or AAVMF, from flash; and firmware in the form of a kernel (cloud-hypervisor's),
 * which boot_load() starts, and which needs a clock and a PM timer.
 */
#ifndef MINIVMM_UEFI_MACHINE_H
#define MINIVMM_UEFI_MACHINE_H

#include <stdbool.h>

#include "uefi_state.h"

/* Initialise the struct, without firmware. */
void uefi_machine_init(struct uefi_machine *uefi);

/*
 * Find out whether `boot->kernel_fd`, open for reading, is firmware; it must be if `firmware` is
 * set. If it is, open its variables in the file `vars`, which is made if it does not exist; NULL
 * keeps them in memory. 0 or -errno, logged.
 */
int uefi_machine_open(struct uefi_machine *uefi, struct boot_config *boot, bool firmware,
		      const char *vars);

/*
 * Add its devices before any other, because they need device number 1 on the bus. 0 or -errno,
 * logged.
 */
int uefi_machine_add_devices(struct uefi_machine *uefi, struct vm *vm, struct pci_host *host);

/*
 * Prepare the answers to the firmware's questions, once BARs are assigned and all of `boot` is
 * known, and let the firmware place the BARs again. 0 or -errno, logged.
 */
int uefi_machine_describe(struct uefi_machine *uefi, struct boot_config *boot);

/* True if the CPU starts in the firmware's flash; then there is no kernel to load. */
bool uefi_machine_starts(const struct uefi_machine *uefi);

/* Reset to the state after power-on; variables stay. 0 or -errno, logged. */
int uefi_machine_reset(struct uefi_machine *uefi);

/*
 * From here on a process of its own writes the variables, if there is a file for them. It is
 * confined if `confined`. 0 or -errno, logged.
 */
int uefi_machine_start_keeper(struct uefi_machine *uefi, bool confined);

/* Whether a vCPU waits for that process. When minivmm ends, it shall not wait long. */
bool uefi_machine_is_stalled(const struct uefi_machine *uefi);
void uefi_machine_hurry(struct uefi_machine *uefi);

/* Free everything, before the bus and the memory are gone. Accepts a half-built one. */
void uefi_machine_destroy(struct uefi_machine *uefi);

#endif
