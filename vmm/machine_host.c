/* SPDX-License-Identifier: MIT */
#include "machine_host.h"

#include <errno.h>
#include <sys/resource.h>

#include "machine_state.h"
#include "vfio/host/look/host_pages.h"
#include "vmm/trace/log.h"
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
		.pinned = config->pinned.cpus,
		.pinned_count = config->pinned.count,
		.iommu_given = config->has_iommufd_fd,
	};
}

int machine_find_devices(struct machine *machine)
{
	machine->demand = machine_host_demand(machine->config);
	trace_phase("check the host");
	return host_devices_find(&machine->devices, machine->config, &machine->demand);
}

/* A CPU that is there may still be refused to minivmm; vcpu_start() says so. */
static int machine_check_pins(const struct cpu_list *pinned)
{
	struct cpu_list online;
	char text[256];

	if (!pinned->count || host_read_online_cpus(text, sizeof(text)) < 0 ||
	    cpu_list_parse(&online, text) < 0)
		return 0;
	for (unsigned int i = 0; i < pinned->count; i++)
		if (!cpu_list_has(&online, pinned->cpus[i])) {
			log_error("--cpus", "pin=: host CPU %u is not there: this host has %s",
				  pinned->cpus[i], text);
			return -EINVAL;
		}
	return 0;
}

int machine_check_room(struct machine *machine)
{
	const struct config *config = machine->config;
	int ret = ram_check_size(config->memory, config->huge_page);

	if (ret == 0)
		ret = machine_check_pins(&config->pinned);
	if (ret < 0)
		return ret;
	if (config->device_count + config->user_count == 0 && !machine->demand.huge_page)
		return 0;
	return host_check_room(&machine->demand);
}

int machine_explain(const struct machine *machine, int err)
{
	host_explain_failure(machine->devices.found, machine->config->device_count,
			     &machine->demand);
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
