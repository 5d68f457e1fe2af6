/* SPDX-License-Identifier: MIT */
/*
 * The Linux/arm64 kernel image: plain, packed, or packed in a small EFI program (zboot).
 *
 * Owns the checks of the header. Does not own unpacking (unpack.c), nor the place of the kernel
 * in RAM (boot_arm64.c).
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
	uint64_t offset, file_size;         /* where the image, packed or not, lies in the file */
	const struct unpack_format *format; /* NULL for an image that is not packed */
	uint64_t text_offset;               /* from a multiple of 2 MiB to the image's place */
	uint64_t size; /* bytes of RAM it needs from there on, zeroed data included */
};

/*
 * Find out what to load. Every field that is used is checked, but not against the guest's RAM:
 * that is the caller's part. Returns 0, -ENOEXEC for a file that is not a kernel that can be
 * started, or another -errno; logged.
 */
int linux_arm64_parse(const struct kernel_file *file, const struct kernel_head *head,
		      struct arm64_image *image);

/*
 * Read the first `room` bytes of a parsed image, unpacked, or all of a shorter image. Returns how
 * many bytes that are; -ENOEXEC or another -errno as linux_arm64_load() does; logged.
 */
int64_t linux_arm64_read(const struct kernel_file *file, const struct arm64_image *image, void *to,
			 uint64_t room);

/*
 * Put a parsed image into the image->size bytes at `to`; the bytes that the file does not fill
 * are zeroed. Returns 0, -ENOEXEC for an image that cannot be unpacked, or another -errno;
 * logged.
 */
int linux_arm64_load(const struct kernel_file *file, const struct arm64_image *image, void *to);

#endif
