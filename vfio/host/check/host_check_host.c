/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_check.h"
#include "vfio/host/look/host_kernel.h"
#include "vmm/trace/macros.h"

/* What the first CPU says of itself in /proc/cpuinfo; empty where it has no such line. */
static bool cpuinfo_has(const char *word)
{
	struct host_path path = host_path("/proc/cpuinfo");
	char *text = host_read_file(&path);
	bool has = false;
	char *end;

	if (text) {
		end = strstr(text, "\n\n");
		if (end)
			*end = '\0';
		has = strstr(text, word) != NULL;
	}
	free(text);
	return has;
}

/* ---- KVM ---- */

static void check_kvm_missing(struct host_report *report)
{
	bool intel = cpuinfo_has("GenuineIntel");
	const struct host_facts facts = {
		.module = intel                         ? "kvm_intel"
			  : cpuinfo_has("AuthenticAMD") ? "kvm_amd"
							: "kvm",
		.name = intel ? "Intel VT-x" : "virtualization (AMD: SVM)",
	};

	if (cpuinfo_has(" vmx") || cpuinfo_has(" svm"))
		host_report_add(report, FOUND_KVM_NOT_LOADED, facts);
	else if (cpuinfo_has("CPU implementer"))
		host_report_add(report, FOUND_KVM_NOT_AT_EL2, facts);
	else
		host_report_add(report, FOUND_KVM_NOT_IN_CPU, facts);
}

/* /dev/kvm can be opened: is it the CPU that runs guests? */
static enum host_found check_find_kvm(void)
{
	if (cpuinfo_has(" hypervisor"))
		return FOUND_KVM_NESTED;
	if (cpuinfo_has("flags") && !cpuinfo_has(" vmx") && !cpuinfo_has(" svm"))
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

static const struct iommu_kind *iommu_of_cpu(void)
{
	for (unsigned int i = 0; i < IOMMU_KINDS; i++)
		if (cpuinfo_has(iommu_kinds[i].cpu))
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
	if (kind)
		host_report_add(report, facts.parameter ? FOUND_IOMMU_LEFT_OFF : FOUND_IOMMU_BROKEN,
				facts);
	else
		host_report_add(report, cpu ? cpu->absent : FOUND_IOMMU_ABSENT, facts);
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

/* Interrupts that an IOMMU remaps, or Arm's ITS translates, come from a controller named so. */
static bool interrupts_are_remapped(void)
{
	struct host_path path = host_path("/proc/interrupts");
	char *text = host_read_file(&path);
	bool remapped =
		text && (strstr(text, " IR-") || strstr(text, " ITS-") || strstr(text, " AMD-IR"));

	free(text);
	return remapped;
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

void host_check_remapping(struct host_report *report, const struct host_demand *demand)
{
	struct host_facts facts = { .loader = host_find_loader() };

	(void)demand;
	if (host_kernel_has_parameter("intremap=off"))
		facts.parameter = "intremap=off";
	else if (host_kernel_has_parameter("noapic"))
		facts.parameter = "noapic";
	if (!host_count_groups())
		return;
	if (interrupts_are_remapped())
		host_report_add(report, FOUND_REMAPPING, facts);
	else if (interrupts_may_be_unsafe())
		host_report_add(report, FOUND_REMAPPING_UNSAFE, facts);
	else
		host_report_add(report,
				facts.parameter ? FOUND_REMAPPING_SWITCHED_OFF
						: FOUND_REMAPPING_MISSING,
				facts);
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
	else if (host_module_is_blacklisted(HOST_VFIO_DRIVER, where, sizeof(where)))
		found = FOUND_VFIO_BLACKLISTED;
	else
		found = FOUND_VFIO_NOT_LOADED;
	host_report_add(report, found, (struct host_facts){ .where = where });
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
