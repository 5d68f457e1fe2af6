/* SPDX-License-Identifier: MIT */
/*
 * What boot_x86.c and its two kernel loaders tell each other.
 *
 * Owns the map of the first MiB and the two structs that pass between them. A loader reads an
 * image's headers into a boot_image, which says what goes where. boot_x86.c carries it out and
 * hands back a boot_info, which says what the kernel must be told; the loader writes it in the
 * form of its protocol. A loader touches no guest memory but the page that it is given.
 *
 * Read beside it: Documentation/arch/x86/boot.rst, Documentation/arch/x86/zero-page.rst.
 */
#ifndef MINIVMM_LINUX_X86_H
#define MINIVMM_LINUX_X86_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/arch.h"

/* Guest-physical addresses; firmware/README.md draws them. All of it is RAM. */
#define BOOT_GDT          0x1000
#define BOOT_PARAMS       0x7000 /* boot_params or hvm_start_info: one page */
#define BOOT_PARAMS_SIZE  0x1000
#define BOOT_PAGE_TABLE   0x9000 /* six pages */
#define BOOT_CMDLINE      0x20000
#define BOOT_CMDLINE_SIZE 0x10000
#define BOOT_HOLE         0xa0000 /* no RAM on a PC, so the memory map reserves it up to 1 MiB */
#define BOOT_ACPI         0xe0000 /* a guest that is told no address scans here for the RSDP */
#define BOOT_ACPI_SIZE    0x10000
#define BOOT_RESET_VECTOR 0xffff0
#define BOOT_KERNEL_MIN   0x100000

#define BOOT_SEGMENTS_MAX 16
#define BOOT_MAP_MAX      128 /* as many entries as boot_params holds */

/* Bytes [offset, offset + file_size) of the file go to gpa; zeroes follow up to `size` bytes. */
struct boot_segment {
	uint64_t offset, file_size;
	uint64_t gpa, size;
};

struct boot_image {
	struct boot_segment segments[BOOT_SEGMENTS_MAX];
	unsigned int segment_count;
	uint64_t end; /* the kernel uses the RAM up to here before it reads the memory map */
	uint64_t entry;
	bool long_mode;       /* enter it in long mode, else in 32-bit protected mode */
	bool pvh;             /* by PVH, else by Linux' own boot protocol */
	uint64_t initrd_end;  /* the initrd must end at or below this address */
	uint64_t cmdline_max; /* characters, without the final NUL */
};

struct boot_map_entry {
	struct arch_range range;
	bool ram; /* true for RAM, false for a reserved range */
};

struct boot_info {
	uint64_t cmdline;
	struct arch_range initrd; /* size 0 for none */
	uint64_t rsdp;
	struct boot_map_entry map[BOOT_MAP_MAX];
	unsigned int map_count;
};

#endif
