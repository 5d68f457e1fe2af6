/* SPDX-License-Identifier: MIT */
#include "host_check.h"
#include "vfio/host/look/host_memory.h"

/* A guest with a device has all of its RAM from the start, pinned: it cannot be swapped out. */
static enum host_found check_find_memory(uint64_t need, const struct host_memory *memory)
{
	if (need <= memory->available)
		return FOUND_MEMORY;
	return need <= memory->available + memory->swap ? FOUND_MEMORY_SWAPS : FOUND_MEMORY_SHORT;
}

void host_check_memory(struct host_report *report, const struct host_demand *demand)
{
	struct host_memory_limit limit;
	struct host_memory memory;
	struct host_facts facts = { .need = demand->memory };

	if (host_find_memory_limit(&limit) && demand->memory > limit.room) {
		facts.path = host_path_name(&limit.file);
		facts.size = limit.limit;
		facts.room = limit.room;
		host_report_add(report, FOUND_MEMORY_LIMITED, facts);
	} else if (!host_read_memory(&memory)) {
		host_report_add(report, FOUND_MEMORY_UNSEEN, facts);
	} else {
		facts.size = memory.total;
		facts.room = memory.available;
		host_report_add(report, check_find_memory(demand->memory, &memory), facts);
	}
}
