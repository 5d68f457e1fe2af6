/* SPDX-License-Identifier: MIT */
/*
 * What a machine has beside the usual when it starts UEFI firmware instead of a kernel.
 *
 * Owns the firmware's files and the devices that only firmware needs: clock, power management
 * ports, flash, fw_cfg, and the PCI functions by which it knows its machine. Part of the roof, like
 * machine.c, which calls it in order. Without firmware none of this exists.
 *
 * Two kinds of firmware start: OVMF, from its flash; and firmware that is a kernel in form
 * (cloud-hypervisor's), which boot_load() starts, with a clock beside. It needs a PM timer, too.
 */
#ifndef MINIVMM_UEFI_MACHINE_H
#define MINIVMM_UEFI_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/flash.h"
#include "devices/fw_cfg.h"
#include "devices/piix.h"
#include "devices/pm.h"
#include "devices/rtc.h"
#include "firmware/boot.h"
#include "firmware/uefi_image.h"
#include "firmware/uefi_tables.h"

enum uefi_kind {
	UEFI_NONE,
	UEFI_FLASH,  /* OVMF */
	UEFI_KERNEL, /* firmware with a kernel's entry point */
};

struct uefi_machine {
	enum uefi_kind kind;
	struct vm *vm;
	struct pci_host *host;
	struct uefi_code code;
	struct kernel_file vars; /* what the variables are at first; of size 0: there are none */
	bool keep;               /* and where they are written to */
	char template[PATH_MAX];
	struct memory_region rom; /* the code, in the guest */
	struct rtc rtc;
	struct pm pm;
	struct piix piix;
	struct fw_cfg fw_cfg;
	struct flash flash;
	struct uefi_tables tables;
	uint16_t cpus; /* for fw_cfg, little endian */
};

/* Nothing open, no firmware. */
void uefi_machine_init(struct uefi_machine *uefi);

/*
 * Find out whether `boot->kernel_fd`, open for reading, is firmware: it must be if `firmware`, and
 * may be otherwise. Then its variables are opened: `vars`, made if it does not exist; NULL keeps
 * them in memory. 0 or -errno, logged.
 */
int uefi_machine_open(struct uefi_machine *uefi, struct boot_config *boot, bool firmware,
		      const char *vars);

/* Add its devices, before any other: slot 1 of the bus is theirs. 0 or -errno, logged. */
int uefi_machine_add_devices(struct uefi_machine *uefi, struct vm *vm, struct pci_host *host);

/*
 * Once BARs are assigned and all of `boot` is known: let the firmware place them anew, and write
 * down what it will ask for. 0 or -errno, logged.
 */
int uefi_machine_describe(struct uefi_machine *uefi, const struct boot_config *boot);

/* Whether the CPU starts in the firmware's flash; then there is no kernel to load. */
bool uefi_machine_starts(const struct uefi_machine *uefi);

/* As after power-on; variables stay. 0 or -errno, logged. */
int uefi_machine_reset(struct uefi_machine *uefi);

/* Accepts a half-built one. Call before the bus and the memory are gone. */
void uefi_machine_destroy(struct uefi_machine *uefi);

#endif
