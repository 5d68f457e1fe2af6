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

/* Makers of CPUs with virtualization. If it is switched off, the flag is missing, too. */
static const char *kvm_module(void)
{
	static const char *const intel[] = { " vmx", "GenuineIntel", "CentaurHauls", "Shanghai" };
	static const char *const amd[] = { " svm", "AuthenticAMD", "HygonGenuine" };

	for (unsigned int i = 0; i < array_size(intel); i++)
		if (host_cpu_has(intel[i]))
			return "kvm_intel";
	for (unsigned int i = 0; i < array_size(amd); i++)
		if (host_cpu_has(amd[i]))
			return "kvm_amd";
	return "kvm";
}

/* A running KVM has told the kernel of its file. If that is missing, it is missing only here. */
static bool kvm_is_registered(void)
{
	struct host_path path = host_path("/sys/devices/virtual/misc/kvm");

	return host_path_exists(&path);
}

static enum host_found kvm_find_absence(void)
{
	if (kvm_is_registered())
		return FOUND_KVM_NO_FILE;
	if (host_is_xen_control())
		return FOUND_KVM_UNDER_XEN;
	if (host_cpu_has(" vmx") || host_cpu_has(" svm"))
		return host_is_container() ? FOUND_KVM_UNSEEN : FOUND_KVM_NOT_LOADED;
	if (host_is_arm())
		return FOUND_KVM_NOT_AT_EL2;
	if (host_is_virtual())
		return FOUND_KVM_NOT_IN_VM;
	/* Without its list of features a CPU says nothing of virtualization. */
	return host_cpu_has("flags") ? FOUND_KVM_NOT_IN_CPU : FOUND_KVM_NOT_LOADED;
}

static void check_kvm_missing(struct host_report *report, int err)
{
	const char *module = kvm_module();
	char error[64] = "is not there";

	if (err != ENOENT)
		snprintf(error, sizeof(error), "cannot be opened (%s)", strerror(err));
	host_report_add(report, kvm_find_absence(),
			(struct host_facts){
				.module = module,
				.error = error,
				.name = strcmp(module, "kvm_intel") == 0
						? "Intel VT-x"
						: "virtualization (AMD: SVM)",
				.monitor = host_find_monitor(),
			});
}

/*
 * The refusal does not come from permissions that everybody sees, but from a rule of the
 * container or the kernel.
 */
static enum host_found kvm_find_denial(const struct host_path *path, int err)
{
	if (err == EPERM)
		return FOUND_KVM_NOT_ALLOWED;
	return host_mode_permits(path) ? FOUND_KVM_GUARDED : FOUND_KVM_DENIED;
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
	} else if (err == ENOENT || err == ENODEV || err == ENXIO) {
		check_kvm_missing(report, err);
	} else if (err == EACCES || err == EPERM) {
		host_report_add(report, kvm_find_denial(&path, err), facts);
	} else {
		host_report_add(report, FOUND_KVM_BROKEN, facts);
	}
}

/* ---- IOMMU ---- */

/*
 * The firmware describes an IOMMU in one of these tables. The vendor's parameter switches it on
 * or off.
 */
static const struct iommu_kind {
	const char *table; /* the name of the ACPI table */
	const char *cpu;   /* the vendor in /proc/cpuinfo, for a host without a table */
	const char *unit;  /* how its units are named in /sys/class/iommu */
	const char *name;
	const char *on, *off; /* kernel parameters; NULL if there is none or none is needed */
	enum host_found absent;
} iommu_kinds[] = {
	{ "DMAR", "GenuineIntel", "dmar", "Intel VT-d", "intel_iommu=on", "intel_iommu=off",
	  FOUND_IOMMU_ABSENT_INTEL },
	{ "IVRS", "AuthenticAMD", "ivhd", "AMD-Vi", NULL, "amd_iommu=off", FOUND_IOMMU_ABSENT_AMD },
	{ "IORT", "CPU implementer", "smmu", "Arm SMMU", NULL, NULL, FOUND_IOMMU_ABSENT_ARM },
	{ "VIOT", "?", "virtio", "virtio-iommu", NULL, NULL, FOUND_IOMMU_ABSENT },
};

#define IOMMU_KINDS array_size(iommu_kinds)
#define IOMMU_ARM   2 /* the row of the SMMU */

#define IORT_NODES    36 /* where the offset of the first node stands */
#define IORT_LENGTH   1  /* bytes of a node */
#define IORT_SMMU     3
#define IORT_SMMU_V3  4
#define IORT_SIZE_MAX 65536

/* Arm's table of all that DMA and interrupts go through (DEN0049E). SMMUs may be among it. */
static bool iort_has_smmu(const uint8_t *table, unsigned int size)
{
	uint32_t at;

	if (size < IORT_NODES + 4)
		return false;
	memcpy(&at, table + IORT_NODES, sizeof(at));
	while (at <= size - 4) {
		unsigned int length = table[at + IORT_LENGTH] | table[at + IORT_LENGTH + 1] << 8;

		if (table[at] == IORT_SMMU || table[at] == IORT_SMMU_V3)
			return true;
		if (length < 4 || length > size - at)
			return false;
		at += length;
	}
	return false;
}

/*
 * A table that may not be read does not count, if it may hold no IOMMU at all. The other tables
 * exist for IOMMUs alone.
 */
static bool iommu_table_has_unit(const struct host_path *path, const char *table)
{
	uint8_t bytes[IORT_SIZE_MAX];
	int size;

	if (strcmp(table, "IORT") != 0)
		return true;
	size = host_read_bytes(path, bytes, sizeof(bytes));
	return size > 0 && iort_has_smmu(bytes, (unsigned int)size);
}

static const struct iommu_kind *iommu_in_firmware(void)
{
	for (unsigned int i = 0; i < IOMMU_KINDS; i++) {
		struct host_path path =
			host_path("/sys/firmware/acpi/tables/%s", iommu_kinds[i].table);

		if (host_path_exists(&path) && iommu_table_has_unit(&path, iommu_kinds[i].table))
			return &iommu_kinds[i];
	}
	return host_find_smmu_node() == HOST_SMMU_THERE ? &iommu_kinds[IOMMU_ARM] : NULL;
}

/*
 * Container engines mask all that the firmware tells. A machine has either ACPI or a device tree.
 */
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

/* The parameter on the command line that switches the IOMMU off, or NULL. */
static const char *iommu_off_parameter(const struct iommu_kind *kind)
{
	static const char *const words[] = { "iommu=off", "acpi=off" };

	if (kind && kind->off && host_kernel_has_parameter(kind->off))
		return kind->off;
	for (unsigned int i = 0; i < array_size(words); i++)
		if (host_kernel_has_parameter(words[i]))
			return words[i];
	return NULL;
}

/* The parameter that would switch it on, or NULL. */
static const char *iommu_on_parameter(const struct iommu_kind *kind)
{
	return kind && kind->on && !host_kernel_has_parameter(kind->on) ? kind->on : NULL;
}

/* The kernel has no IOMMU. Find out whether it is switched off, missing, or only unseen. */
static enum host_found iommu_find_absence(const struct iommu_kind *cpu)
{
	if (host_is_virtual() && host_is_arm())
		return FOUND_IOMMU_ABSENT_IN_ARM_VM;
	if (host_is_virtual())
		return FOUND_IOMMU_ABSENT_IN_VM;
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
		.monitor = host_find_monitor(),
	};
	struct host_path groups = host_path("/sys/kernel/iommu_groups");

	if (host_is_xen_control()) {
		host_report_add(report, FOUND_IOMMU_UNDER_XEN, facts);
		return;
	}
	if (!host_path_exists(&groups) && !host_pci_is_visible()) {
		host_report_add(report, FOUND_IOMMU_UNSEEN, facts);
		return;
	}
	if (facts.parameter) {
		host_report_add(report, FOUND_IOMMU_SWITCHED_OFF, facts);
		return;
	}
	if (!kind && host_find_smmu_node() == HOST_SMMU_DISABLED) {
		host_report_add(report, FOUND_IOMMU_OFF_IN_TREE, facts);
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
 * Returns how many address bits the units translate, the least of them; 64 if they do not tell.
 * Intel's capability register: VT-d 3.3, 11.4.2, MGAW in bits 16 to 21, minus one.
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

/* ---- vfio-pci ---- */

/* With a vendor's VFIO driver there is no need for vfio-pci beside it. */
static int check_visit_vfio(const struct host_device *device, void *arg)
{
	bool other = host_has_vfio_driver(device) && strcmp(device->driver, HOST_VFIO_DRIVER) != 0;

	if (other)
		strcpy(arg, device->driver);
	return other;
}

static void check_vfio_not_loaded(struct host_report *report)
{
	enum host_module module = host_find_module(HOST_VFIO_DRIVER);
	char where[160], other[HOST_DRIVER_MAX] = "";
	enum host_found found;

	if (host_for_each_device(check_visit_vfio, other))
		found = FOUND_VFIO_OTHER;
	else if (host_module_is_blocked(HOST_VFIO_DRIVER, where, sizeof(where)))
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
	host_report_add(report, found,
			(struct host_facts){
				.where = where,
				.driver = other,
				.arch = host_is_arm() ? "arm64" : "amd64",
			});
}

/*
 * modprobe loads it after vfio, which other programs that load modules do not. Where iommufd stands
 * in for it, it is not needed.
 */
static bool check_lacks_type1(void)
{
	struct host_path vfio = host_path("/sys/module/vfio");
	struct host_path type1 = host_path("/sys/module/vfio_iommu_type1");
	struct host_path iommufd = host_path("/dev/iommu");

	return host_path_exists(&vfio) && !host_path_exists(&type1) && !host_path_exists(&iommufd);
}

void host_check_vfio(struct host_report *report, const struct host_demand *demand)
{
	struct host_path driver = host_path("/sys/bus/pci/drivers/%s", HOST_VFIO_DRIVER);
	struct host_path node = host_path("/dev/vfio/vfio"), iommu = host_path("/dev/iommu");
	bool by_group = demand->access == HOST_ACCESS_GROUP ||
			(demand->access == HOST_ACCESS_ANY &&
			 (host_path_exists(&node) || !host_path_exists(&iommu)));

	if (!host_pci_is_visible()) /* the check of the IOMMU reports it */
		return;
	if (!host_path_exists(&driver))
		check_vfio_not_loaded(report);
	else if (by_group && !host_path_exists(&node))
		host_report_add(report,
				host_is_container() ? FOUND_VFIO_NOT_GIVEN
						    : FOUND_VFIO_WITHOUT_CONTAINER,
				HOST_NO_FACTS);
	else if (by_group && faccessat(AT_FDCWD, node.text, R_OK | W_OK, AT_EACCESS) < 0)
		host_report_add(report, FOUND_VFIO_DENIED,
				(struct host_facts){ .error = strerror(errno) });
	else if (by_group && check_lacks_type1())
		host_report_add(report, FOUND_VFIO_WITHOUT_TYPE1, HOST_NO_FACTS);
	else if (host_find_module(HOST_VFIO_DRIVER) == HOST_MODULE_BUILTIN)
		host_report_add(report, FOUND_VFIO_BUILTIN, HOST_NO_FACTS);
	else
		host_report_add(report, FOUND_VFIO, HOST_NO_FACTS);
}
