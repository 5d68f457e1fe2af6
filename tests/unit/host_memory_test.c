/* SPDX-License-Identifier: MIT */
/*
 * vfio/host/look/host_memory.c and check/host_check_memory.c: whether a guest of 512 MiB fits into
 * what the host and its cgroups leave, and what a start says of it.
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
};

static bool is_failure(enum host_found found)
{
	return host_words[found].status == HOST_FAIL;
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

/* Only what is known to be too little stops a start, with the same words. */
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
	  { start_says_what_doctor_says, UNIT_COUNT(memories) }, { trees_are_removed, 0 })
