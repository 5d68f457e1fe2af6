/* SPDX-License-Identifier: MIT */
/* The words for the host as a whole: KVM, the IOMMU, interrupt remapping and VFIO. */
#include "host_words_tables.h"

#define NO_IOMMU "no IOMMU: without one a device's DMA cannot be confined"
#define NO_REMAPPING                                                                               \
	"no interrupt remapping: a passed-through device could forge interrupts to this host, so " \
	"the kernel refuses. (With allow_unsafe_interrupts the kernel would allow it, and a "      \
	"guest could do that; minivmm never sets it.)"
#define WHY_NO_REMAPPING "sudo dmesg | grep -i remapping   # tells why it is off"

const struct host_words host_words_of_host[FOUND_COUNT] = {
	[FOUND_KVM] = {
		CHECK_KVM, HOST_OK,
		.text = "/dev/kvm can be opened",
	},
	[FOUND_KVM_NESTED] = {
		CHECK_KVM, HOST_WARN,
		.text = "/dev/kvm can be opened, but this host is a virtual machine itself: "
			"guests are slow",
	},
	[FOUND_KVM_EMULATED] = {
		CHECK_KVM, HOST_WARN,
		.text = "/dev/kvm can be opened, but the CPU shows no virtualization: it is "
			"emulated, so guests are very slow",
	},
	[FOUND_KVM_NOT_LOADED] = {
		CHECK_KVM, HOST_FAIL,
		.text = "/dev/kvm {error}: KVM is not loaded",
		.fixes = {
			"sudo modprobe {module}",
			"sudo dmesg | grep -iE 'kvm|svm|vmx'   # if that fails, this tells why: "
			"it may be switched off in the firmware",
		},
	},
	[FOUND_KVM_UNSEEN] = {
		CHECK_KVM, HOST_FAIL, SEER_OUTSIDE,
		.text = "/dev/kvm {error} in this container; whether the host has KVM cannot be "
			"seen from here",
		.fixes = {
			"give the file to the container, such as by --device /dev/kvm",
			"sudo modprobe {module}   # outside, if it is not there either",
		},
	},
	[FOUND_KVM_NO_FILE] = {
		CHECK_KVM, HOST_FAIL,
		.text = "KVM is loaded, but /dev/kvm {error}: this is a container that was not "
			"given the file, or udev does not run",
		.fixes = {
			"give the file to the container, such as by --device /dev/kvm",
			"sudo udevadm trigger -s misc   # where it is no container",
		},
	},
	[FOUND_KVM_UNDER_XEN] = {
		CHECK_KVM, HOST_FAIL,
		.text = "/dev/kvm {error}: this is Xen's dom0, and Xen keeps virtualization for "
			"itself",
		.fixes = { "start this system without Xen: choose the entry without it in the boot "
			   "menu" },
	},
	[FOUND_KVM_NOT_AT_EL2] = {
		CHECK_KVM, HOST_FAIL,
		.text = "/dev/kvm {error}: the kernel was not started at EL2, or has no KVM",
		.fixes = { "sudo dmesg | grep -i kvm   # tells which" },
	},
	[FOUND_KVM_NOT_IN_CPU] = {
		CHECK_KVM, HOST_FAIL,
		.text = "/dev/kvm {error}, and the CPU offers no virtualization: it is "
			"switched off in the firmware, or this is a virtual machine without it",
		.fixes = { "turn {name} on in the firmware setup, then: sudo modprobe {module}" },
	},
	[FOUND_KVM_NOT_IN_VM] = {
		CHECK_KVM, HOST_FAIL,
		.text = "/dev/kvm {error}: this host is a virtual machine, and its own "
			"monitor shows it no virtualization",
		.fixes = { "{give_kvm}", "sudo modprobe {module}   # here, after that" },
	},
	[FOUND_KVM_DENIED] = {
		CHECK_KVM, HOST_FAIL,
		.text = "/dev/kvm: {error}",
		.fixes = { "sudo usermod -aG kvm $USER   # then log in again" },
	},
	[FOUND_KVM_GUARDED] = {
		CHECK_KVM, HOST_FAIL,
		.text = "/dev/kvm: {error}, " GUARDED,
		.fixes = { WHICH_GUARD },
	},
	[FOUND_KVM_NOT_ALLOWED] = {
		CHECK_KVM, HOST_FAIL,
		.text = "/dev/kvm: {error}: the container, or the service, is not allowed to open "
			"it",
		.fixes = {
			"allow it: --device /dev/kvm of a container, DeviceAllow=/dev/kvm rw of a "
			"systemd service",
		},
	},
	[FOUND_KVM_BROKEN] = {
		CHECK_KVM, HOST_FAIL,
		.text = "/dev/kvm: {error}",
	},

	[FOUND_IOMMU] = {
		CHECK_IOMMU, HOST_OK,
		.text = "{name} is on, {count} groups",
	},
	[FOUND_IOMMU_NARROW] = {
		CHECK_IOMMU, HOST_FAIL,
		.text = "{name} translates {bits} bits: {reach}; the guest's RAM ends at {end}",
		.fixes = { LESS_RAM },
	},
	[FOUND_IOMMU_SWITCHED_OFF] = {
		CHECK_IOMMU, HOST_FAIL,
		.text = NO_IOMMU ". [The firmware has {name}, ]{parameter} switches it off",
		.fixes = { "{del}" },
	},
	[FOUND_IOMMU_LEFT_OFF] = {
		CHECK_IOMMU, HOST_FAIL,
		.text = NO_IOMMU ". The firmware has {name}, but the kernel leaves it off",
		.fixes = { "{add}" },
	},
	[FOUND_IOMMU_BROKEN] = {
		CHECK_IOMMU, HOST_FAIL,
		.text = NO_IOMMU ". The firmware has {name}, but the kernel could not start it",
		.fixes = { "sudo dmesg | grep -iE 'iommu|dmar|amd-vi|smmu'   # tells why" },
	},
	[FOUND_IOMMU_ABSENT] = {
		CHECK_IOMMU, HOST_FAIL,
		.text = NO_IOMMU,
		.fixes = { "turn the IOMMU on in the firmware setup" },
	},
	[FOUND_IOMMU_ABSENT_INTEL] = {
		CHECK_IOMMU, HOST_FAIL,
		.text = NO_IOMMU ". The firmware shows none: Intel VT-d is off, or this is a "
			"virtual machine",
		.fixes = {
			"turn VT-d (\"Virtualization Technology for Directed I/O\") on in the "
			"firmware setup",
			"{add}",
		},
	},
	[FOUND_IOMMU_ABSENT_AMD] = {
		CHECK_IOMMU, HOST_FAIL,
		.text = NO_IOMMU ". The firmware shows none: AMD-Vi is off, or this is a virtual "
			"machine",
		.fixes = {
			"turn IOMMU (AMD-Vi, often below \"AMD CBS\" or \"NBIO\") on in the "
			"firmware setup",
		},
	},
	[FOUND_IOMMU_ABSENT_ARM] = {
		CHECK_IOMMU, HOST_FAIL,
		.text = NO_IOMMU ". The firmware shows none: Arm SMMU is off, or this is a "
			"virtual machine",
		.fixes = { "turn the SMMU on in the firmware setup" },
	},
	[FOUND_IOMMU_OFF_IN_TREE] = {
		CHECK_IOMMU, HOST_FAIL,
		.text = NO_IOMMU ". The device tree describes an Arm SMMU, but as switched off "
				 "(status is disabled)",
		.fixes = { "start this host with a device tree, or an overlay, that enables it" },
	},
	[FOUND_IOMMU_ABSENT_IN_VM] = {
		CHECK_IOMMU, HOST_FAIL,
		.text = NO_IOMMU ". This host is a virtual machine, and its own monitor shows it "
			"no IOMMU[, such as {name}]",
		.fixes = { "{give_iommu}", "{add}" },
	},
	[FOUND_IOMMU_ABSENT_IN_ARM_VM] = {
		CHECK_IOMMU, HOST_FAIL,
		.text = NO_IOMMU ". This host is a virtual machine, and its own monitor shows it "
			"no IOMMU[, such as {name}]",
		.fixes = {
			"give it a virtual IOMMU outside, such as by QEMU's -machine "
			"virt,iommu=smmuv3",
		},
	},
	[FOUND_IOMMU_UNDER_XEN] = {
		CHECK_IOMMU, HOST_FAIL,
		.text = NO_IOMMU ". This is Xen's dom0, and Xen keeps the IOMMU for itself",
		.fixes = { "start this system without Xen: choose the entry without it in the boot "
			   "menu" },
	},
	[FOUND_IOMMU_UNSEEN] = {
		CHECK_IOMMU, HOST_FAIL, SEER_OUTSIDE,
		.text = "neither PCI devices nor IOMMU groups can be seen from here: /sys is not "
			"mounted, or masked",
		.fixes = {
			"sudo mount -t sysfs sysfs /sys   # in a chroot",
			"{program} doctor   # outside this container",
		},
	},
	[FOUND_IOMMU_FIRMWARE_UNSEEN] = {
		CHECK_IOMMU, HOST_FAIL, SEER_OUTSIDE,
		.text = NO_IOMMU ". Whether the firmware has one cannot be seen from here: "
			"/sys/firmware is masked",
		.fixes = { "{program} doctor   # outside this container" },
	},

	[FOUND_REMAPPING] = {
		CHECK_REMAPPING, HOST_OK,
		.text = "interrupts of devices are remapped",
	},
	[FOUND_REMAPPING_UNSAFE] = {
		CHECK_REMAPPING, HOST_WARN,
		.text = "no interrupt remapping, and allow_unsafe_interrupts is set: a guest can "
			"make its device send any interrupt to this host. Use this only with "
			"guests that you trust as much as yourself",
	},
	[FOUND_REMAPPING_SWITCHED_OFF] = {
		CHECK_REMAPPING, HOST_FAIL,
		.text = NO_REMAPPING,
		.fixes = {
			"{del}",
			WHY_NO_REMAPPING,
		},
	},
	[FOUND_REMAPPING_MISSING] = {
		CHECK_REMAPPING, HOST_FAIL,
		.text = NO_REMAPPING,
		.fixes = {
			"turn interrupt remapping (with VT-d or AMD-Vi, and x2APIC) on in the "
			"firmware setup, or update the firmware",
			WHY_NO_REMAPPING,
		},
	},
	[FOUND_REMAPPING_MISSING_ARM] = {
		CHECK_REMAPPING, HOST_FAIL,
		.text = NO_REMAPPING,
		.fixes = {
			"use a machine whose interrupt controller has an ITS, or a device tree "
			"that shows it",
			"sudo dmesg | grep -i its   # tells whether there is one",
		},
	},
	[FOUND_REMAPPING_MISSING_IN_VM] = {
		CHECK_REMAPPING, HOST_FAIL,
		.text = NO_REMAPPING,
		.fixes = {
			"give this virtual machine an IOMMU that remaps outside, such as by "
			"QEMU's -machine q35,kernel-irqchip=split -device intel-iommu,intremap=on",
			WHY_NO_REMAPPING,
		},
	},
	[FOUND_REMAPPING_UNSEEN] = {
		CHECK_REMAPPING, HOST_UNSEEN, SEER_OUTSIDE,
		.text = "whether interrupts are remapped cannot be seen from here: "
			"/proc/interrupts does not tell, or it is masked",
		.fixes = {
			"sudo dmesg | grep -iE 'remapping|ITS@'   # tells, while the messages of "
			"the boot are kept",
			"{program} doctor   # outside this container",
		},
	},

	[FOUND_VFIO] = {
		CHECK_VFIO, HOST_OK,
		.text = "vfio-pci is loaded",
	},
	[FOUND_VFIO_BUILTIN] = {
		CHECK_VFIO, HOST_OK,
		.text = "vfio-pci is built into the kernel",
	},
	[FOUND_VFIO_OTHER] = {
		CHECK_VFIO, HOST_OK,
		.text = "{driver} is loaded, a VFIO driver",
	},
	[FOUND_VFIO_NOT_LOADED] = {
		CHECK_VFIO, HOST_FAIL,
		.text = "vfio-pci is not loaded",
		.fixes = { "sudo modprobe vfio-pci" },
	},
	[FOUND_VFIO_BLACKLISTED] = {
		CHECK_VFIO, HOST_FAIL,
		.text = "vfio-pci is not loaded, and the kernel does not load it by itself: "
			"{where}",
		.fixes = { "sudo modprobe vfio-pci   # works nevertheless" },
	},
	[FOUND_VFIO_BLOCKED] = {
		CHECK_VFIO, HOST_FAIL,
		.text = "vfio-pci cannot be loaded: {where}",
		.fixes = { "undo that, then: sudo modprobe vfio-pci" },
	},
	[FOUND_VFIO_ABSENT] = {
		CHECK_VFIO, HOST_FAIL,
		.text = "this kernel has no vfio-pci: distributions leave it out of kernels for "
			"virtual machines",
		.fixes = {
			"install the distribution's full kernel, such as Debian's "
			"linux-image-{arch} in place of linux-image-cloud-{arch}",
		},
	},
	[FOUND_VFIO_UNSEEN] = {
		CHECK_VFIO, HOST_FAIL, SEER_OUTSIDE,
		.text = "vfio-pci is not loaded; whether this kernel has it cannot be seen from "
			"here: there is no folder of its modules",
		.fixes = { "sudo modprobe vfio-pci   # outside this container" },
	},
	[FOUND_VFIO_UNREGISTERED] = {
		CHECK_VFIO, HOST_FAIL,
		.text = "vfio-pci is built into this kernel, but has not registered itself as a "
			"driver: the kernel's messages at boot may tell why",
		.fixes = { "sudo dmesg | grep -i vfio" },
	},
	[FOUND_VFIO_WITHOUT_CONTAINER] = {
		CHECK_VFIO, HOST_FAIL,
		.text = "vfio-pci is loaded, but /dev/vfio/vfio is not there",
		.fixes = { "sudo modprobe vfio" },
	},
	[FOUND_VFIO_NOT_GIVEN] = {
		CHECK_VFIO, HOST_FAIL,
		.text = "vfio-pci is loaded, but this container was not given /dev/vfio/vfio",
		.fixes = {
			"give the files to the container, such as by --device /dev/vfio/vfio "
			"--device /dev/vfio/GROUP",
		},
	},
	[FOUND_VFIO_WITHOUT_TYPE1] = {
		CHECK_VFIO, HOST_WARN,
		.text = "vfio-pci is loaded, but vfio_iommu_type1 is not, by which VFIO drives the "
			"IOMMU: unless something loads it, no device can be attached",
		.fixes = { "sudo modprobe vfio_iommu_type1" },
	},
	[FOUND_VFIO_DENIED] = {
		CHECK_VFIO, HOST_FAIL,
		.text = "/dev/vfio/vfio: {error}",
		.fixes = {
			"sudo chmod 666 /dev/vfio/vfio   # harmless: it gives nothing without a "
			"group",
		},
	},
};
