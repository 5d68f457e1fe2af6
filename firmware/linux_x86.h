/* SPDX-License-Identifier: MIT */
/*
 * What boot_x86.c and its two kernel loaders tell each other.
 *
 * Owns the map of the first MiB and the two structs that pass between them: a loader reads an
 * image's headers into a boot_image (what goes where), boot_x86.c carries it out and hands back a
 * boot_info (what the kernel must be told), which the loader writes in the form its protocol wants.
 * A loader touches no guest memory but the page it is given.
 *
 * Read beside it: Documentation/arch/x86/boot.rst, Documentation/arch/x86/zero-page.rst.
 */
#ifndef MINIVMM_LINUX_X86_H
#define MINIVMM_LINUX_X86_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/arch.h"

/* Guest-physical; firmware/README.md draws it. All of it is RAM. */
#define BOOT_GDT          0x1000
#define BOOT_PARAMS       0x7000 /* boot_params or hvm_start_info: one page */
#define BOOT_PARAMS_SIZE  0x1000
#define BOOT_PAGE_TABLE   0x9000 /* six pages */
#define BOOT_CMDLINE      0x20000
#define BOOT_CMDLINE_SIZE 0x10000
#define BOOT_HOLE         0xa0000 /* on a PC not RAM, so the memory map reserves it up to 1 MiB */
#define BOOT_ACPI         0xe0000 /* where a guest that is told nothing scans for the RSDP */
#define BOOT_ACPI_SIZE    0x10000
#define BOOT_RESET_VECTOR 0xffff0
#define BOOT_KERNEL_MIN   0x100000

#define BOOT_SEGMENTS_MAX 16
#define BOOT_MAP_MAX      128 /* what fits into boot_params */

/* Bytes [offset, offset + file_size) of the file go to gpa; zeroes follow up to `size`. */
struct boot_segment {
	uint64_t offset, file_size;
	uint64_t gpa, size;
};

struct boot_image {
	struct boot_segment segments[BOOT_SEGMENTS_MAX];
	unsigned int segment_count;
	uint64_t end; /* the kernel needs the RAM up to here before it looks at the memory map */
	uint64_t entry;
	bool long_mode;
	uint64_t initrd_end;  /* the initrd must end at or below */
	uint64_t cmdline_max; /* characters, without the final NUL */
};

struct boot_map_entry {
	struct arch_range range;
	bool ram; /* else reserved */
};

struct boot_info {
	uint64_t cmdline;
	struct arch_range initrd; /* size 0 for none */
	uint64_t rsdp;
	struct boot_map_entry map[BOOT_MAP_MAX];
	unsigned int map_count;
};

#endif
