/* SPDX-License-Identifier: MIT */
/*
 * How much memory there is for a guest: on this host, and in the cgroup of this process. None of
 * these functions logs.
 *
 * Read beside it: proc(5) on meminfo; Documentation/admin-guide/cgroup-v2.rst, "Memory", and
 * cgroup-v1/memory.rst.
 */
#ifndef MINIVMM_HOST_MEMORY_H
#define MINIVMM_HOST_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "host_path.h"

/* All in bytes. */
struct host_memory {
	uint64_t total;
	uint64_t available;  /* free without swapping anything out; what ZFS caches counts, too */
	uint64_t swap;       /* free swap space */
	bool strict;         /* the kernel promises no more memory than it has (mode 2) */
	uint64_t promisable; /* how much more it can promise then */
};

/* Returns false if /proc/meminfo cannot be read, or does not tell. */
bool host_read_memory(struct host_memory *memory);

struct host_memory_limit {
	struct host_path file; /* the cgroup that sets the limit */
	uint64_t limit;        /* bytes */
	uint64_t room;         /* bytes of the limit that are free, or hold what can be dropped */
};

/*
 * Find the cgroup, among this process's own and its ancestors, that leaves the least room.
 * Returns false if none has a limit, or none can be seen.
 */
bool host_find_memory_limit(struct host_memory_limit *limit);

/* The same of the limits for huge pages of `size` bytes. */
bool host_find_huge_limit(uint64_t size, struct host_memory_limit *limit);

#endif
