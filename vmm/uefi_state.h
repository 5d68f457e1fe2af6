/* SPDX-License-Identifier: MIT */
/*
 * The additional parts of a machine that starts UEFI firmware. uefi_machine.c and uefi_devices.c
 * use this.
 */
#ifndef MINIVMM_UEFI_STATE_H
#define MINIVMM_UEFI_STATE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/flash.h"
#include "devices/fw_cfg.h"
#include "devices/piix.h"
#include "devices/pl031.h"
#include "devices/pm.h"
#include "devices/rtc.h"
#include "firmware/boot.h"
#include "firmware/uefi_image.h"
#include "firmware/uefi_tables.h"
#include "vmm/base/file_keeper.h"

enum uefi_kind {
	UEFI_NONE,
	UEFI_FLASH,  /* OVMF, AAVMF */
	UEFI_KERNEL, /* firmware that is started like a kernel */
};

struct uefi_machine {
	enum uefi_kind kind;
	struct vm *vm;
	struct pci_host *host;
	struct uefi_code code;
	struct kernel_file vars; /* initial contents of the variables; size 0: there are none */
	bool keep;               /* changed variables are written to the file */
	struct file_keeper file; /* by this; vars.fd is its, once there is a process */
	char template[PATH_MAX];
	struct memory_region rom; /* the code, in the guest */
	struct rtc rtc;           /* a PC's, or else ... */
	struct pl031 pl031;       /* ... arm64's */
	struct pm pm;
	struct piix piix;
	struct fw_cfg fw_cfg;
	struct flash flash;
	struct uefi_tables tables;
	uint16_t cpus; /* little endian, for fw_cfg */
};

#endif
