/* SPDX-License-Identifier: MIT */
#include "options_qemu.h"

#include <fnmatch.h>
#include <string.h>

#include "options_qemu_words.h"
#include "vmm/guest_ram.h"
#include "vmm/trace/macros.h"

/* What -device asks for beside vfio-pci, by the model's name. */
static const struct qemu_word qemu_devices[] = {
	{ "device", "pxb*", QEMU_NOTED, ONE_ROOT },
	{ "device", "pci-bridge*", QEMU_NOTED, ONE_ROOT },
	{ "device", "pcie-pci-bridge", QEMU_NOTED, ONE_ROOT },
	{ "device", "i82801b11-bridge", QEMU_NOTED, ONE_ROOT },
	{ "device", "x3130-upstream", QEMU_NOTED,
	  "a guest has no switches: their downstream ports are root ports; ignored" },
	{ "device", "virtio-serial*", QEMU_NOTED, "there is no agent to talk to; ignored" },
	{ "device", "virtserialport", QEMU_NOTED, "there is no agent to talk to; ignored" },
	{ "device", "vmcoreinfo", QEMU_NOTED, "ignored" },
	{ "device", "vmgenid", QEMU_NOTED, "ignored" },
	{ "device", "isa-debugcon", QEMU_NOTED, "ignored" },
	{ "device", "ib700", QEMU_NOTED, "a guest has no watchdog; ignored" },
	{ "device", "i6300esb", QEMU_NOTED, "a guest has no watchdog; ignored" },
	{ "device", "itco-wdt", QEMU_NOTED, "a guest has no watchdog; ignored" },
	{ "device", "virtio-balloon*", QEMU_NOTED, "a guest has all of its RAM; ignored" },
	{ "device", "virtio-rng*", QEMU_NOTED, "a guest has the CPU's random numbers; ignored" },
	{ "device", "pvpanic*", QEMU_SILENT, NULL },
	{ "device", "i8042", QEMU_NOTED, "minivmm emulates no keyboard; ignored" },
	{ "device", "vmmouse", QEMU_NOTED, "minivmm emulates no mouse; ignored" },
	{ "device", "sga", QEMU_NOTED, "a guest's console is a serial port anyway; ignored" },
	{ "device", "isa-parallel", QEMU_NOTED, "a guest has no parallel port; ignored" },
	{ "device", "acpi-erst", QEMU_NOTED, "a guest keeps no record of its errors; ignored" },
	{ "device", "*ipmi*", QEMU_NOTED, "a guest has no board controller; ignored" },
	{ "device", "vmbus-bridge", QEMU_NOTED, "a guest sees KVM and not Hyper-V; ignored" },
	{ "device", "hv-*", QEMU_NOTED, "a guest sees KVM and not Hyper-V; ignored" },
	{ "device", "virtconsole", QEMU_REFUSED,
	  "the guest's console is a serial port: console=ttyS0" },
	{ "device", "pci-serial*", QEMU_REFUSED,
	  "a guest has one serial port: --console, or -device isa-serial" },
	{ "device", "virtio-blk*", QEMU_REFUSED, USE_DISK },
	{ "device", "virtio-scsi*", QEMU_REFUSED, USE_DISK },
	{ "device", "scsi-*", QEMU_REFUSED, USE_DISK },
	{ "device", "ide-*", QEMU_REFUSED, USE_DISK },
	{ "device", "*ahci*", QEMU_REFUSED, USE_DISK },
	{ "device", "nvme*", QEMU_REFUSED, USE_DISK },
	{ "device", "*scsi*", QEMU_REFUSED, USE_DISK },
	{ "device", "lsi*", QEMU_REFUSED, USE_DISK },
	{ "device", "am53c974", QEMU_REFUSED, USE_DISK },
	{ "device", "dc390", QEMU_REFUSED, USE_DISK },
	{ "device", "megasas*", QEMU_REFUSED, USE_DISK },
	{ "device", "mptsas*", QEMU_REFUSED, USE_DISK },
	{ "device", "*-ide", QEMU_REFUSED, USE_DISK },
	{ "device", "floppy", QEMU_REFUSED, USE_DISK },
	{ "device", "isa-fdc", QEMU_REFUSED, USE_DISK },
	{ "device", "sd*", QEMU_REFUSED, USE_DISK },
	{ "device", "*dimm", QEMU_REFUSED, "use --memory SIZE: all RAM is there from the start" },
	{ "device", "*loader", QEMU_REFUSED, "use --kernel FILE and --initrd FILE" },
	{ "device", "*-cpu", QEMU_REFUSED, "use --cpus N: all CPUs are there from the start" },
	{ "device", "vhost-user-*", QEMU_REFUSED, "use --vhost-user blk|fs|net,socket=PATH" },
	{ "device", "vfio-user-pci", QEMU_REFUSED, "use --vfio-user SOCKET" },
	{ "device", "virtio-net*", QEMU_REFUSED, USE_NET },
	{ "device", "e1000*", QEMU_REFUSED, USE_NET },
	{ "device", "rtl8139", QEMU_REFUSED, USE_NET },
	{ "device", "igb", QEMU_REFUSED, USE_NET },
	{ "device", "virtio-iommu*", QEMU_REFUSED, NO_IOMMU },
	{ "device", "amd-iommu*", QEMU_REFUSED, NO_IOMMU },
	{ "device", "AMDVI-PCI", QEMU_REFUSED, NO_IOMMU },
	{ "device", "arm-smmuv3*", QEMU_REFUSED, NO_IOMMU },
	{ "device", "virtio-keyboard*", QEMU_REFUSED, USE_USB },
	{ "device", "virtio-mouse*", QEMU_REFUSED, USE_USB },
	{ "device", "virtio-tablet*", QEMU_REFUSED, USE_USB },
	{ "device", "virtio-input-host*", QEMU_REFUSED, USE_USB },
	{ "device", "*ohci*", QEMU_REFUSED, USE_USB },
	{ "device", "*uhci*", QEMU_REFUSED, USE_USB },
	{ "device", "tpm-*", QEMU_REFUSED, "minivmm has no TPM" },
	{ "device", "isa-applesmc", QEMU_REFUSED,
	  "minivmm emulates no Apple machine: macOS does not start in it" },
	{ "device", "vmxnet3", QEMU_REFUSED, USE_NET },
	{ "device", "ne2k*", QEMU_REFUSED, USE_NET },
	{ "device", "pcnet", QEMU_REFUSED, USE_NET },
	{ "device", "i82[58]*", QEMU_REFUSED, USE_NET },
	{ "device", "pvrdma", QEMU_REFUSED, USE_NET },
	{ "device", "rocker", QEMU_REFUSED, USE_NET },
	{ "device", "ccid-*", QEMU_REFUSED, USE_USB },
	{ "device", "u2f-*", QEMU_REFUSED, USE_USB },
	{ "device", "cxl-*", QEMU_REFUSED, "minivmm has no CXL; a PCI device is --vfio BDF" },
	{ "device", "p*-testdev", QEMU_REFUSED, "use --testdev: minivmm has one of its own" },
	{ "device", "tulip", QEMU_REFUSED, USE_NET },
	{ "device", "vhost-vsock*", QEMU_REFUSED,
	  "minivmm has no sockets between host and guest: use a network" },
	{ "device", "vfio-ap", QEMU_REFUSED, "only PCI devices are passed through" },
	{ "device", "vfio-ccw", QEMU_REFUSED, "only PCI devices are passed through" },
	{ "device", "vfio-*platform*", QEMU_REFUSED, "only PCI devices are passed through" },
	{ "device", "vfio-*-xg*", QEMU_REFUSED, "only PCI devices are passed through" },
	{ "device", "vfio-pci-igd*", QEMU_REFUSED,
	  "an integrated GPU is a second one here: leave this bridge out" },
	{ "device", "pci-assign", QEMU_REFUSED,
	  "use --vfio BDF: this was KVM's own passthrough, before VFIO" },
	{ "device", "virtio-9p*", QEMU_REFUSED, "use --share DIR" },
	{ "device", "virtio-vga*", QEMU_REFUSED, USE_GPU },
	{ "device", "virtio-gpu*", QEMU_REFUSED, USE_GPU },
	{ "device", "qxl*", QEMU_REFUSED, USE_GPU },
	{ "device", "*VGA*", QEMU_REFUSED, USE_GPU },
	{ "device", "ramfb", QEMU_REFUSED, USE_GPU },
	{ "device", "bochs-display", QEMU_REFUSED, USE_GPU },
	{ "device", "ivshmem*", QEMU_REFUSED,
	  "minivmm shares no memory with other programs: a GPU's picture is at its own "
	  "output" },
	{ "device", "intel-iommu*", QEMU_REFUSED, NO_IOMMU },
	{ "device", "*hda*", QEMU_REFUSED, USE_SOUND },
	{ "device", "ac97", QEMU_REFUSED, USE_SOUND },
	{ "device", "es1370", QEMU_REFUSED, USE_SOUND },
	{ "device", "sb16", QEMU_REFUSED, USE_SOUND },
	{ "device", "adlib", QEMU_REFUSED, USE_SOUND },
	{ "device", "gus", QEMU_REFUSED, USE_SOUND },
	{ "device", "*usb*", QEMU_REFUSED, USE_USB },
	{ "device", "*xhci*", QEMU_REFUSED, USE_USB },
	{ "device", "*ehci*", QEMU_REFUSED, USE_USB },
	{ "device", "virtio-*", QEMU_REFUSED,
	  "minivmm emulates none; --disk, --share and --vhost-user are what it has" },
	{ "device", "*", QEMU_REFUSED,
	  "only vfio-pci,host=BDF is known: minivmm emulates no devices, it passes them through" },
};

/* What -object makes beside iommufd, by its type. */
static const struct qemu_word qemu_objects[] = {
	{ "object", "memory-backend-ram", QEMU_SILENT, NULL },
	{ "object", "memory-backend-memfd", QEMU_SILENT, NULL },
	{ "object", "memory-backend-file", QEMU_SILENT, NULL },
	{ "object", "memory-backend-shm", QEMU_SILENT, NULL },
	{ "object", "rng-*", QEMU_SILENT, NULL },
	{ "object", "iothread", QEMU_SILENT, NULL },
	{ "object", "thread-context", QEMU_NOTED, "--cpus N,pin=LIST places CPUs; ignored" },
	{ "object", "throttle-group", QEMU_NOTED, "ignored" },
	{ "object", "secret*", QEMU_SILENT, NULL },
	{ "object", "tls-*", QEMU_SILENT, NULL },
	{ "object", "authz-*", QEMU_SILENT, NULL },
	{ "object", "input-*", QEMU_REFUSED, USE_USB },
	{ "object", "filter-*", QEMU_REFUSED, USE_NET },
	{ "object", "colo-compare", QEMU_REFUSED, USE_NET },
	{ "object", "pr-manager-helper", QEMU_REFUSED, USE_DISK },
	{ "object", "monitor-*", QEMU_NOTED, USE_QMP },
	{ "object", "dbus-vmstate", QEMU_REFUSED,
	  "a guest with a passed-through device does not migrate" },
	{ "object", "x-remote-object", QEMU_REFUSED,
	  "a device that is a program is --vfio-user SOCKET" },
	{ "object", "qtest", QEMU_REFUSED,
	  "a guest runs on KVM; --testdev adds a device for tests" },
	{ "object", "can-*", QEMU_REFUSED, "minivmm emulates no CAN bus" },
	{ "object", "cryptodev-*", QEMU_REFUSED, "minivmm emulates no crypto device" },
	{ "object", "acpi-generic-*", QEMU_NOTED, "a guest has one NUMA node; ignored" },
	{ "object", "main-loop", QEMU_SILENT, NULL },
	{ "object", "sev-*", QEMU_REFUSED, NOT_CONFIDENTIAL },
	{ "object", "tdx-*", QEMU_REFUSED, NOT_CONFIDENTIAL },
	{ "object", "*", QEMU_REFUSED, "only iommufd,id=ID is known" },
};

/* A line of libvirt's has a dozen root ports: one word about them is enough. */
static bool qemu_said(struct config *config, const struct qemu_word *word)
{
	for (unsigned int i = 0; i < config->noted_count; i++)
		if (config->noted[i] == word)
			return true;
	if (config->noted_count < OPTIONS_NOTED_MAX)
		config->noted[config->noted_count++] = word;
	return false;
}

/* The first row that fits; the last one fits all. */
static int qemu_judge_kind(struct config *config, const struct qemu_word *word, const char *kind)
{
	while (fnmatch(word->pattern, kind, FNM_CASEFOLD) != 0)
		word++;
	if (word->verdict == QEMU_NOTED && qemu_said(config, word))
		return 0;
	return options_qemu_say(word, kind);
}

int options_qemu_judge_device(struct config *config, const char *model)
{
	return qemu_judge_kind(config, qemu_devices, model);
}

/* Where hugetlbfs is mounted is told by its name alone: /dev/hugepages, /hugepages, /mnt/huge. */
static bool object_is_huge(const char *type, const char *words)
{
	const char *path = strstr(words, "mem-path="), *huge = path ? strstr(path, "huge") : NULL;

	if (strcmp(type, "memory-backend-file") == 0)
		return huge && huge < path + strcspn(path, ",");
	return strcmp(type, "memory-backend-memfd") == 0 &&
	       fnmatch("*hugetlb=[oyt][nre]*", words, 0) == 0;
}

/* Where guest RAM is a file in hugetlbfs, it shall be made of huge pages. */
int options_qemu_judge_object(struct config *config, const char *type, const char *words)
{
	if (words && object_is_huge(type, words))
		config->huge_page = strstr(words, "hugetlbsize=1G") ? 1ull << 30 : RAM_HUGE_DEFAULT;
	return qemu_judge_kind(config, qemu_objects, type);
}
