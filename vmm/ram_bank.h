/* SPDX-License-Identifier: MIT */
/*
 * A bank of guest RAM: what its pages are, and where they come from.
 *
 * The bank becomes a region of core/memory.h, which frees it. guest_ram.h decides how many banks a
 * guest has, and where.
 *
 * Read beside it: memfd_create(2), mbind(2), Documentation/admin-guide/mm/hugetlbpage.rst.
 */
#ifndef MINIVMM_RAM_BANK_H
#define MINIVMM_RAM_BANK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/memory.h"

/*
 * Shared memory is in a file that can be handed to another process, such as a device's server. The
 * file is sealed, so that no process can shorten it. Anonymous memory is faster to allocate.
 */
struct ram_backing {
	bool shared;
	/* size of a hugetlbfs page in bytes, of which the host has enough; 0 for none */
	uint64_t huge_page;
	int node; /* the NUMA node that is preferred, or -1 */
};

/*
 * Allocate `size` bytes of zeroed, huge-page friendly guest RAM at `gpa` and add it to the map. 0,
 * or -errno: no memory (logged), -EEXIST if the range overlaps another, -EINVAL for an empty or
 * wrapping one, or what a listener answered.
 */
int ram_bank_add(struct memory *memory, const struct ram_backing *backing, uint64_t gpa,
		 uint64_t size);

#endif
