/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "host_check.h"
#include "vfio/host/look/host_memory.h"
#include "vfio/host/look/host_pages.h"

/* A guest with a device has all of its RAM from the start, pinned: it cannot be swapped out. */
static enum host_found check_find_memory(uint64_t need, const struct host_memory *memory)
{
	if (need <= memory->available)
		return FOUND_MEMORY;
	return need <= memory->available + memory->swap ? FOUND_MEMORY_SWAPS : FOUND_MEMORY_SHORT;
}

/* The pool is memory that was set aside before: what else is available does not matter. */
static void check_huge_pages(struct host_report *report, const struct host_demand *demand)
{
	uint64_t pages = (demand->memory + demand->huge_page - 1) / demand->huge_page;
	struct host_facts facts = { .need = demand->memory, .size = demand->huge_page };
	struct host_huge_pool pool;

	if (host_read_huge_pool(demand->huge_page, -1, &pool) < 0) {
		host_report_add(report, FOUND_HUGE_PAGES_ABSENT, facts);
		return;
	}
	facts.path = pool.folder;
	facts.room = pool.available * demand->huge_page;
	facts.count = pool.total + (pages > pool.available ? pages - pool.available : 0);
	host_report_add(report, pages > pool.available ? FOUND_HUGE_PAGES_SHORT : FOUND_HUGE_PAGES,
			facts);
}

void host_check_memory(struct host_report *report, const struct host_demand *demand)
{
	struct host_memory_limit limit;
	struct host_memory memory;
	struct host_facts facts = { .need = demand->memory };

	if (demand->huge_page) {
		check_huge_pages(report, demand);
	} else if (host_find_memory_limit(&limit) && demand->memory > limit.room) {
		facts.path = host_path_name(&limit.file);
		facts.size = limit.limit;
		facts.room = limit.room;
		facts.unlimited = strstr(facts.path, "limit_in_bytes") ? "-1" : "max"; /* v1, v2 */
		host_report_add(report, FOUND_MEMORY_LIMITED, facts);
	} else if (!host_read_memory(&memory)) {
		host_report_add(report, FOUND_MEMORY_UNSEEN, facts);
	} else {
		facts.size = memory.total;
		facts.room = memory.available;
		host_report_add(report, check_find_memory(demand->memory, &memory), facts);
	}
}
