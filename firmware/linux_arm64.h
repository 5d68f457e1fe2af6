/* SPDX-License-Identifier: MIT */
/*
 * The Linux/arm64 kernel image: as it is, packed, or packed in a small EFI program (zboot).
 *
 * Owns the checks of the header. Does not own unpacking, which is unpack.c's, nor where the kernel
 * goes: boot_arm64.c.
 *
 * Read beside it: Documentation/arch/arm64/booting.rst, "Call the kernel image";
 * include/linux/pe.h and drivers/firmware/efi/libstub/zboot-header.S on the EFI program.
 */
#ifndef MINIVMM_LINUX_ARM64_H
#define MINIVMM_LINUX_ARM64_H

#include <stdbool.h>
#include <stdint.h>

#include "unpack.h"

struct arm64_image {
	uint64_t offset, file_size;         /* the image's bytes in the file, maybe packed */
	const struct unpack_format *format; /* of what is packed; NULL: it is not */
	uint64_t text_offset;               /* from a multiple of 2 MiB to where the image goes */
	uint64_t size; /* RAM it needs from there on, its zeroed data included */
};

/*
 * What to load. Every field that is used is checked; the guest's RAM is the caller's to compare. 0,
 * -ENOEXEC for what is not a kernel that can be started, or -errno; logged.
 */
int linux_arm64_parse(const struct kernel_file *file, const struct kernel_head *head,
		      struct arm64_image *image);

/*
 * The first `room` bytes of a parsed image, or all of a shorter one, unpacked. Returns how many;
 * -ENOEXEC or -errno as linux_arm64_load(), logged.
 */
int64_t linux_arm64_read(const struct kernel_file *file, const struct arm64_image *image, void *to,
			 uint64_t room);

/*
 * Put a parsed image into image->size bytes at `to`, those beyond the file zeroed. 0, -ENOEXEC for
 * one that cannot be unpacked, or -errno; logged.
 */
int linux_arm64_load(const struct kernel_file *file, const struct arm64_image *image, void *to);

#endif
