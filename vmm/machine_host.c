/* SPDX-License-Identifier: MIT */
#include "machine_host.h"

#include <sys/resource.h>

#include "machine_state.h"
#include "vmm/trace/trace.h"

struct host_demand machine_host_demand(const struct config *config)
{
	return (struct host_demand){
		.memory = config->memory,
		.huge_page = ram_huge_page(config->huge_page),
		.memory_end = ram_end(config->memory),
		.mmio32 = arch_layout.pci_mmio32.size,
		.ports = arch_layout.pci_io.size,
		.phys_bits = arch_gpa_bits(),
		.access = config->access,
		.iommu_given = config->has_iommufd_fd,
	};
}

int machine_find_devices(struct machine *machine)
{
	const struct host_demand demand = machine_host_demand(machine->config);

	trace_phase("check the host");
	return host_devices_find(&machine->devices, machine->config, &demand);
}

int machine_check_room(struct machine *machine)
{
	const struct config *config = machine->config;
	const struct host_demand demand = machine_host_demand(config);

	if (config->device_count + config->user_count == 0 && !demand.huge_page)
		return 0;
	return host_check_room(&demand);
}

int machine_explain(const struct machine *machine, int err)
{
	const struct host_demand demand = machine_host_demand(machine->config);

	host_explain_failure(machine->devices.found, machine->config->device_count, &demand);
	return err;
}

void machine_raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}
