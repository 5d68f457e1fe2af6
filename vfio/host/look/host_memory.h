/* SPDX-License-Identifier: MIT */
/*
 * How much memory there is for a guest: on this host, and in the cgroup that this process is in.
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
	uint64_t available;  /* without swapping anything out; with what ZFS caches */
	uint64_t swap;       /* free swap space */
	bool strict;         /* the kernel promises no more memory than it has ... */
	uint64_t promisable; /* ... and can promise this much more */
};

/* False when /proc/meminfo cannot be read, or does not tell. */
bool host_read_memory(struct host_memory *memory);

struct host_memory_limit {
	struct host_path file; /* that sets the limit */
	uint64_t limit;        /* bytes */
	uint64_t room;         /* what of it is not in use, or used for what can be dropped */
};

/*
 * The cgroup among ours and its ancestors that leaves the least room. False when none has a limit,
 * or none can be seen.
 */
bool host_find_memory_limit(struct host_memory_limit *limit);

#endif
