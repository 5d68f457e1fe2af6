/* SPDX-License-Identifier: MIT */
#include "host_memlock.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/resource.h>

#include "host_check.h"
#include "vfio/host/look/host_machine.h"
#include "vfio/host/look/host_path.h"

#define MEMLOCK_OBJECT "guest RAM"

/* Whether `need` bytes fit into the limit: as it is, once this process has raised it, or never. */
enum memlock_room { MEMLOCK_ENOUGH, MEMLOCK_RAISABLE, MEMLOCK_SHORT };

static enum memlock_room memlock_room(uint64_t need, struct rlimit *limit)
{
	/* VFIO does not count what a process with CAP_IPC_LOCK locks. */
	if (host_has_capability(CAP_IPC_LOCK) || getrlimit(RLIMIT_MEMLOCK, limit) < 0 ||
	    limit->rlim_cur == RLIM_INFINITY || limit->rlim_cur >= need)
		return MEMLOCK_ENOUGH;
	if (limit->rlim_max == RLIM_INFINITY || limit->rlim_max >= need ||
	    host_has_capability(CAP_SYS_RESOURCE))
		return MEMLOCK_RAISABLE;
	return MEMLOCK_SHORT;
}

static void memlock_add(struct host_report *report, enum host_found found, uint64_t need,
			const struct rlimit *limit)
{
	struct host_path iommufd = host_path("/dev/iommu");

	host_report_add(report, found,
			(struct host_facts){
				.need = need,
				.room = limit->rlim_cur,
				.iommufd = host_path_exists(&iommufd) ? "iommufd" : NULL,
			});
}

void host_check_memlock(struct host_report *report, const struct host_demand *demand)
{
	struct rlimit limit = { 0 };
	bool is_short = memlock_room(demand->memory, &limit) == MEMLOCK_SHORT;

	memlock_add(report, is_short ? FOUND_MEMLOCK_SHORT : FOUND_MEMLOCK, demand->memory, &limit);
}

static int memlock_raise(uint64_t need, const struct rlimit *limit)
{
	struct rlimit raised = { need, limit->rlim_max > need ? limit->rlim_max : need };

	return setrlimit(RLIMIT_MEMLOCK, &raised) < 0 ? -ENOMEM : 0;
}

int host_raise_memlock(uint64_t need)
{
	struct rlimit limit = { 0 };
	int ret = memlock_room(need, &limit) == MEMLOCK_ENOUGH ? 0 : memlock_raise(need, &limit);
	struct host_report report = { .object = MEMLOCK_OBJECT };

	if (ret == 0)
		return 0;
	memlock_add(&report, FOUND_MEMLOCK_SHORT, need, &limit);
	host_report_log_failures(&report);
	return ret;
}

/* A capability that counts now may be gone by the time the device comes. */
void host_try_memlock(uint64_t need)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur < need)
		memlock_raise(need, &limit);
}

void host_explain_memlock(uint64_t need)
{
	struct rlimit limit = { 0 };
	struct host_report report = { .object = MEMLOCK_OBJECT };

	if (host_has_capability(CAP_IPC_LOCK) || getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return;
	memlock_add(&report, FOUND_MEMLOCK_SHORT, need, &limit);
	host_report_advise(&report);
}
