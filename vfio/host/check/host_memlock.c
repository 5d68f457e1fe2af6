/* SPDX-License-Identifier: MIT */
#include "host_memlock.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <sys/resource.h>

#include "host_check.h"
#include "vfio/host/look/host_path.h"
#include "vmm/trace/log.h"

/* glibc has it, a header for it only libcap. */
int capget(cap_user_header_t header, cap_user_data_t data);

static bool memlock_has_capability(unsigned int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return capget(&header, data) == 0 && (data[0].effective & (1u << capability));
}

/* Room for `need` bytes without a change, with one that this process may make, or neither. */
enum memlock_room { MEMLOCK_ENOUGH, MEMLOCK_RAISABLE, MEMLOCK_SHORT };

static enum memlock_room memlock_room(uint64_t need, struct rlimit *limit)
{
	/* VFIO does not count what a process with CAP_IPC_LOCK locks. */
	if (memlock_has_capability(CAP_IPC_LOCK) || getrlimit(RLIMIT_MEMLOCK, limit) < 0 ||
	    limit->rlim_cur == RLIM_INFINITY || limit->rlim_cur >= need)
		return MEMLOCK_ENOUGH;
	if (limit->rlim_max == RLIM_INFINITY || limit->rlim_max >= need ||
	    memlock_has_capability(CAP_SYS_RESOURCE))
		return MEMLOCK_RAISABLE;
	return MEMLOCK_SHORT;
}

static void memlock_add_fixes(struct host_report *report, uint64_t need)
{
	host_report_fix(report, "sudo prlimit --memlock=%" PRIu64 " --pid $$   # this shell, now",
			need);
	host_report_fix(
		report,
		"echo \"$USER - memlock %" PRIu64
		"\" | sudo tee /etc/security/limits.d/minivmm.conf   # from the next login on",
		need >> 10);
	host_report_fix(report,
			"LimitMEMLOCK=%" PRIu64 "   # in the unit file of a systemd service", need);
}

static void memlock_add_shortage(struct host_report *report, uint64_t need,
				 const struct rlimit *limit)
{
	struct host_path iommufd = host_path("/dev/iommu");

	host_report_add(report, HOST_FAIL,
			"passing a device through needs %" PRIu64
			" KiB of locked memory (the guest's RAM), the limit (ulimit -l, "
			"RLIMIT_MEMLOCK) is %" PRIu64 " KiB for each process%s",
			need >> 10, (uint64_t)limit->rlim_cur >> 10,
			host_path_exists(&iommufd)
				? ", and by iommufd for all processes of the user together"
				: "");
	memlock_add_fixes(report, need);
}

void host_check_memlock(struct host_report *report, const struct host_guest *guest)
{
	struct rlimit limit = { 0 };

	if (memlock_room(guest->memory, &limit) == MEMLOCK_SHORT)
		memlock_add_shortage(report, guest->memory, &limit);
	else
		host_report_add(report, HOST_OK, "%" PRIu64 " MiB of guest RAM may be locked",
				guest->memory >> 20);
}

int host_raise_memlock(uint64_t need)
{
	struct host_report report = { .object = "guest RAM", .check = "memlock" };
	struct rlimit limit = { 0 }, raised;

	if (memlock_room(need, &limit) == MEMLOCK_ENOUGH)
		return 0;
	raised.rlim_cur = need;
	raised.rlim_max = limit.rlim_max > need ? limit.rlim_max : need;
	if (setrlimit(RLIMIT_MEMLOCK, &raised) == 0)
		return 0;
	memlock_add_shortage(&report, need, &limit);
	host_report_log(&report, &report.findings[0]);
	host_report_destroy(&report);
	return -ENOMEM;
}

void host_explain_memlock(uint64_t need)
{
	struct host_report report = { .object = "guest RAM", .check = "memlock" };
	struct rlimit limit = { 0 };

	getrlimit(RLIMIT_MEMLOCK, &limit);
	memlock_add_shortage(&report, need, &limit);
	host_report_log(&report, &report.findings[0]);
	host_report_destroy(&report);
}
