/* SPDX-License-Identifier: MIT */
/*
 * The additional parts of a machine that starts UEFI firmware instead of a kernel. Owns the
 * firmware's files and the devices that only firmware needs: clock, power management ports, flash,
 * fw_cfg, and the PCI functions by which it recognizes its machine. It is part of the roof, like
 * machine.c, which calls it in order. Without firmware none of this exists. Two kinds of firmware
 * can start: OVMF, from its flash; and firmware in the form of a kernel (cloud-hypervisor's), which
 * boot_load() starts, and which needs a clock and a PM timer.
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
	UEFI_KERNEL, /* firmware that is started like a kernel */
};

struct uefi_machine {
	enum uefi_kind kind;
	struct vm *vm;
	struct pci_host *host;
	struct uefi_code code;
	struct kernel_file vars; /* initial contents of the variables; size 0: there are none */
	bool keep;               /* changed variables are written to the file */
	char template[PATH_MAX];
	struct memory_region rom; /* the code, in the guest */
	struct rtc rtc;
	struct pm pm;
	struct piix piix;
	struct fw_cfg fw_cfg;
	struct flash flash;
	struct uefi_tables tables;
	uint16_t cpus; /* little endian, for fw_cfg */
};

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
int uefi_machine_describe(struct uefi_machine *uefi, const struct boot_config *boot);

/* True if the CPU starts in the firmware's flash; then there is no kernel to load. */
bool uefi_machine_starts(const struct uefi_machine *uefi);

/* Reset to the state after power-on; variables stay. 0 or -errno, logged. */
int uefi_machine_reset(struct uefi_machine *uefi);

/* Free everything, before the bus and the memory are gone. Accepts a half-built one. */
void uefi_machine_destroy(struct uefi_machine *uefi);

#endif
