/* SPDX-License-Identifier: MIT */
/*
 * vfio/host/look/host_memory.c and check/host_check_memory.c: whether a guest of 512 MiB fits
 * into what the host and its cgroups leave, and what a start says of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host_tree.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/host/check/host_doctor.h"
#include "vfio/host/look/host_memory.h"

#define MIB (1ull << 20)

static const struct host_demand demand = { .memory = 512 * MIB };

static const struct {
	const char *situation;
	enum host_found found;
	const char *words;
	const char *fix; /* NULL: there is none */
} memories[] = {
	{ "ready", FOUND_MEMORY, "7.81 GiB of memory are available", NULL },
	{ "memory-short", FOUND_MEMORY_SHORT, "needs 512 MiB of memory at once, and only 293 MiB",
	  "--memory 292M" },
	{ "memory-swaps", FOUND_MEMORY_SWAPS, "swap other programs out", NULL },
	{ "memory-unseen", FOUND_MEMORY_UNSEEN, "cannot be seen from here", "doctor" },
	{ "memory-limited", FOUND_MEMORY_LIMITED, "limit of 600 MiB leaves 400 MiB",
	  "--memory 400M" },
	{ "memory-limited-but-enough", FOUND_MEMORY, "available", NULL },
	{ "memory-limited-by-version-1", FOUND_MEMORY_LIMITED, "limit of 256 MiB leaves 206 MiB",
	  "--memory 206M" },
	{ "memory-unlimited-by-version-1", FOUND_MEMORY, "available", NULL },
	{ "memory-limited-of-root", FOUND_MEMORY_LIMITED, "limit of 256 MiB leaves 256 MiB",
	  "--memory 256M" },
	{ "memory-limit-is-nonsense", FOUND_MEMORY, "available", NULL },
	{ "memory-is-nonsense", FOUND_MEMORY_UNSEEN, "cannot be seen from here", "doctor" },
	{ "memory-in-zfs", FOUND_MEMORY, "3.79 GiB of memory are available", NULL },
	{ "memory-in-zfs-that-stays", FOUND_MEMORY_SHORT, "only 293 MiB", "--memory 292M" },
	{ "memory-strict", FOUND_MEMORY_PROMISED, "promises at most 97.7 MiB more",
	  "overcommit_memory=0" },
};

static bool is_failure(enum host_found found)
{
	return host_words_find(found)->status == HOST_FAIL;
}

START_TEST(room_for_a_guest)
{
	struct host_report report = { .object = "host" };
	char *text, *fix;

	host_tree_make(memories[_i].situation);
	host_check_memory(&report, &demand);
	ck_assert_uint_eq(report.count, 1);
	ck_assert_int_eq(report.findings[0].found, memories[_i].found);
	text = host_finding_text(&report.findings[0]);
	ck_assert_msg(strstr(text, memories[_i].words) != NULL, "%s", text);
	fix = host_finding_fix(&report.findings[0], 0);
	if (memories[_i].fix)
		ck_assert_ptr_nonnull(strstr(fix, memories[_i].fix));
	else
		ck_assert_ptr_null(fix);
	free(text);
	free(fix);
	host_report_destroy(&report);
}
END_TEST

/* A guest of 1 GiB in huge pages of 2 MiB. */
static const struct {
	const char *situation;
	enum host_found found;
	const char *fix; /* the first; NULL: there is none */
} pools[] = {
	{ "ready", FOUND_HUGE_PAGES_ABSENT, "ls /sys/kernel/mm/hugepages" },
	{ "pool-enough", FOUND_HUGE_PAGES_SHORT, "echo 712 | sudo tee" },
	{ "pool-short", FOUND_HUGE_PAGES_SHORT, "echo 912 | sudo tee" },
	{ "pool-limited", FOUND_HUGE_PAGES_LIMITED,
	  "echo max | sudo tee /sys/fs/cgroup/user.slice/hugetlb.2MB.max" },
	{ "pool-limited-by-version-1", FOUND_HUGE_PAGES_LIMITED,
	  "echo -1 | sudo tee "
	  "/sys/fs/cgroup/hugetlb/docker/1234/hugetlb.2MB.limit_in_bytes" },
	{ "pool-limited-but-enough", FOUND_HUGE_PAGES_SHORT, "echo 712 | sudo tee" },
	{ "pool-of-other-size", FOUND_HUGE_PAGES_SHORT, "--memory 1024M,hugepages=1G" },
	{ "pool-that-grows", FOUND_HUGE_PAGES_SURPLUS, "echo 512 | sudo tee" },
	{ "pool-is-nonsense", FOUND_HUGE_PAGES_ABSENT, "ls /sys/kernel/mm/hugepages" },
};

START_TEST(room_in_a_pool)
{
	const struct host_demand in_pages = { .memory = 1024 * MIB, .huge_page = 2 * MIB };
	struct host_report report = { .object = "host" };
	char *fix;

	host_tree_make(pools[_i].situation);
	host_check_memory(&report, &in_pages);
	ck_assert_uint_eq(report.count, 1);
	ck_assert_int_eq(report.findings[0].found, pools[_i].found);
	fix = host_finding_fix(&report.findings[0], 0);
	ck_assert_msg(strstr(fix, pools[_i].fix) != NULL, "%s", fix);
	free(fix);
	host_report_destroy(&report);
}
END_TEST

/* Only what is known to be too little stops a start. It says the same words. */
START_TEST(start_says_what_doctor_says)
{
	bool fails = is_failure(memories[_i].found);
	struct stderr_text caught;
	int ret;

	host_tree_make(memories[_i].situation);
	stderr_begin(&caught);
	ret = host_check_room(&demand);
	stderr_end(&caught);
	ck_assert_int_eq(ret, fails ? -ENOMEM : 0);
	if (fails)
		stderr_holds(&caught, memories[_i].words);
	else
		ck_assert_str_eq(caught.text, "");
}
END_TEST

/* The last test. */
START_TEST(trees_are_removed)
{
	host_tree_remove();
	ck_assert_str_eq(host_root(), "");
}
END_TEST

UNIT_MAIN("host_memory", { room_for_a_guest, UNIT_COUNT(memories) },
	  { room_in_a_pool, UNIT_COUNT(pools) },
	  { start_says_what_doctor_says, UNIT_COUNT(memories) }, { trees_are_removed, 0 })
