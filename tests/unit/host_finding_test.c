/* SPDX-License-Identifier: MIT */
/*
 * vfio/host/check/host_finding.c and host_words*.c. Each finding has words, and the words name only
 * facts that exist. A part whose fact is missing is left out. The test also covers sizes as people
 * read them (look/host_size.c).
 */
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "vfio/host/check/host_report.h"
#include "vfio/host/look/host_size.h"

START_TEST(each_finding_has_words)
{
	const struct host_words *words = host_words_find(_i);

	ck_assert_msg(words && words->text[0], "finding %d has no words", _i);
	ck_assert_msg(host_template_is_known(words->text), "unknown fact: %s", words->text);
	ck_assert_int_eq(strchr(words->text, '[') != NULL, strchr(words->text, ']') != NULL);
	for (unsigned int i = 0; i < HOST_FIXES_MAX && words->fixes[i]; i++)
		ck_assert_msg(host_template_is_known(words->fixes[i]), "unknown fact: %s",
			      words->fixes[i]);
	ck_assert_ptr_nonnull(host_check_name(words->check));
	ck_assert_ptr_nonnull(host_found_brief((enum host_found)_i));
}
END_TEST

START_TEST(templates_within_templates_are_known)
{
	for (unsigned int i = 0; i < HOST_LOADERS; i++) {
		ck_assert(host_template_is_known(host_loader_words[i].add));
		ck_assert(host_template_is_known(host_loader_words[i].del));
		ck_assert_ptr_nonnull(strstr(host_loader_words[i].add, "{parameter}"));
		ck_assert_ptr_nonnull(strstr(host_loader_words[i].del, "{parameter}"));
	}
	for (unsigned int i = 0; i < SHARING_COUNT; i++)
		ck_assert(host_template_is_known(host_sharing_words[i]));
	ck_assert(!host_template_is_known("{nonsense}"));
	ck_assert(!host_template_is_known("{bdf"));
}
END_TEST

static void holds(char *text, const char *expected)
{
	if (!expected)
		ck_assert_ptr_null(text);
	else
		ck_assert_str_eq(text, expected);
	free(text);
}

/* Facts that are there are filled in. A part or a fix that lacks one of its facts is left out. */
START_TEST(what_is_missing_is_left_out)
{
	struct host_report report = { .object = "0000:01:00.0" };

	host_report_add(&report, FOUND_CONFIG_ALL_ONES,
			(struct host_facts){ .state = "D3cold", .status = "" });
	holds(host_finding_text(&report.findings[0]),
	      "its configuration space reads all-ones (lspci: rev ff): it is powered off, or gone "
	      "from the bus; power state D3cold");
	holds(host_finding_fix(&report.findings[0], 0),
	      "echo on | sudo tee /sys/bus/pci/devices/0000:01:00.0/power/control   # keep it "
	      "awake");
	holds(host_finding_fix(&report.findings[0], 1),
	      "echo 1 | sudo tee /sys/bus/pci/devices/0000:01:00.0/remove; echo 1 | sudo tee "
	      "/sys/bus/pci/rescan   # if that did not help: scan for it again");
	holds(host_finding_fix(&report.findings[0], 2), NULL);
	host_report_destroy(&report);
}
END_TEST

/* The same finding has another fix on another distribution. */
START_TEST(fix_depends_on_the_loader)
{
	struct host_report report = { .object = "host" };
	struct host_facts facts = { .name = "Intel VT-d", .parameter = "intel_iommu=on" };

	facts.loader = HOST_LOADER_GRUBBY;
	host_report_add(&report, FOUND_IOMMU_LEFT_OFF, facts);
	facts.loader = HOST_LOADER_UNKNOWN;
	host_report_add(&report, FOUND_IOMMU_LEFT_OFF, facts);
	holds(host_finding_fix(&report.findings[0], 0),
	      "sudo grubby --update-kernel=ALL --args=intel_iommu=on && sudo reboot");
	holds(host_finding_fix(&report.findings[1], 0),
	      "add intel_iommu=on to the kernel command line in the boot loader's settings, then "
	      "reboot");
	host_report_destroy(&report);
}
END_TEST

static const struct {
	uint64_t bytes;
	const char *text;
} sizes[] = {
	{ 0, "0 bytes" },
	{ 1, "1 bytes" },
	{ 256, "256 bytes" },
	{ 999, "999 bytes" },
	{ 1000, "0.98 KiB" },
	{ 1024, "1 KiB" },
	{ 1536, "1.5 KiB" },
	{ 16 << 10, "16 KiB" },
	{ 1023 << 10, "1 MiB" },
	{ 1234 << 10, "1.21 MiB" },
	{ 12345 << 10, "12.1 MiB" },
	{ 512ull << 20, "512 MiB" },
	{ 256ull << 30, "256 GiB" },
	{ (256ull << 30) + (32 << 20), "256 GiB" },
	{ UINT64_MAX, "16 EiB" },
};

START_TEST(sizes_have_three_digits)
{
	char text[HOST_SIZE_MAX];

	host_format_size(sizes[_i].bytes, text);
	ck_assert_str_eq(text, sizes[_i].text);
}
END_TEST

UNIT_MAIN("host_finding", { each_finding_has_words, FOUND_COUNT },
	  { templates_within_templates_are_known, 0 }, { what_is_missing_is_left_out, 0 },
	  { fix_depends_on_the_loader, 0 }, { sizes_have_three_digits, UNIT_COUNT(sizes) })
