/* SPDX-License-Identifier: MIT */
/*
 * The Linux/x86 boot protocol with the 64-bit entry: bzImage, as distributions ship it in /boot.
 *
 * Owns the checks of the setup header and the filling of boot_params. Does not own reading the
 * kernel into RAM, nor the place of the initrd: boot_x86.c.
 *
 * Read beside it: Documentation/arch/x86/boot.rst.
 */
#ifndef MINIVMM_LINUX_BZIMAGE_H
#define MINIVMM_LINUX_BZIMAGE_H

#include <stdbool.h>

#include "linux_x86.h"
#include "kernel_file.h"

/* Returns whether the file begins as a Linux/x86 kernel. Does not log. */
bool linux_bzimage_probe(const struct kernel_head *head);

/*
 * Find out what to load where. Every field that is used is checked against the file's length and
 * for overflow, but not against the guest's RAM: that is the caller's part. Returns 0 or
 * -ENOEXEC, logged.
 */
int linux_bzimage_parse(const struct kernel_file *file, const struct kernel_head *head,
			struct boot_image *image);

/* Fill the page at BOOT_PARAMS. `head` must have passed linux_bzimage_parse(). */
void linux_bzimage_describe(const struct kernel_head *head, const struct boot_info *info,
			    void *page);

#endif
