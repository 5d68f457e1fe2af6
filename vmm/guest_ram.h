/* SPDX-License-Identifier: MIT */
/*
 * The guest's RAM: how much lies where, which kind of pages it has, and when they are populated.
 *
 * Owns the split into banks below and above the hole for devices, and the threads that populate
 * them while the machine is built (prefault.h). core/memory.h knows each region once it is added.
 *
 * Read beside it: Documentation/admin-guide/mm/hugetlbpage.rst, set_mempolicy(2).
 */
#ifndef MINIVMM_GUEST_RAM_H
#define MINIVMM_GUEST_RAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/memory.h"
#include "prefault.h"

#define RAM_BANKS 2

#define RAM_HUGE_DEFAULT 1 /* instead of a size: the host's default huge page */

struct ram_options {
	uint64_t size;      /* bytes, whole MiB */
	uint64_t huge_page; /* bytes of a hugetlbfs page; RAM_HUGE_DEFAULT; 0 for none */
	int node;           /* the NUMA node that is preferred, or -1 */
	bool shared;        /* RAM is a file, which a server can map */
	bool pinned;        /* a device will reach all RAM, so populate it now */
};

/* A zeroed one has nothing to populate. */
struct ram {
	struct prefault banks[RAM_BANKS];
	uint64_t huge_page; /* bytes of a hugetlbfs page that it has, or 0 */
	int node;           /* the preferred one, or -1 */
};

/*
 * The size in bytes of the huge page that `wanted` (bytes, RAM_HUGE_DEFAULT or 0) means on this
 * host, or 0.
 */
uint64_t ram_huge_page(uint64_t wanted);

/*
 * Check whether RAM of `size` bytes can be: a whole number of huge pages (`wanted` as above),
 * within what CPU and KVM can address. 0 or -EINVAL, logged.
 */
int ram_check_size(uint64_t size, uint64_t wanted);

/*
 * Add all RAM to `memory` and begin to populate what will be pinned, which goes on in threads.
 * That the size can be (ram_check_size()) and the host has enough (host_check_room()) was checked
 * before. 0 or -errno, logged.
 */
int ram_add(struct ram *ram, struct memory *memory, const struct ram_options *options);

/* Wait until all RAM is populated. Idempotent. 0 or -errno, logged. */
int ram_wait(struct ram *ram);

/* Stop populating; returns when no thread touches the RAM any more. Accepts any state. */
void ram_cancel(struct ram *ram);

/* Print a line that says how much RAM there is and which pages it has. */
void ram_print(const struct ram *ram, struct memory *memory, FILE *out);

/* The guest-physical address after the last byte of RAM, for a guest with `size` bytes. */
uint64_t ram_end(uint64_t size);

#endif
