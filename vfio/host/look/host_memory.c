/* SPDX-License-Identifier: MIT */
#include "host_memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_number.h"

#define MEMORY_VERSIONS 2 /* of cgroups */

/* The number behind "key" at the beginning of a line; false if there is none. */
static bool memory_find_number(const char *text, const char *key, uint64_t *number)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, strlen(key)) == 0)
			return host_parse_number(line + strlen(key), 10, number);
	}
	return false;
}

static bool memory_read_kib(const char *text, const char *key, uint64_t *bytes)
{
	uint64_t kib;

	if (!memory_find_number(text, key, &kib) || kib > UINT64_MAX >> 10)
		return false;
	*bytes = kib << 10;
	return true;
}

/*
 * ZFS caches files in memory of its own, which the kernel does not count as available. ZFS gives
 * that memory back when memory is short, down to a least size. The line reads "c_min 4
 * 536870912".
 */
static uint64_t memory_read_zfs(void)
{
	struct host_path path = host_path("/proc/spl/kstat/zfs/arcstats");
	char *text = host_read_file(&path), *next = text, *line, name[32], value[32];
	uint64_t size = 0, least = 0;

	while (next && (line = strsep(&next, "\n"))) {
		if (sscanf(line, "%31s %*s %31s", name, value) != 2)
			continue;
		if (strcmp(name, "size") == 0)
			host_parse_number(value, 10, &size);
		else if (strcmp(name, "c_min") == 0)
			host_parse_number(value, 10, &least);
	}
	free(text);
	return size > least ? size - least : 0;
}

/* With vm.overcommit_memory=2 (Documentation/mm/overcommit-accounting.rst). */
static void memory_read_promises(const char *text, struct host_memory *memory)
{
	struct host_path path = host_path("/proc/sys/vm/overcommit_memory");
	uint64_t mode, limit, promised;

	if (!host_read_number(&path, 10, &mode) || mode != 2)
		return;
	memory->strict = memory_read_kib(text, "CommitLimit:", &limit) &&
			 memory_read_kib(text, "Committed_AS:", &promised);
	if (memory->strict)
		memory->promisable = limit > promised ? limit - promised : 0;
}

bool host_read_memory(struct host_memory *memory)
{
	struct host_path path = host_path("/proc/meminfo");
	char *text = host_read_file(&path);
	bool found;

	*memory = (struct host_memory){ 0 };
	found = text && memory_read_kib(text, "MemTotal:", &memory->total) &&
		memory_read_kib(text, "MemAvailable:", &memory->available);
	if (found) {
		memory_read_kib(text, "SwapFree:", &memory->swap);
		memory->available += memory_read_zfs();
		memory_read_promises(text, memory);
	}
	free(text);
	return found;
}

/* ---- cgroups ---- */

/* The two versions name the same things differently. */
struct memory_cgroup {
	const char *controller;                        /* in /proc/self/cgroup */
	const char *mount, *limit, *usage, *droppable; /* the last is NULL if nothing can be */
};

static const struct memory_cgroup memory_cgroups[MEMORY_VERSIONS] = {
	{ "::", "/sys/fs/cgroup", "memory.max", "memory.current", "file " },
	{ ":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
	  "total_cache " },
};

/* Bytes that the kernel drops when they are asked for: caches of files. */
static uint64_t memory_read_droppable(const struct memory_cgroup *kind, const char *cgroup)
{
	struct host_path path = host_path("%s%s/memory.stat", kind->mount, cgroup);
	char *text = host_read_file(&path);
	uint64_t bytes = 0;

	if (text && kind->droppable)
		memory_find_number(text, kind->droppable, &bytes);
	free(text);
	return bytes;
}

/* Look at one cgroup, and keep it if it leaves less room than the one that was found before. */
static void memory_look_at(const struct memory_cgroup *kind, const char *cgroup,
			   struct host_memory_limit *least)
{
	struct host_memory_limit one = {
		.file = host_path("%s%s/%s", kind->mount, cgroup, kind->limit),
	};
	struct host_path usage = host_path("%s%s/%s", kind->mount, cgroup, kind->usage);
	uint64_t used = 0, droppable;

	if (!host_read_number(&one.file, 10, &one.limit)) /* "max", or there is no such file */
		return;
	host_read_number(&usage, 10, &used);
	droppable = memory_read_droppable(kind, cgroup);
	used -= droppable < used ? droppable : used;
	one.room = one.limit > used ? one.limit - used : 0;
	if (one.room < least->room)
		*least = one;
}

/* Go from our cgroup up to the root, which may be the root of a container. */
static void memory_look_up(const struct memory_cgroup *kind, char *cgroup,
			   struct host_memory_limit *least)
{
	char *last;

	for (;;) {
		memory_look_at(kind, strcmp(cgroup, "/") == 0 ? "" : cgroup, least);
		last = strrchr(cgroup, '/');
		if (!last)
			return;
		*last = '\0';
	}
}

/* A line of /proc/self/cgroup: "0::/user.slice", or "4:memory:/user.slice". */
/* The kinds are one of each version. */
static void memory_look_at_line(const struct memory_cgroup *kinds, char *line,
				struct host_memory_limit *least)
{
	for (unsigned int i = 0; i < MEMORY_VERSIONS; i++) {
		char *found = strstr(line, kinds[i].controller);

		if (found)
			memory_look_up(&kinds[i], found + strlen(kinds[i].controller), least);
	}
}

static bool memory_find_least(const struct memory_cgroup *kinds, struct host_memory_limit *limit)
{
	struct host_path path = host_path("/proc/self/cgroup");
	char *text = host_read_file(&path), *next = text, *line;

	*limit = (struct host_memory_limit){ .room = UINT64_MAX };
	while (next && (line = strsep(&next, "\n")))
		memory_look_at_line(kinds, line, limit);
	free(text);
	return limit->room != UINT64_MAX;
}

bool host_find_memory_limit(struct host_memory_limit *limit)
{
	return memory_find_least(memory_cgroups, limit);
}

/* Such files have the size of the pages in their names: hugetlb.2MB.max. */
bool host_find_huge_limit(uint64_t size, struct host_memory_limit *limit)
{
	const unsigned int gib = size >= 1ull << 30;
	const uint64_t count = size >> (gib ? 30 : 20);
	const char *unit = gib ? "GB" : "MB";
	char limits[MEMORY_VERSIONS][64], usages[MEMORY_VERSIONS][64];
	const struct memory_cgroup kinds[MEMORY_VERSIONS] = {
		{ "::", "/sys/fs/cgroup", limits[0], usages[0], NULL },
		{ ":hugetlb:", "/sys/fs/cgroup/hugetlb", limits[1], usages[1], NULL },
	};

	snprintf(limits[0], sizeof(limits[0]), "hugetlb.%" PRIu64 "%s.max", count, unit);
	snprintf(usages[0], sizeof(usages[0]), "hugetlb.%" PRIu64 "%s.current", count, unit);
	snprintf(limits[1], sizeof(limits[1]), "hugetlb.%" PRIu64 "%s.limit_in_bytes", count, unit);
	snprintf(usages[1], sizeof(usages[1]), "hugetlb.%" PRIu64 "%s.usage_in_bytes", count, unit);
	return memory_find_least(kinds, limit);
}
