/* SPDX-License-Identifier: MIT */
/*
 * A bank of guest RAM: what its pages are, and where they come from.
 *
 * The bank becomes a region of core/memory.h, which frees it. How many banks a guest has, and
 * where, is guest_ram.h's.
 *
 * Read beside it: memfd_create(2), mbind(2), Documentation/admin-guide/mm/hugetlbpage.rst.
 */
#ifndef MINIVMM_RAM_BANK_H
#define MINIVMM_RAM_BANK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/memory.h"

/*
 * Shared memory lies in a file that can be handed to another process (a device's server): sealed,
 * so that it cannot take any of it away again. Anonymous memory is faster to get.
 */
struct ram_backing {
	bool shared;
	uint64_t huge_page; /* bytes of a hugetlbfs page the host has enough of; 0 for none */
	int node;           /* the NUMA node that is preferred, or -1 */
};

/*
 * Allocate `size` bytes of zeroed, huge-page friendly guest RAM at `gpa` and add it to the map.
 * 0, or -errno: without memory (logged), -EEXIST when the range overlaps another, -EINVAL for an
 * empty or wrapping one, what a listener answered.
 */
int ram_bank_add(struct memory *memory, const struct ram_backing *backing, uint64_t gpa,
		 uint64_t size);

#endif
