/* SPDX-License-Identifier: MIT */
/*
 * PVH: an uncompressed ELF kernel, entered in 32-bit protected mode without paging.
 *
 * Owns the checks of the ELF headers, the search for the entry point among the notes, and the
 * start info that the kernel finds through EBX. Does not own reading segments into RAM:
 * boot_x86.c.
 *
 * Read beside it: the x86/HVM direct boot ABI, hvm_start_info version 1; elf(5).
 */
#ifndef MINIVMM_LINUX_PVH_H
#define MINIVMM_LINUX_PVH_H

#include <stdbool.h>

#include "linux_x86.h"
#include "kernel_file.h"

/* Returns whether the file begins as an ELF file. Does not log. */
bool linux_pvh_probe(const struct kernel_head *head);

/*
 * Find out what to load where. Every field that is used is checked against the file's length and
 * for overflow, but not against the guest's RAM: that is the caller's part. Returns 0, -ENOEXEC
 * for a file that cannot be started, or the -errno of a failed read; logged.
 */
int linux_pvh_parse(const struct kernel_file *file, const struct kernel_head *head,
		    struct boot_image *image);

/* Fill the page at BOOT_PARAMS: hvm_start_info first, then the lists that it points to. */
void linux_pvh_describe(const struct boot_info *info, void *page);

#endif
