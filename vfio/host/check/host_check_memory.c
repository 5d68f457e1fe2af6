/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "host_check.h"
#include "vfio/host/look/host_memory.h"
#include "vfio/host/look/host_pages.h"
#include "vmm/trace/macros.h"

/* All RAM of a guest with a device is pinned from the start: it cannot be swapped out. */
static enum host_found check_find_memory(uint64_t need, const struct host_memory *memory)
{
	if (need <= memory->available)
		return FOUND_MEMORY;
	return need <= memory->available + memory->swap ? FOUND_MEMORY_SWAPS : FOUND_MEMORY_SHORT;
}

static void check_add_limit(struct host_report *report, enum host_found found,
			    const struct host_memory_limit *limit, struct host_facts facts)
{
	facts.path = host_path_name(&limit->file);
	facts.room = limit->room;
	facts.unlimited = strstr(facts.path, "limit_in_bytes") ? "-1" : "max"; /* v1, v2 */
	host_report_add(report, found, facts);
}

/* ---- huge pages ---- */

/* The sizes that --memory takes by name. */
static const struct huge_size {
	uint64_t size;
	const char *name;
} huge_sizes[] = { { 2ull << 20, "2M" }, { 1ull << 30, "1G" } };

static bool huge_pool_holds(uint64_t size, uint64_t memory, struct host_huge_pool *pool)
{
	return host_read_huge_pool(size, -1, pool) == 0 &&
	       pool->available >= memory / size + (memory % size != 0);
}

/* Name a pool of another size that has room for the guest; NULL if none has. */
static const char *huge_find_other(const struct host_demand *demand)
{
	struct host_huge_pool pool;

	for (unsigned int i = 0; i < array_size(huge_sizes); i++)
		if (huge_sizes[i].size != demand->huge_page &&
		    demand->memory % huge_sizes[i].size == 0 &&
		    huge_pool_holds(huge_sizes[i].size, demand->memory, &pool))
			return huge_sizes[i].name;
	return NULL;
}

/* The pool is too small: may the kernel make what is missing? */
static enum host_found huge_find_shortage(const struct host_huge_pool *pool, uint64_t missing)
{
	return missing <= pool->surplus ? FOUND_HUGE_PAGES_SURPLUS : FOUND_HUGE_PAGES_SHORT;
}

/* The pool was set aside before, so it does not matter how much other memory is available. */
static void check_huge_pages(struct host_report *report, const struct host_demand *demand)
{
	uint64_t pages =
		demand->memory / demand->huge_page + (demand->memory % demand->huge_page != 0);
	struct host_facts facts = { .need = demand->memory, .size = demand->huge_page };
	struct host_memory_limit limit;
	struct host_huge_pool pool;

	if (host_find_huge_limit(demand->huge_page, &limit) && demand->memory > limit.room) {
		check_add_limit(report, FOUND_HUGE_PAGES_LIMITED, &limit, facts);
		return;
	}
	facts.name = huge_find_other(demand);
	if (huge_pool_holds(demand->huge_page, demand->memory, &pool)) {
		facts.room = pool.available * demand->huge_page;
		host_report_add(report, FOUND_HUGE_PAGES, facts);
	} else if (host_read_huge_pool(demand->huge_page, -1, &pool) < 0) {
		host_report_add(report, FOUND_HUGE_PAGES_ABSENT, facts);
	} else {
		facts.path = pool.folder;
		facts.room = pool.available * demand->huge_page;
		facts.count = pool.total + pages - pool.available;
		host_report_add(report, huge_find_shortage(&pool, pages - pool.available), facts);
	}
}

/* ---- pages of any size ---- */

/* vm.overcommit_memory is 2: the kernel promises no more than it has, and refuses at once. */
static bool check_may_commit(struct host_report *report, const struct host_demand *demand,
			     const struct host_memory *memory)
{
	if (!memory->strict || demand->memory <= memory->promisable)
		return true;
	host_report_add(report, FOUND_MEMORY_PROMISED,
			(struct host_facts){
				.need = demand->memory,
				.room = memory->promisable,
			});
	return false;
}

void host_check_memory(struct host_report *report, const struct host_demand *demand)
{
	struct host_memory_limit limit;
	struct host_memory memory;
	struct host_facts facts = { .need = demand->memory };

	if (demand->huge_page) {
		check_huge_pages(report, demand);
	} else if (host_find_memory_limit(&limit) && demand->memory > limit.room) {
		facts.size = limit.limit;
		check_add_limit(report, FOUND_MEMORY_LIMITED, &limit, facts);
	} else if (!host_read_memory(&memory)) {
		host_report_add(report, FOUND_MEMORY_UNSEEN, facts);
	} else if (check_may_commit(report, demand, &memory)) {
		facts.size = memory.total;
		facts.room = memory.available;
		host_report_add(report, check_find_memory(demand->memory, &memory), facts);
	}
}
