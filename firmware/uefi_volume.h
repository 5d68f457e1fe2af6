/* SPDX-License-Identifier: MIT */
/*
 * Firmware volumes, the units that a file of UEFI firmware consists of.
 *
 * Owns the header of a volume, and the walk from one volume to the next. What volumes a file must
 * have is in uefi_format.h.
 *
 * Read beside it: UEFI Platform Initialization 1.7, volume 3, 3.2.1 (firmware volume header).
 */
#ifndef MINIVMM_UEFI_VOLUME_H
#define MINIVMM_UEFI_VOLUME_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel_file.h"

struct uefi_volume {
	uint8_t zero[16];
	uint8_t kind[16];
	uint64_t size;
	char signature[4];
} __attribute__((packed));

struct uefi_contents {
	uint64_t vars_size; /* bytes of variables at the beginning of the file */
	uint64_t code_size; /* bytes of code behind them */
};

/* Returns whether a volume begins with these bytes. Does not log. */
bool uefi_volume_is_here(const void *bytes, uint64_t size);

/*
 * Read the headers of the volumes in a file, from `offset` on. The volumes must fill the file; or,
 * if `padded`, whatever follows the last volume is not looked at. Returns 0; -ENOEXEC if there is
 * no volume, if the file ends inside one, or if variables follow code; or another -errno from
 * reading. Logged.
 */
int uefi_volume_walk(const struct kernel_file *file, uint64_t offset, bool padded,
		     struct uefi_contents *contents);

/* Log why a file is not what it should be. Returns -ENOEXEC. */
int uefi_volume_refuse(const struct kernel_file *file, const char *why);

#endif
