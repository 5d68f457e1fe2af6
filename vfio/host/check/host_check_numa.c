/* SPDX-License-Identifier: MIT */
/*
 * Where a guest should run on a host with several NUMA nodes: RAM and vCPUs next to the device.
 */
#include <sched.h>

#include "host_check.h"
#include "vfio/host/look/host_pages.h"

/* RAM in huge pages comes from the node's own pool first. */
static bool numa_check_pages(struct host_report *report, int node, const struct host_demand *demand)
{
	uint64_t pages = demand->huge_page ? demand->memory / demand->huge_page : 0;
	struct host_facts facts = { .need = demand->memory,
				    .size = demand->huge_page,
				    .group = (uint64_t)node };
	struct host_huge_pool pool;

	if (!pages || host_read_huge_pool(demand->huge_page, node, &pool) < 0 ||
	    pool.available >= pages)
		return true;
	facts.path = pool.folder;
	facts.room = pool.available * demand->huge_page;
	facts.count = pool.total + pages - pool.available;
	host_report_add(report, FOUND_NUMA_PAGES_SHORT, facts);
	return false;
}

/* Of the CPUs that the vCPUs are pinned to, or else of those that minivmm may run on. */
static bool numa_runs_elsewhere(int node, const struct host_demand *demand)
{
	cpu_set_t allowed;

	for (unsigned int i = 0; i < demand->pinned_count; i++)
		if (!host_node_has_cpu(node, demand->pinned[i]))
			return true;
	if (demand->pinned_count || sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		return false;
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && !host_node_has_cpu(node, cpu))
			return true;
	return false;
}

void host_check_numa(struct host_report *report, const struct host_device *device,
		     const struct host_demand *demand)
{
	int node = host_read_device_node(device->bdf);
	struct host_facts facts = { .count = (uint64_t)node };
	char cpus[256];
	bool near;

	if (node < 0 || !host_has_nodes())
		return;
	near = numa_check_pages(report, node, demand);
	if (host_read_node_cpus(node, cpus, sizeof(cpus)) == 0 && cpus[0] &&
	    numa_runs_elsewhere(node, demand)) {
		facts.name = cpus;
		host_report_add(report, FOUND_NUMA_CPUS_ELSEWHERE, facts);
		near = false;
	}
	if (near)
		host_report_add(report, FOUND_NUMA, facts);
}
