/* SPDX-License-Identifier: MIT */
/*
 * vfio/host/check/host_memlock.c: the limit is raised if that is allowed, and explained if it is
 * not. The limit and the capabilities are this program's own, so that no privilege is needed to
 * change them.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "host_tree.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/host/check/host_check.h"
#include "vfio/host/check/host_memlock.h"

#define MIB (1ull << 20)

static struct {
	bool faked;
	bool privileged;
	bool may_lock; /* CAP_IPC_LOCK */
	struct rlimit limit;
} memlock;

int capget(cap_user_header_t header, cap_user_data_t data);

/* Whoever runs the tests, only the capabilities that the test gives are there. */
int capget(cap_user_header_t header, cap_user_data_t data)
{
	(void)header;
	data[0].effective = memlock.may_lock ? 1u << CAP_IPC_LOCK : 0;
	if (memlock.privileged)
		data[0].effective |= 1u << CAP_SYS_RESOURCE;
	return 0;
}

int getrlimit(__rlimit_resource_t resource, struct rlimit *limit)
{
	if (!memlock.faked || resource != RLIMIT_MEMLOCK)
		return prlimit(0, resource, NULL, limit);
	*limit = memlock.limit;
	return 0;
}

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	if (!memlock.faked || resource != RLIMIT_MEMLOCK)
		return prlimit(0, resource, limit, NULL);
	errno = limit->rlim_cur > limit->rlim_max ? EINVAL : EPERM;
	if (limit->rlim_cur > limit->rlim_max ||
	    (limit->rlim_max > memlock.limit.rlim_max && !memlock.privileged))
		return -1;
	memlock.limit = *limit;
	return 0;
}

static enum host_status examine(uint64_t need)
{
	const struct host_demand demand = { .memory = need };
	struct host_report report = { .object = "host" };
	enum host_status status;

	host_check_memlock(&report, &demand);
	ck_assert_uint_eq(report.count, 1);
	status = host_words_find(report.findings[0].found)->status;
	host_report_destroy(&report);
	return status;
}

#define NEED   (128 * MIB)
#define PLENTY (1024 * MIB)

static const struct {
	rlim_t soft, hard;
	bool privileged;
	int ret;
} limits[] = {
	{ RLIM_INFINITY, RLIM_INFINITY, false, 0 },
	{ PLENTY, PLENTY, false, 0 },
	{ 64 << 10, RLIM_INFINITY, false, 0 },
	{ 64 << 10, PLENTY, false, 0 },
	{ 64 << 10, 64 << 10, true, 0 },
	{ 64 << 10, 64 << 10, false, -ENOMEM },
	{ 64 << 10, NEED - 1, false, -ENOMEM },
	{ 0, 0, false, -ENOMEM },
};

/*
 * Afterwards the limit holds what is needed, and the hard limit is no lower than before. Or the
 * limit is untouched, and the message tells why.
 */
START_TEST(rule_20_locked_memory_limit)
{
	struct stderr_text caught;
	int ret;

	memlock.faked = true;
	memlock.privileged = limits[_i].privileged;
	memlock.limit = (struct rlimit){ limits[_i].soft, limits[_i].hard };
	/* What doctor says beforehand is what happens. */
	ck_assert_int_eq(examine(NEED), limits[_i].ret ? HOST_FAIL : HOST_OK);
	stderr_begin(&caught);
	ret = host_raise_memlock(NEED);
	stderr_end(&caught);
	ck_assert_int_eq(ret, limits[_i].ret);
	ck_assert_uint_ge(memlock.limit.rlim_max, limits[_i].hard);
	if (ret == 0) {
		ck_assert_uint_ge(memlock.limit.rlim_cur, NEED);
		ck_assert_str_eq(caught.text, "");
	} else {
		ck_assert_uint_eq(memlock.limit.rlim_cur, limits[_i].soft);
		stderr_holds(&caught, "minivmm: error: guest RAM: ");
	}
	memlock.faked = false;
}
END_TEST

/*
 * The message has the need and the limit in numbers, and lines that fix it for this shell and for
 * the next login.
 */
START_TEST(rule_20_message_says_what_to_do)
{
	struct stderr_text caught;
	const char *number;
	uint64_t need;
	int ret;

	memlock.faked = true;
	memlock.privileged = false;
	memlock.limit = (struct rlimit){ 64 << 10, 8 * MIB };
	stderr_begin(&caught);
	ret = host_raise_memlock(NEED);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOMEM);
	stderr_holds(&caught, "128 MiB");
	stderr_holds(&caught, " 64 KiB");
	stderr_holds(&caught, "/etc/security/limits.d/");
	number = strstr(caught.text, "  fix: sudo prlimit --memlock=");
	ck_assert_ptr_nonnull(number);
	need = strtoull(strchr(number, '=') + 1, NULL, 10);
	/* The lines that it prints are enough. */
	memlock.limit = (struct rlimit){ need, need };
	ret = host_raise_memlock(NEED);
	memlock.faked = false;
	ck_assert_int_eq(ret, 0);
}
END_TEST

/* VFIO does not count what such a process locks. No limit is in its way, and none is touched. */
START_TEST(rule_20_capability_needs_no_limit)
{
	memlock.faked = memlock.may_lock = true;
	memlock.privileged = false;
	memlock.limit = (struct rlimit){ 0, 0 };
	ck_assert_int_eq(host_raise_memlock(NEED), 0);
	ck_assert_uint_eq(memlock.limit.rlim_cur, 0);
	memlock.faked = memlock.may_lock = false;
}
END_TEST

/*
 * The kernel could not pin RAM, which was said. What is known of the limit is no second error; and
 * with the capability the limit was not the cause.
 */
START_TEST(rule_20_explanation_is_no_error)
{
	struct stderr_text caught;

	memlock.faked = true;
	memlock.may_lock = _i;
	memlock.limit = (struct rlimit){ 64 << 10, 64 << 10 };
	stderr_begin(&caught);
	host_explain_memlock(NEED);
	stderr_end(&caught);
	memlock.faked = memlock.may_lock = false;
	ck_assert_ptr_null(strstr(caught.text, "error"));
	if (_i) {
		ck_assert_str_eq(caught.text, "");
	} else {
		stderr_holds(&caught, "minivmm: info: guest RAM: ");
		stderr_holds(&caught, " 64 KiB");
		stderr_holds(&caught, "  fix: sudo prlimit --memlock=");
	}
}
END_TEST

/* The capability does not count in a user namespace, such as a rootless container. */
static const struct {
	const char *situation;
	enum host_status status;
} namespaces[] = {
	{ "user-namespace", HOST_FAIL },
	{ "initial-namespace", HOST_OK },
};

START_TEST(rule_20_capability_of_a_user_namespace)
{
	enum host_status status;

	host_tree_make(namespaces[_i].situation);
	memlock.faked = memlock.may_lock = memlock.privileged = true;
	memlock.limit = (struct rlimit){ 0, 0 };
	status = examine(NEED);
	memlock.faked = memlock.may_lock = memlock.privileged = false;
	host_tree_remove();
	ck_assert_int_eq(status, namespaces[_i].status);
}
END_TEST

/* A host with iommufd counts for the user, not for the process. The message says so. */
START_TEST(rule_20_iommufd_counts_otherwise)
{
	const struct host_demand demand = { .memory = NEED };
	struct host_report report = { .object = "host" };
	char *text;

	host_tree_make("ready");
	host_tree_run("touch $root/dev/iommu");
	memlock.faked = true;
	memlock.privileged = false;
	memlock.limit = (struct rlimit){ 0, 0 };
	host_check_memlock(&report, &demand);
	memlock.faked = false;
	text = host_finding_text(&report.findings[0]);
	ck_assert_ptr_nonnull(strstr(text, "with iommufd for all processes"));
	free(text);
	host_report_destroy(&report);
	host_tree_remove();
}
END_TEST

UNIT_MAIN("memlock", { rule_20_locked_memory_limit, UNIT_COUNT(limits) },
	  { rule_20_message_says_what_to_do, 0 }, { rule_20_capability_needs_no_limit, 0 },
	  { rule_20_explanation_is_no_error, 2 },
	  { rule_20_capability_of_a_user_namespace, UNIT_COUNT(namespaces) },
	  { rule_20_iommufd_counts_otherwise, 0 })
