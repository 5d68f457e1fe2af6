/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_check.h"
#include "vfio/host/look/host_kernel.h"
#include "vfio/host/look/host_machine.h"
#include "vmm/trace/macros.h"

/* ---- KVM ---- */

static void check_kvm_missing(struct host_report *report)
{
	bool intel = host_cpu_has("GenuineIntel");
	const struct host_facts facts = {
		.module = intel                          ? "kvm_intel"
			  : host_cpu_has("AuthenticAMD") ? "kvm_amd"
							 : "kvm",
		.name = intel ? "Intel VT-x" : "virtualization (AMD: SVM)",
	};

	if (host_cpu_has(" vmx") || host_cpu_has(" svm"))
		host_report_add(report, FOUND_KVM_NOT_LOADED, facts);
	else if (host_is_arm())
		host_report_add(report, FOUND_KVM_NOT_AT_EL2, facts);
	else if (host_is_virtual())
		host_report_add(report, FOUND_KVM_NOT_IN_VM, facts);
	else
		host_report_add(report, FOUND_KVM_NOT_IN_CPU, facts);
}

/* /dev/kvm can be opened: is it the CPU that runs guests? */
static enum host_found check_find_kvm(void)
{
	if (host_is_virtual())
		return FOUND_KVM_NESTED;
	if (host_cpu_has("flags") && !host_cpu_has(" vmx") && !host_cpu_has(" svm"))
		return FOUND_KVM_EMULATED;
	return FOUND_KVM;
}

void host_check_kvm(struct host_report *report, const struct host_demand *demand)
{
	struct host_path path = host_path("/dev/kvm");
	int fd = open(path.text, O_RDWR | O_CLOEXEC), err = errno;
	const struct host_facts facts = { .error = strerror(err) };

	(void)demand;
	if (fd >= 0) {
		close(fd);
		host_report_add(report, check_find_kvm(), facts);
	} else if (err == ENOENT) {
		check_kvm_missing(report);
	} else if (err == EACCES || err == EPERM) {
		host_report_add(report, FOUND_KVM_DENIED, facts);
	} else {
		host_report_add(report, FOUND_KVM_BROKEN, facts);
	}
}

/* ---- IOMMU ---- */

/* The firmware describes an IOMMU in one of these; the vendor's parameter is what switches it. */
static const struct iommu_kind {
	const char *table; /* of ACPI */
	const char *cpu;   /* in /proc/cpuinfo, when there is no table */
	const char *unit;  /* how its units are named in /sys/class/iommu */
	const char *name;
	const char *on, *off; /* kernel parameters; NULL: there is none, or no need for it */
	enum host_found absent;
} iommu_kinds[] = {
	{ "DMAR", "GenuineIntel", "dmar", "Intel VT-d", "intel_iommu=on", "intel_iommu=off",
	  FOUND_IOMMU_ABSENT_INTEL },
	{ "IVRS", "AuthenticAMD", "ivhd", "AMD-Vi", NULL, "amd_iommu=off", FOUND_IOMMU_ABSENT_AMD },
	{ "IORT", "CPU implementer", "smmu", "Arm SMMU", NULL, NULL, FOUND_IOMMU_ABSENT_ARM },
};

#define IOMMU_KINDS array_size(iommu_kinds)

static const struct iommu_kind *iommu_in_firmware(void)
{
	for (unsigned int i = 0; i < IOMMU_KINDS; i++) {
		struct host_path path =
			host_path("/sys/firmware/acpi/tables/%s", iommu_kinds[i].table);

		if (host_path_exists(&path))
			return &iommu_kinds[i];
	}
	return NULL;
}

/* Container engines mask all that the firmware tells. A machine has either of the two. */
static bool iommu_firmware_is_hidden(void)
{
	struct host_path acpi = host_path("/sys/firmware/acpi/tables");
	struct host_path tree = host_path("/sys/firmware/devicetree/base");

	return !host_path_exists(&acpi) && !host_path_exists(&tree);
}

static const struct iommu_kind *iommu_of_cpu(void)
{
	for (unsigned int i = 0; i < IOMMU_KINDS; i++)
		if (host_cpu_has(iommu_kinds[i].cpu))
			return &iommu_kinds[i];
	return NULL;
}

/* The parameter that switches the IOMMU off, or NULL. */
static const char *iommu_off_parameter(const struct iommu_kind *kind)
{
	if (kind && kind->off && host_kernel_has_parameter(kind->off))
		return kind->off;
	return host_kernel_has_parameter("iommu=off") ? "iommu=off" : NULL;
}

/* The parameter that would switch it on, or NULL. */
static const char *iommu_on_parameter(const struct iommu_kind *kind)
{
	return kind && kind->on && !host_kernel_has_parameter(kind->on) ? kind->on : NULL;
}

/* There is none, and the firmware shows none: is it off, missing, or merely not seen? */
static enum host_found iommu_find_absence(const struct iommu_kind *cpu)
{
	if (host_is_virtual())
		return host_is_arm() ? FOUND_IOMMU_ABSENT_IN_ARM_VM : FOUND_IOMMU_ABSENT_IN_VM;
	if (iommu_firmware_is_hidden())
		return FOUND_IOMMU_FIRMWARE_UNSEEN;
	return cpu ? cpu->absent : FOUND_IOMMU_ABSENT;
}

static void check_iommu_missing(struct host_report *report)
{
	const struct iommu_kind *kind = iommu_in_firmware(), *cpu = iommu_of_cpu();
	struct host_facts facts = {
		.name = kind ? kind->name : NULL,
		.parameter = iommu_off_parameter(kind),
		.loader = host_find_loader(),
	};

	if (facts.parameter) {
		host_report_add(report, FOUND_IOMMU_SWITCHED_OFF, facts);
		return;
	}
	facts.parameter = iommu_on_parameter(kind ? kind : cpu);
	if (!facts.name && cpu)
		facts.name = cpu->name;
	if (kind)
		host_report_add(report, facts.parameter ? FOUND_IOMMU_LEFT_OFF : FOUND_IOMMU_BROKEN,
				facts);
	else
		host_report_add(report, iommu_find_absence(cpu), facts);
}

/*
 * How many address bits each unit translates, the least of them; 64 where they do not tell. Intel's
 * capability register: VT-d 3.3, 11.4.2, MGAW in bits 16 to 21, less one.
 */
static unsigned int iommu_width(const struct host_dir *units)
{
	unsigned int width = 64;

	for (int i = 0; i < units->count; i++) {
		struct host_path path =
			host_path("/sys/class/iommu/%s/intel-iommu/cap", units->entries[i]->d_name);
		unsigned int bits;
		char text[32];

		if (host_read_line(&path, text, sizeof(text)) < 0)
			continue;
		bits = (unsigned int)((strtoull(text, NULL, 16) >> 16) & 0x3f) + 1;
		width = bits < width ? bits : width;
	}
	return width;
}

static const char *iommu_name(const struct host_dir *units)
{
	for (unsigned int i = 0; i < IOMMU_KINDS && units->count; i++)
		if (strncmp(units->entries[0]->d_name, iommu_kinds[i].unit,
			    strlen(iommu_kinds[i].unit)) == 0)
			return iommu_kinds[i].name;
	return "an IOMMU";
}

void host_check_iommu(struct host_report *report, const struct host_demand *demand)
{
	struct host_path path = host_path("/sys/class/iommu");
	struct host_facts facts = { .count = host_count_groups(), .end = demand->memory_end };
	struct host_dir units;

	if (!facts.count) {
		check_iommu_missing(report);
		return;
	}
	host_dir_read(&units, &path);
	facts.name = iommu_name(&units);
	facts.bits = iommu_width(&units);
	facts.reach = facts.bits < 64 ? 1ull << facts.bits : UINT64_MAX;
	host_report_add(report, facts.end > facts.reach ? FOUND_IOMMU_NARROW : FOUND_IOMMU, facts);
	host_dir_free(&units);
}

/* ---- interrupt remapping ---- */

/* Of an interrupt controller behind an IOMMU that remaps, or behind Arm's ITS, which translates. */
static bool interrupts_name_is_remapped(const char *text)
{
	return strstr(text, "IR-") || strstr(text, "ITS-") || strstr(text, "AMD-IR");
}

enum interrupts { INTERRUPTS_REMAPPED, INTERRUPTS_RAW, INTERRUPTS_UNSEEN };

/* Linux 4.9 or later has a folder for each interrupt, which nobody masks. */
static enum interrupts interrupts_in_sysfs(void)
{
	struct host_path path = host_path("/sys/kernel/irq");
	enum interrupts seen = INTERRUPTS_UNSEEN;
	struct host_dir dir;
	char chip[64];

	host_dir_read(&dir, &path);
	for (int i = 0; i < dir.count && seen != INTERRUPTS_REMAPPED; i++) {
		path = host_path("/sys/kernel/irq/%s/chip_name", dir.entries[i]->d_name);
		if (host_read_line(&path, chip, sizeof(chip)) < 0 || !strstr(chip, "MSI"))
			continue;
		seen = interrupts_name_is_remapped(chip) ? INTERRUPTS_REMAPPED : INTERRUPTS_RAW;
	}
	host_dir_free(&dir);
	return seen;
}

/* Container engines mask /proc/interrupts: it is empty then. */
static enum interrupts interrupts_find(void)
{
	struct host_path path = host_path("/proc/interrupts");
	char *text = host_read_file(&path);
	enum interrupts seen = INTERRUPTS_UNSEEN;

	if (text && text[0])
		seen = interrupts_name_is_remapped(text) ? INTERRUPTS_REMAPPED : INTERRUPTS_RAW;
	free(text);
	return seen == INTERRUPTS_UNSEEN ? interrupts_in_sysfs() : seen;
}

/* Without remapping the kernel attaches no device, unless root has told it to. */
static bool interrupts_may_be_unsafe(void)
{
	struct host_path path =
		host_path("/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts");
	char unsafe[8];

	host_read_line(&path, unsafe, sizeof(unsafe));
	return unsafe[0] == 'Y';
}

static const char *interrupts_off_parameter(void)
{
	static const char *const words[] = { "intremap=off", "noapic" };

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

	(void)demand;
	if (!host_count_groups())
		return;
	if (seen == INTERRUPTS_REMAPPED)
		host_report_add(report, FOUND_REMAPPING, facts);
	else if (seen == INTERRUPTS_UNSEEN)
		host_report_add(report, FOUND_REMAPPING_UNSEEN, facts);
	else if (interrupts_may_be_unsafe())
		host_report_add(report, FOUND_REMAPPING_UNSAFE, facts);
	else
		host_report_add(report, interrupts_find_cause(facts.parameter), facts);
}

/* ---- vfio-pci ---- */

static void check_vfio_not_loaded(struct host_report *report)
{
	enum host_module module = host_find_module(HOST_VFIO_DRIVER);
	char where[160];
	enum host_found found;

	if (host_module_is_blocked(HOST_VFIO_DRIVER, where, sizeof(where)))
		found = FOUND_VFIO_BLOCKED;
	else if (module == HOST_MODULE_BUILTIN)
		found = FOUND_VFIO_UNREGISTERED;
	else if (module == HOST_MODULE_ABSENT)
		found = FOUND_VFIO_ABSENT;
	else if (module == HOST_MODULE_UNSEEN)
		found = FOUND_VFIO_UNSEEN;
	else if (host_module_is_blacklisted(HOST_VFIO_DRIVER, where, sizeof(where)))
		found = FOUND_VFIO_BLACKLISTED;
	else
		found = FOUND_VFIO_NOT_LOADED;
	host_report_add(
		report, found,
		(struct host_facts){ .where = where, .arch = host_is_arm() ? "arm64" : "amd64" });
}

void host_check_vfio(struct host_report *report, const struct host_demand *demand)
{
	struct host_path driver = host_path("/sys/bus/pci/drivers/%s", HOST_VFIO_DRIVER);
	struct host_path node = host_path("/dev/vfio/vfio"), iommu = host_path("/dev/iommu");
	bool by_group = demand->access == HOST_ACCESS_GROUP ||
			(demand->access == HOST_ACCESS_ANY &&
			 (host_path_exists(&node) || !host_path_exists(&iommu)));

	if (!host_path_exists(&driver))
		check_vfio_not_loaded(report);
	else if (by_group && !host_path_exists(&node))
		host_report_add(report, FOUND_VFIO_WITHOUT_CONTAINER, HOST_NO_FACTS);
	else if (by_group && faccessat(AT_FDCWD, node.text, R_OK | W_OK, AT_EACCESS) < 0)
		host_report_add(report, FOUND_VFIO_DENIED,
				(struct host_facts){ .error = strerror(errno) });
	else if (host_find_module(HOST_VFIO_DRIVER) == HOST_MODULE_BUILTIN)
		host_report_add(report, FOUND_VFIO_BUILTIN, HOST_NO_FACTS);
	else
		host_report_add(report, FOUND_VFIO, HOST_NO_FACTS);
}
