/* SPDX-License-Identifier: MIT */
/*
 * PVH: an uncompressed ELF kernel entered in 32-bit protected mode, without paging.
 *
 * Owns the checks of the ELF headers, the search for the entry point among the notes, and the start
 * info that the kernel finds through EBX. Does not own reading segments into RAM: boot_x86.c. Read
 * beside it: the x86/HVM direct boot ABI, hvm_start_info version 1; elf(5).
 */
#ifndef MINIVMM_LINUX_PVH_H
#define MINIVMM_LINUX_PVH_H

#include <stdbool.h>

#include "linux_x86.h"
#include "kernel_file.h"

/* Whether the file calls itself an ELF. */
bool linux_pvh_probe(const struct kernel_head *head);

/*
 * What to load where. Every field that is used is checked against the file's length and for
 * overflow; the guest's RAM is the caller's to compare. 0, -ENOEXEC, or what reading answered;
 * logged.
 */
int linux_pvh_parse(const struct kernel_file *file, const struct kernel_head *head,
		    struct boot_image *image);

/* Fill the page at BOOT_PARAMS: hvm_start_info, then what it points to. */
void linux_pvh_describe(const struct boot_info *info, void *page);

#endif
