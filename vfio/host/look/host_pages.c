/* SPDX-License-Identifier: MIT */
#include "host_pages.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int pages_read_number(const char *folder, const char *name, uint64_t *number)
{
	struct host_path path = host_path("%s/%s", folder, name);
	char text[32];
	int ret = host_read_line(&path, text, sizeof(text));

	*number = ret < 0 ? 0 : strtoull(text, NULL, 10);
	return ret;
}

int host_read_huge_pool(uint64_t size, int node, struct host_huge_pool *pool)
{
	uint64_t free_pages, promised;
	int ret;

	if (node < 0)
		snprintf(pool->folder, sizeof(pool->folder),
			 "/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB", size >> 10);
	else
		snprintf(pool->folder, sizeof(pool->folder),
			 "/sys/devices/system/node/node%d/hugepages/hugepages-%" PRIu64 "kB", node,
			 size >> 10);
	ret = pages_read_number(pool->folder, "nr_hugepages", &pool->total);
	if (ret < 0)
		return ret;
	pages_read_number(pool->folder, "free_hugepages", &free_pages);
	pages_read_number(pool->folder, "resv_hugepages", &promised); /* a node tells none */
	pool->available = free_pages > promised ? free_pages - promised : 0;
	return 0;
}

int host_read_device_node(const char *bdf)
{
	char text[16];

	if (host_read_attribute(bdf, "numa_node", text, sizeof(text)) < 0 || !text[0])
		return -1;
	return atoi(text);
}

int host_read_node_cpus(int node, char *text, size_t size)
{
	struct host_path path = host_path("/sys/devices/system/node/node%d/cpulist", node);

	return host_read_line(&path, text, size);
}
