/* SPDX-License-Identifier: MIT */
/*
 * Interrupt remapping: whether a passed-through device could send any interrupt to this host.
 *
 * Read beside it: Intel VT-d 3.3, chapter 5; proc(5) on interrupts.
 */
#include <stdlib.h>
#include <string.h>

#include "host_check.h"
#include "vfio/host/look/host_kernel.h"
#include "vfio/host/look/host_machine.h"
#include "vmm/trace/macros.h"

enum interrupts { INTERRUPTS_REMAPPED, INTERRUPTS_RAW, INTERRUPTS_UNSEEN };

/*
 * The name of an interrupt's chip tells who handles it. Behind an IOMMU that remaps it begins
 * with IR-; behind Arm's ITS, which translates, with ITS-. The interrupts of an IOMMU itself and
 * of the CPU are never remapped and tell nothing. An Arm host on which no device uses MSI tells
 * nothing, either.
 */
static enum interrupts interrupts_judge(const char *text)
{
	if (strstr(text, "IR-") || strstr(text, "ITS-"))
		return INTERRUPTS_REMAPPED;
	if (strstr(text, "DMAR") || strstr(text, "DMAR-MSI") || strstr(text, "AMD-Vi"))
		return INTERRUPTS_UNSEEN;
	return strstr(text, "MSI") || strstr(text, "IO-APIC") ? INTERRUPTS_RAW : INTERRUPTS_UNSEEN;
}

/* A remapped interrupt is proof; without one, a raw interrupt is. */
static enum interrupts interrupts_add(enum interrupts seen, const char *text)
{
	enum interrupts one = interrupts_judge(text);

	return one < seen ? one : seen;
}

/* Linux 4.9 and later have a folder for each interrupt, which nobody masks. */
static enum interrupts interrupts_in_sysfs(void)
{
	struct host_path path = host_path("/sys/kernel/irq");
	enum interrupts seen = INTERRUPTS_UNSEEN;
	struct host_dir dir;
	char chip[64];

	host_dir_read(&dir, &path);
	for (int i = 0; i < dir.count; i++) {
		path = host_path("/sys/kernel/irq/%s/chip_name", dir.entries[i]->d_name);
		host_read_line(&path, chip, sizeof(chip));
		seen = interrupts_add(seen, chip);
	}
	host_dir_free(&dir);
	return seen;
}

/* Container engines mask /proc/interrupts: it is empty then. */
static enum interrupts interrupts_find(void)
{
	struct host_path path = host_path("/proc/interrupts");
	char *text = host_read_file(&path), *next = text, *line;
	enum interrupts seen = INTERRUPTS_UNSEEN;

	while (next && (line = strsep(&next, "\n")))
		seen = interrupts_add(seen, line);
	free(text);
	return seen == INTERRUPTS_UNSEEN ? interrupts_in_sysfs() : seen;
}

/* Without remapping the kernel attaches no device, unless root has told it to. */
static bool interrupts_may_be_unsafe(const struct host_demand *demand)
{
	struct host_path path =
		host_path("/sys/module/%s/parameters/allow_unsafe_interrupts",
			  demand->access == HOST_ACCESS_IOMMUFD ? "iommufd" : "vfio_iommu_type1");
	char unsafe[8];

	host_read_line(&path, unsafe, sizeof(unsafe));
	return unsafe[0] == 'Y';
}

static const char *interrupts_off_parameter(void)
{
	static const char *const words[] = { "intremap=off", "nointremap", "noapic" };

	for (unsigned int i = 0; i < array_size(words); i++)
		if (host_kernel_has_parameter(words[i]))
			return words[i];
	return NULL;
}

static enum host_found interrupts_find_cause(const char *parameter)
{
	if (parameter)
		return FOUND_REMAPPING_SWITCHED_OFF;
	if (host_is_arm())
		return FOUND_REMAPPING_MISSING_ARM;
	return host_is_virtual() ? FOUND_REMAPPING_MISSING_IN_VM : FOUND_REMAPPING_MISSING;
}

void host_check_remapping(struct host_report *report, const struct host_demand *demand)
{
	const struct host_facts facts = {
		.parameter = interrupts_off_parameter(),
		.loader = host_find_loader(),
	};
	enum interrupts seen = interrupts_find();

	if (!host_count_groups())
		return;
	if (seen == INTERRUPTS_REMAPPED)
		host_report_add(report, FOUND_REMAPPING, facts);
	else if (seen == INTERRUPTS_UNSEEN)
		host_report_add(report, FOUND_REMAPPING_UNSEEN, facts);
	else if (interrupts_may_be_unsafe(demand))
		host_report_add(report, FOUND_REMAPPING_UNSAFE, facts);
	else
		host_report_add(report, interrupts_find_cause(facts.parameter), facts);
}
