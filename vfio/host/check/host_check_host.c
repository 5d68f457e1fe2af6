/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_check.h"
#include "vfio/host/look/host_kernel.h"

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
	const char *module = intel ? "kvm_intel" : cpuinfo_has("AuthenticAMD") ? "kvm_amd" : "kvm";

	if (cpuinfo_has(" vmx") || cpuinfo_has(" svm")) {
		host_report_add(report, HOST_FAIL, "/dev/kvm is not there: KVM is not loaded");
		host_report_fix(report, "sudo modprobe %s", module);
		return;
	}
	if (cpuinfo_has("CPU implementer")) {
		host_report_add(
			report, HOST_FAIL,
			"/dev/kvm is not there: the kernel was not started at EL2, or has no "
			"KVM");
		host_report_fix(report, "sudo dmesg | grep -i kvm   # tells which");
		return;
	}
	host_report_add(report, HOST_FAIL,
			"/dev/kvm is not there, and the CPU offers no virtualization: it is "
			"switched off in the firmware, or this is a virtual machine without it");
	host_report_fix(report, "turn %s on in the firmware setup, then: sudo modprobe %s",
			intel ? "Intel VT-x" : "virtualization (AMD: SVM)", module);
}

void host_check_kvm(struct host_report *report, const struct host_guest *guest)
{
	struct host_path path = host_path("/dev/kvm");
	int fd = open(path.text, O_RDWR | O_CLOEXEC), err = errno;

	(void)guest;
	if (fd >= 0)
		close(fd);
	if (fd < 0 && err == ENOENT) {
		check_kvm_missing(report);
	} else if (fd < 0) {
		host_report_add(report, HOST_FAIL, "/dev/kvm: %s", strerror(err));
		if (err == EACCES || err == EPERM)
			host_report_fix(report, "sudo usermod -aG kvm $USER   # then log in again");
	} else if (cpuinfo_has(" hypervisor")) {
		host_report_add(
			report, HOST_WARN,
			"/dev/kvm can be opened, but this host is a virtual machine itself: "
			"guests are slow");
	} else if (cpuinfo_has("flags") && !cpuinfo_has(" vmx") && !cpuinfo_has(" svm")) {
		host_report_add(report, HOST_WARN,
				"/dev/kvm can be opened, but the CPU shows no virtualization: "
				"somebody emulates it, guests are very slow");
	} else {
		host_report_add(report, HOST_OK, "/dev/kvm can be opened");
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
	const char *setup;
} iommu_kinds[] = {
	{ "DMAR", "GenuineIntel", "dmar", "Intel VT-d", "intel_iommu=on", "intel_iommu=off",
	  "turn VT-d (\"Virtualization Technology for Directed I/O\") on in the firmware setup" },
	{ "IVRS", "AuthenticAMD", "ivhd", "AMD-Vi", NULL, "amd_iommu=off",
	  "turn IOMMU (AMD-Vi, often below \"AMD CBS\" or \"NBIO\") on in the firmware setup" },
	{ "IORT", "CPU implementer", "smmu", "Arm SMMU", NULL, NULL,
	  "turn the SMMU on in the firmware setup" },
};

#define IOMMU_KINDS (sizeof(iommu_kinds) / sizeof(iommu_kinds[0]))

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

static void check_iommu_missing(struct host_report *report)
{
	static const char what[] = "no IOMMU: without one a device's DMA cannot be confined";
	const struct iommu_kind *kind = iommu_in_firmware();
	unsigned int cpu = 0;

	while (cpu < IOMMU_KINDS && !cpuinfo_has(iommu_kinds[cpu].cpu))
		cpu++;
	if (kind && kind->off && host_kernel_has_parameter(kind->off)) {
		host_report_add(report, HOST_FAIL, "%s. The firmware has %s, %s switches it off",
				what, kind->name, kind->off);
		host_fix_del_parameter(report, kind->off);
	} else if (host_kernel_has_parameter("iommu=off")) {
		host_report_add(report, HOST_FAIL, "%s. iommu=off switches it off", what);
		host_fix_del_parameter(report, "iommu=off");
	} else if (kind && kind->on && !host_kernel_has_parameter(kind->on)) {
		host_report_add(report, HOST_FAIL,
				"%s. The firmware has %s, the kernel leaves it off", what,
				kind->name);
		host_fix_add_parameter(report, kind->on);
	} else if (kind) {
		host_report_add(report, HOST_FAIL,
				"%s. The firmware has %s, the kernel could not "
				"start it",
				what, kind->name);
		host_report_fix(report,
				"sudo dmesg | grep -iE 'iommu|dmar|amd-vi|smmu'   # tells why");
	} else if (cpu < IOMMU_KINDS) {
		host_report_add(report, HOST_FAIL,
				"%s. The firmware shows none: %s is off, or this "
				"is a virtual machine",
				what, iommu_kinds[cpu].name);
		host_report_fix(report, "%s", iommu_kinds[cpu].setup);
		if (iommu_kinds[cpu].on && !host_kernel_has_parameter(iommu_kinds[cpu].on))
			host_fix_add_parameter(report, iommu_kinds[cpu].on);
	} else {
		host_report_add(report, HOST_FAIL, "%s", what);
		host_report_fix(report, "turn the IOMMU on in the firmware setup");
	}
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

void host_check_iommu(struct host_report *report, const struct host_guest *guest)
{
	struct host_path path = host_path("/sys/class/iommu");
	unsigned int groups = host_count_groups(), width;
	struct host_dir units;

	if (!groups) {
		check_iommu_missing(report);
		return;
	}
	host_dir_read(&units, &path);
	width = iommu_width(&units);
	if (width < 64 && guest->memory_end > 1ull << width) {
		host_report_add(report, HOST_FAIL,
				"%s translates %u bits: %#" PRIx64
				"; the guest's RAM ends at %#" PRIx64,
				iommu_name(&units), width, (uint64_t)1 << width, guest->memory_end);
		host_report_fix(report, "give the guest less RAM: --memory");
	} else {
		host_report_add(report, HOST_OK, "%s is on, %u groups", iommu_name(&units), groups);
	}
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

void host_check_remapping(struct host_report *report, const struct host_guest *guest)
{
	static const char unsafe_option[] = "allow_unsafe_interrupts";
	struct host_path path =
		host_path("/sys/module/vfio_iommu_type1/parameters/%s", unsafe_option);
	char unsafe[8];

	(void)guest;
	if (!host_count_groups())
		return;
	if (interrupts_are_remapped()) {
		host_report_add(report, HOST_OK, "interrupts of devices are remapped");
		return;
	}
	host_read_line(&path, unsafe, sizeof(unsafe));
	if (unsafe[0] == 'Y') {
		host_report_add(
			report, HOST_WARN,
			"no interrupt remapping, and %s is set: a guest can make its device "
			"send any interrupt to this host. Only for guests you trust as "
			"yourself",
			unsafe_option);
		return;
	}
	host_report_add(report, HOST_FAIL,
			"no interrupt remapping: a passed-through device could forge interrupts to "
			"this host, so the kernel refuses. (%s would let it, and let the guest do "
			"that; minivmm never sets it)",
			unsafe_option);
	if (host_kernel_has_parameter("intremap=off"))
		host_fix_del_parameter(report, "intremap=off");
	else if (host_kernel_has_parameter("noapic"))
		host_fix_del_parameter(report, "noapic");
	else
		host_report_fix(report,
				"turn interrupt remapping (with VT-d or AMD-Vi, and x2APIC) "
				"on in the firmware setup, or update the firmware");
	host_report_fix(report, "sudo dmesg | grep -i remapping   # tells why it is off");
}

/* ---- vfio-pci ---- */

static void check_vfio_not_loaded(struct host_report *report)
{
	char where[160];

	if (host_module_is_blocked(HOST_VFIO_DRIVER, where, sizeof(where))) {
		host_report_add(report, HOST_FAIL, "%s cannot be loaded: %s", HOST_VFIO_DRIVER,
				where);
		host_report_fix(report, "take that away, then: sudo modprobe %s", HOST_VFIO_DRIVER);
	} else if (host_find_module(HOST_VFIO_DRIVER) == HOST_MODULE_BUILTIN) {
		host_report_add(report, HOST_FAIL,
				"%s is built into this kernel, but is no driver of its PCI bus: "
				"see what it said at boot",
				HOST_VFIO_DRIVER);
		host_report_fix(report, "sudo dmesg | grep -i vfio");
	} else if (host_find_module(HOST_VFIO_DRIVER) == HOST_MODULE_ABSENT) {
		host_report_add(report, HOST_FAIL,
				"this kernel has no %s: distributions leave it out of kernels for "
				"virtual machines",
				HOST_VFIO_DRIVER);
		host_report_fix(report, "install the distribution's full kernel, such as Debian's "
					"linux-image-amd64 in place of linux-image-cloud-amd64");
	} else if (host_module_is_blacklisted(HOST_VFIO_DRIVER, where, sizeof(where))) {
		host_report_add(report, HOST_FAIL,
				"%s is not loaded, and will not be of itself: %s", HOST_VFIO_DRIVER,
				where);
		host_report_fix(report, "sudo modprobe %s   # works all the same",
				HOST_VFIO_DRIVER);
	} else {
		host_report_add(report, HOST_FAIL, "%s is not loaded", HOST_VFIO_DRIVER);
		host_report_fix(report, "sudo modprobe %s", HOST_VFIO_DRIVER);
	}
}

void host_check_vfio(struct host_report *report, const struct host_guest *guest)
{
	struct host_path driver = host_path("/sys/bus/pci/drivers/%s", HOST_VFIO_DRIVER);
	struct host_path node = host_path("/dev/vfio/vfio"), iommu = host_path("/dev/iommu");
	bool by_group = guest->way == HOST_WAY_GROUP ||
			(guest->way == HOST_WAY_ANY &&
			 (host_path_exists(&node) || !host_path_exists(&iommu)));

	if (!host_path_exists(&driver)) {
		check_vfio_not_loaded(report);
	} else if (by_group && !host_path_exists(&node)) {
		host_report_add(report, HOST_FAIL, "%s is loaded, but /dev/vfio/vfio is not there",
				HOST_VFIO_DRIVER);
		host_report_fix(report, "sudo modprobe vfio");
	} else if (by_group && faccessat(AT_FDCWD, node.text, R_OK | W_OK, AT_EACCESS) < 0) {
		host_report_add(report, HOST_FAIL, "/dev/vfio/vfio: %s", strerror(errno));
		host_report_fix(report, "sudo chmod 666 /dev/vfio/vfio   # harmless: it gives "
					"nothing without a group");
	} else {
		host_report_add(report, HOST_OK, "%s is %s", HOST_VFIO_DRIVER,
				host_find_module(HOST_VFIO_DRIVER) == HOST_MODULE_BUILTIN
					? "built into the kernel"
					: "loaded");
	}
}
