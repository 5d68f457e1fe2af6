/* SPDX-License-Identifier: MIT */
#include "host_pages.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_number.h"
#include "host_path.h"
#include "host_sysfs.h"

uint64_t host_default_huge_page(void)
{
	struct host_path path = host_path("/proc/meminfo");
	char *text = host_read_file(&path);
	const char *line = text ? strstr(text, "Hugepagesize:") : NULL;
	uint64_t size = line ? strtoull(line + strlen("Hugepagesize:"), NULL, 10) << 10 : 0;

	free(text);
	return size;
}

/* Returns 0 if the file has no number. */
static uint64_t pages_read(const char *folder, const char *name)
{
	struct host_path path = host_path("%s/%s", folder, name);
	uint64_t number;

	host_read_number(&path, 10, &number);
	return number;
}

/* The kernel adds pages to a pool on demand, up to this many. */
static uint64_t pages_read_surplus(const char *folder)
{
	uint64_t most = pages_read(folder, "nr_overcommit_hugepages");
	uint64_t made = pages_read(folder, "surplus_hugepages");

	return most > made ? most - made : 0;
}

int host_read_huge_pool(uint64_t size, int node, struct host_huge_pool *pool)
{
	struct host_path path;
	uint64_t free_pages, promised;

	if (node < 0)
		snprintf(pool->folder, sizeof(pool->folder),
			 "/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB", size >> 10);
	else
		snprintf(pool->folder, sizeof(pool->folder),
			 "/sys/devices/system/node/node%d/hugepages/hugepages-%" PRIu64 "kB", node,
			 size >> 10);
	path = host_path("%s/nr_hugepages", pool->folder);
	if (!host_read_number(&path, 10, &pool->total))
		return -ENOENT;
	free_pages = pages_read(pool->folder, "free_hugepages");
	promised = pages_read(pool->folder, "resv_hugepages"); /* a node has no such number */
	pool->available = free_pages > promised ? free_pages - promised : 0;
	pool->surplus = pages_read_surplus(pool->folder);
	return 0;
}

int host_read_device_node(const char *bdf)
{
	struct host_path path = host_device_path(bdf, "numa_node");
	uint64_t node;

	return host_read_number(&path, 10, &node) && node <= INT_MAX ? (int)node : -1;
}

int host_read_node_cpus(int node, char *text, size_t size)
{
	struct host_path path = host_path("/sys/devices/system/node/node%d/cpulist", node);

	return host_read_line(&path, text, size);
}

int host_read_online_cpus(char *text, size_t size)
{
	struct host_path path = host_path("/sys/devices/system/cpu/online");

	return host_read_line(&path, text, size);
}

/* "0-1", or "0,2" */
bool host_has_nodes(void)
{
	struct host_path path = host_path("/sys/devices/system/node/online");
	char text[64];

	return host_read_line(&path, text, sizeof(text)) == 0 && strpbrk(text, "-,");
}

bool host_node_has_cpu(int node, unsigned int cpu)
{
	struct host_path path = host_path("/sys/devices/system/node/node%d/cpu%u", node, cpu);

	return host_path_exists(&path);
}
