/* SPDX-License-Identifier: MIT */
/*
 * The words of every finding: all that doctor, list and a failed start say about a host.
 * host_words.h explains how to read a template.
 */
#include "host_words.h"

#define NO_IOMMU "no IOMMU: without one a device's DMA cannot be confined"
#define LESS_RAM "give the guest less RAM: --memory"
#define IN_USE   "in use by this host: "
#define BIND     "sudo {program} bind {object}"
#define ROMFILE  "minivmm --vfio {object},romfile=FILE   # the ROM as its vendor has it"
#define NO_REMAPPING                                                                               \
	"no interrupt remapping: a passed-through device could forge interrupts to this host, so " \
	"the kernel refuses. (With allow_unsafe_interrupts the kernel would allow it, and a "      \
	"guest could do that; minivmm never sets it.)"
#define WHY_NO_REMAPPING "sudo dmesg | grep -i remapping   # tells why it is off"
#define GUARDED                                                                                    \
	"though its permissions allow it: SELinux, AppArmor or another guard "                     \
	"forbids it"
#define WHICH_GUARD                                                                                \
	"sudo dmesg | grep -iE 'denied|avc'   # tells which rule; or: sudo ausearch -m avc -ts "   \
	"recent"
#define NOT_VIABLE                                                                                 \
	"IOMMU group {group} is not viable: {count} of its other devices must be handed over "     \
	"too: {members} ({why})"

const struct host_words host_words[FOUND_COUNT] = {
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

	[FOUND_MEMLOCK] = {
		CHECK_MEMLOCK, HOST_OK,
		.text = "{need} of guest RAM may be locked",
	},
	[FOUND_MEMLOCK_SHORT] = {
		CHECK_MEMLOCK, HOST_FAIL,
		.text = "passing a device through needs {need} of locked memory (the guest's "
			"RAM): {need_kib} KiB. The limit (ulimit -l, RLIMIT_MEMLOCK) is "
			"{room_kib} KiB for each process[, and with {iommufd} for all processes "
			"of the user together]",
		.fixes = {
			"sudo prlimit --memlock={need_bytes} --pid $$   # this shell, now",
			"echo \"$USER - memlock {need_kib}\" | sudo tee "
			"/etc/security/limits.d/minivmm.conf   # from the next login on",
			"LimitMEMLOCK={need_bytes}   # in the unit file of a systemd service",
		},
	},

	[FOUND_MEMORY] = {
		CHECK_MEMORY, HOST_OK,
		.text = "{room} of memory are available, the guest needs {need}",
	},
	[FOUND_MEMORY_SWAPS] = {
		CHECK_MEMORY, HOST_WARN,
		.text = "the guest needs {need} of memory at once, but only {room} of {size} are "
			"available: this host will have to swap other programs out",
	},
	[FOUND_MEMORY_SHORT] = {
		CHECK_MEMORY, HOST_FAIL,
		.text = "the guest needs {need} of memory at once, and only {room} of {size} are "
			"available: the kernel would kill a program to get them",
		.fixes = {
			"give the guest less RAM: --memory {room_mib}M at most",
			"end other programs or guests that need memory",
		},
	},
	[FOUND_MEMORY_LIMITED] = {
		CHECK_MEMORY, HOST_FAIL,
		.text = "the guest needs {need} of memory at once, and the cgroup limit of {size} "
			"leaves {room}: the kernel would kill it",
		.fixes = {
			"give the guest less RAM: --memory {room_mib}M at most",
			"echo {unlimited} | sudo tee {path}   # takes the limit away until the "
			"cgroup is made anew",
		},
	},
	[FOUND_MEMORY_PROMISED] = {
		CHECK_MEMORY, HOST_FAIL,
		.text = "the guest needs {need} of memory, and the kernel promises at most "
			"{room} more, because vm.overcommit_memory is 2",
		.fixes = {
			"sudo sysctl vm.overcommit_memory=0   # until the next boot",
			"give the guest less RAM: --memory {room_mib}M at most",
		},
	},
	[FOUND_HUGE_PAGES] = {
		CHECK_MEMORY, HOST_OK,
		.text = "{room} of huge pages of {size} are free, the guest needs {need}",
	},
	[FOUND_HUGE_PAGES_SURPLUS] = {
		CHECK_MEMORY, HOST_WARN,
		.text = "the guest needs {need} in huge pages of {size}, and {room} of them are "
			"free: the kernel will have to make the rest (nr_overcommit_hugepages), "
			"which fails if memory is fragmented",
		.fixes = { "echo {count} | sudo tee {path}/nr_hugepages   # makes them now" },
	},
	[FOUND_HUGE_PAGES_SHORT] = {
		CHECK_MEMORY, HOST_FAIL,
		.text = "the guest needs {need} in huge pages of {size}, and {room} of them are "
			"free",
		.fixes = {
			"--memory {need_mib}M,hugepages={name}   # enough pages of that size are "
			"free",
			"echo {count} | sudo tee {path}/nr_hugepages   # enlarges the pool now",
			"add hugepagesz={size_kib}K hugepages={count} to the kernel command "
			"line   # at the next boot, when memory is not fragmented yet",
		},
	},
	[FOUND_HUGE_PAGES_ABSENT] = {
		CHECK_MEMORY, HOST_FAIL,
		.text = "this kernel has no huge pages of {size}",
		.fixes = { "ls /sys/kernel/mm/hugepages   # shows the sizes it has" },
	},
	[FOUND_HUGE_PAGES_LIMITED] = {
		CHECK_MEMORY, HOST_FAIL,
		.text = "the guest needs {need} in huge pages of {size}, and the cgroup's limit "
			"leaves {room}",
		.fixes = {
			"echo {unlimited} | sudo tee {path}   # takes the limit away until the "
			"cgroup is made anew",
		},
	},
	[FOUND_MEMORY_UNSEEN] = {
		CHECK_MEMORY, HOST_UNSEEN, SEER_OUTSIDE,
		.text = "how much memory is available cannot be seen from here: /proc/meminfo "
			"does not say",
		.fixes = { "{program} doctor   # outside this container" },
	},
	[FOUND_NUMA] = {
		CHECK_NUMA, HOST_OK,
		.text = "next to NUMA node {count}, from which the guest gets its memory if it can",
	},
	[FOUND_NUMA_PAGES_SHORT] = {
		CHECK_NUMA, HOST_WARN,
		.text = "next to NUMA node {group}, which has {room} of free huge pages of {size} "
			"for the {need} that the guest needs: the rest is farther away from the "
			"device",
		.fixes = { "echo {count} | sudo tee {path}/nr_hugepages   # enlarges the node's "
			   "pool now" },
	},
	[FOUND_NUMA_CPUS_ELSEWHERE] = {
		CHECK_NUMA, HOST_WARN,
		.text = "next to NUMA node {count}, whose CPUs are {name}, but the vCPUs may run "
			"on others, farther away from the device",
		.fixes = { "minivmm --cpus N,pin=LIST   # N of the CPUs {name}" },
	},

	[FOUND_DEVICE] = {
		CHECK_DEVICE, HOST_OK,
		.text = "{vendor}:{device}, class {class_code}",
	},
	[FOUND_DEVICE_ABSENT] = {
		CHECK_DEVICE, HOST_FAIL,
		.text = "no such PCI device on this host: {error}",
		.fixes = { "{program} list --all   # lists the devices there are" },
	},
	[FOUND_DEVICE_UNSEEN] = {
		CHECK_DEVICE, HOST_FAIL, SEER_OUTSIDE,
		.text = "whether it is there cannot be seen from here: /sys is not mounted, or "
			"masked",
		.fixes = { "{program} doctor {object}   # outside this container" },
	},
	[FOUND_DEVICE_BRIDGE] = {
		CHECK_DEVICE, HOST_FAIL,
		.text = "a PCI bridge: it serves the devices behind it and cannot be passed "
			"through itself",
	},

	[FOUND_CONFIG] = {
		CHECK_CONFIG, HOST_OK,
		.text = "its configuration space answers",
	},
	[FOUND_CONFIG_UNREADABLE] = {
		CHECK_CONFIG, HOST_FAIL,
		.text = "read its configuration space: {error}",
	},
	[FOUND_CONFIG_UNSEEN] = {
		CHECK_CONFIG, HOST_UNSEEN, SEER_OUTSIDE,
		.text = "whether it answers cannot be seen from here: its configuration space in "
			"/sys is masked ({error})",
		.fixes = { "{program} doctor {object}   # outside this container" },
	},
	[FOUND_CONFIG_ALL_ONES] = {
		CHECK_CONFIG, HOST_FAIL,
		.text = "its configuration space reads all-ones (lspci: rev ff): it is powered "
			"off, or gone from the bus[; power state {state}][, runtime power "
			"management: {status}]",
		.fixes = {
			"echo on | sudo tee /sys/bus/pci/devices/{object}/power/control   # keep "
			"it awake",
			"echo 0 | sudo tee /sys/bus/pci/devices/{d3cold}/d3cold_allowed",
			"echo ON | sudo tee {switched}   # a laptop with two GPUs switches off "
			"the one that is not in use",
			"echo 1 | sudo tee /sys/bus/pci/devices/{object}/remove; echo 1 | sudo "
			"tee /sys/bus/pci/rescan   # if that did not help: scan for it again",
		},
	},
	[FOUND_CONFIG_HALF_DEAD] = {
		CHECK_CONFIG, HOST_FAIL,
		.text = "its header answers, but everything after it reads all-ones: the device "
			"hangs, or has lost power",
		.fixes = {
			"echo 1 | sudo tee /sys/bus/pci/devices/{object}/remove; echo 1 | sudo "
			"tee /sys/bus/pci/rescan   # scan for it again",
			"switch the host off and on   # if that did not help",
		},
	},

	[FOUND_ISOLATED] = {
		CHECK_IOMMU, HOST_OK,
		.text = "IOMMU group {group}",
	},
	[FOUND_ISOLATED_BUT_RESERVED] = {
		CHECK_IOMMU, HOST_FAIL,
		.text = "the firmware keeps memory for it (RMRR) that would have to stay mapped: "
			"the kernel does not pass such a device through",
		.fixes = {
			"look in the firmware setup for an option that frees it (legacy USB "
			"support, remote management, shared memory of storage controllers)",
		},
	},
	[FOUND_ISOLATED_BY_NOBODY] = {
		CHECK_IOMMU, HOST_FAIL,
		.text = "IOMMU group {group} is one of VFIO's no-IOMMU mode: nothing confines its "
			"DMA, and no guest can be started with it",
		.fixes = {
			"sudo {program} doctor   # tells what keeps this host from using its IOMMU",
		},
	},
	[FOUND_ISOLATED_AS_ONE] = {
		CHECK_IOMMU, HOST_FAIL,
		.text = "it is in no IOMMU group: its bus belongs to {bdf}[ ({driver})], which "
			"can only be passed through as a whole",
		.fixes = { "sudo {program} bind {bdf}" },
	},
	[FOUND_NOT_ISOLATED] = {
		CHECK_IOMMU, HOST_FAIL,
		.text = "it is in no IOMMU group: this host's IOMMU does not cover it",
	},
	[FOUND_NOT_ISOLATED_YET] = {
		CHECK_IOMMU, HOST_WARN,
		.text = "it is in no IOMMU group yet: on this architecture it may get one when a "
			"driver takes it for the first time",
	},

	[FOUND_USE_MOUNTED] = {
		CHECK_DRIVER, HOST_FAIL,
		.text = IN_USE "{path} is mounted on {where}",
		.fixes = { "sudo umount {where}" },
	},
	[FOUND_USE_ROOT] = {
		CHECK_DRIVER, HOST_FAIL,
		.text = IN_USE "{path} is mounted on {where}: this host runs from it",
	},
	[FOUND_USE_POOL] = {
		CHECK_DRIVER, HOST_FAIL,
		.text = IN_USE "{path} is a part of {where}, a file system over several disks that "
			       "is in use",
	},
	[FOUND_USE_SWAP] = {
		CHECK_DRIVER, HOST_FAIL,
		.text = IN_USE "{path} is swap space in use",
		.fixes = { "sudo swapoff {path}" },
	},
	[FOUND_USE_UPPER_DISK] = {
		CHECK_DRIVER, HOST_FAIL,
		.text = IN_USE "{path} is built on its disk by LVM, encryption or RAID, which is "
			       "active",
	},
	[FOUND_USE_CLAIMED] = {
		CHECK_DRIVER, HOST_FAIL,
		.text = IN_USE "{path} is claimed: by a file system or a pool over several disks, "
			"or by a program",
	},
	[FOUND_USE_ROUTE] = {
		CHECK_DRIVER, HOST_FAIL,
		.text = IN_USE "the default route ({where}) goes over {path}: without it this "
			"host is cut off",
	},
	[FOUND_USE_DISPLAY] = {
		CHECK_DRIVER, HOST_FAIL,
		.text = IN_USE "it is the only display of this host: the screen stays dark until "
			"it is handed back",
	},
	[FOUND_USE_FUNCTIONS] = {
		CHECK_DRIVER, HOST_FAIL,
		.text = IN_USE "its {count} virtual functions go away with its driver",
		.fixes = { "echo 0 | sudo tee /sys/bus/pci/devices/{object}/sriov_numvfs" },
	},
	[FOUND_USE_UNSEEN] = {
		CHECK_DRIVER, HOST_UNSEEN, SEER_OUTSIDE,
		.text = "what the host does with it cannot be seen from inside a container: its "
			"mounts, routes and processes are hidden",
		.fixes = { "{program} doctor {object}   # outside this container" },
	},
	[FOUND_USE_OPEN] = {
		CHECK_DRIVER, HOST_FAIL,
		.text = IN_USE "{name} (pid {count}) has {where} open: it would lose the device, "
			       "or the driver would wait for it",
		.fixes = {
			"end {name} or what started it, such as the graphical session: sudo kill "
			"{count}",
		},
	},
	[FOUND_USE_OPEN_UNSEEN] = {
		CHECK_DRIVER, HOST_UNSEEN, SEER_ROOT,
		.text = "who has its files open cannot be seen from here: only root can look "
			"into all processes",
		.fixes = { "sudo {program} doctor {object}" },
	},

	[FOUND_USE_OPEN_OUTSIDE] = {
		CHECK_DRIVER, HOST_UNSEEN, SEER_OUTSIDE,
		.text = "who has its files open cannot be seen from here: this root may not look "
			"into all processes, because it is one of a container or of a user "
			"namespace",
		.fixes = { "{program} doctor {object}   # as root outside" },
	},
	[FOUND_USE_PROC_UNSEEN] = {
		CHECK_DRIVER, HOST_UNSEEN, SEER_OUTSIDE,
		.text = "what the host does with it cannot be seen from here: /proc is not "
			"mounted, or it is masked",
		.fixes = {
			"sudo mount -t proc proc /proc   # in a chroot",
			"{program} doctor {object}   # outside this container",
		},
	},
	[FOUND_USE_PORT_UNSEEN] = {
		CHECK_DRIVER, HOST_UNSEEN, SEER_OUTSIDE,
		.text = "its driver {name} has it, but no network interface of it can be seen "
			"from here: if there is one, it is in another network namespace, and so "
			"are its routes",
		.fixes = { "{program} doctor {object}   # in the host's own network namespace" },
	},
	[FOUND_USE_SWITCH] = {
		CHECK_DRIVER, HOST_UNSEEN, SEER_ROOT,
		.text = "{path} is a port of Open vSwitch: whether the default route, over "
			"{where}, goes over it cannot be seen from here",
		.fixes = { "sudo ovs-vsctl show   # tells which ports {where} is connected to" },
	},

	[FOUND_DRIVER] = {
		CHECK_DRIVER, HOST_OK,
		.text = "bound to {driver}",
	},
	[FOUND_DRIVER_OTHER] = {
		CHECK_DRIVER, HOST_FAIL,
		.text = "bound to the host's driver {driver}, not to vfio-pci",
		.fixes = { BIND },
	},
	[FOUND_DRIVER_NONE] = {
		CHECK_DRIVER, HOST_FAIL,
		.text = "not bound to vfio-pci: no driver has it",
		.fixes = { BIND },
	},
	[FOUND_DRIVER_REFUSES] = {
		CHECK_DRIVER, HOST_FAIL,
		.text = "vfio-pci refuses this model, {vendor}:{device}: it is on the kernel's "
			"list of devices that a guest can misuse",
		.fixes = {
			"echo options vfio-pci disable_denylist=1 | sudo tee "
			"/etc/modprobe.d/minivmm.conf && sudo modprobe -r vfio-pci && sudo "
			"modprobe vfio-pci   # only for guests that you trust as much as yourself",
		},
	},

	[FOUND_GROUP_ALONE] = {
		CHECK_GROUP, HOST_OK,
		.text = "alone in IOMMU group {group}",
	},
	[FOUND_GROUP_TOGETHER] = {
		CHECK_GROUP, HOST_OK,
		.text = "IOMMU group {group} goes to one guest together: {members} ({why})",
	},
	[FOUND_GROUP_NOT_VIABLE] = {
		CHECK_GROUP, HOST_FAIL,
		.text = NOT_VIABLE,
		.fixes = { "sudo {program} bind {bdf}" },
	},
	[FOUND_GROUP_BRIDGE_IN_WAY] = {
		CHECK_GROUP, HOST_FAIL,
		.text = NOT_VIABLE,
		.fixes = { "echo {bdf} | sudo tee /sys/bus/pci/drivers/{driver}/unbind" },
	},

	[FOUND_NODE] = {
		CHECK_NODE, HOST_OK,
		.text = "{path} can be opened",
	},
	[FOUND_NODE_ABSENT] = {
		CHECK_NODE, HOST_FAIL,
		.text = "{path} is not there although {driver} has the device",
		.fixes = {
			"sudo udevadm trigger -s {subsystem}   # or is this a container that was "
			"not given the file?",
		},
	},
	[FOUND_NODE_DENIED] = {
		CHECK_NODE, HOST_FAIL,
		.text = "{path}: open: {error}",
		.fixes = {
			"sudo chown $USER {path}   # until the file is created again",
			"echo \"{rule}, OWNER=\\\"$USER\\\"\" | sudo tee "
			"/etc/udev/rules.d/60-minivmm.rules && sudo udevadm control --reload   # "
			"each time the file is created",
		},
	},
	[FOUND_NODE_GUARDED] = {
		CHECK_NODE, HOST_FAIL,
		.text = "{path}: open: {error}, " GUARDED,
		.fixes = { WHICH_GUARD },
	},
	[FOUND_NODE_NOT_ALLOWED] = {
		CHECK_NODE, HOST_FAIL,
		.text = "{path}: open: {error}: the container, or the service, is not allowed to "
			"open it",
		.fixes = {
			"allow it: --device {path} of a container, DeviceAllow={path} rw of a "
			"systemd service",
		},
	},
	[FOUND_NODE_BROKEN] = {
		CHECK_NODE, HOST_FAIL,
		.text = "{path}: open: {error}",
	},
	[FOUND_NODE_BUSY] = {
		CHECK_NODE, HOST_FAIL,
		.text = "IOMMU group {group} is in use by another process[: {others}]",
		.fixes = { "sudo fuser -v {path}   # shows which" },
	},
	[FOUND_NODE_HELD] = {
		CHECK_NODE, HOST_FAIL,
		.text = "{path} is open in another process: {others}",
		.fixes = { "sudo fuser -v {path}   # shows all of them" },
	},
	[FOUND_NODE_NO_IOMMUFD] = {
		CHECK_NODE, HOST_FAIL,
		.text = "{path}: open: {error}",
		.fixes = { "sudo modprobe iommufd   # or iommufd=off: not every kernel has it" },
	},
	[FOUND_NODE_NO_CDEV] = {
		CHECK_NODE, HOST_FAIL,
		.text = "it has no file in /dev/vfio/devices: this kernel opens devices only "
			"through their groups",
		.fixes = { "--vfio {object}   # without iommufd=" },
	},

	[FOUND_RESET_FLR] = {
		CHECK_RESET, HOST_OK,
		.text = "function-level reset (methods: {methods})",
	},
	[FOUND_RESET_METHODS] = {
		CHECK_RESET, HOST_OK,
		.text = "methods: {methods}",
	},
	[FOUND_RESET_SOME] = {
		CHECK_RESET, HOST_OK,
		.text = "the kernel has a method",
	},
	[FOUND_RESET_BUS_ALONE] = {
		CHECK_RESET, HOST_OK,
		.text = "by its bus, on which it is alone",
	},
	[FOUND_RESET_BUS_SHARED] = {
		CHECK_RESET, HOST_WARN,
		.text = "none of its own; a reset of its bus also resets {others}, so it works "
			"only if all of them go to the same guest",
	},
	[FOUND_RESET_NONE] = {
		CHECK_RESET, HOST_WARN,
		.text = "none: a guest finds it as the last one left it, and it may need the host "
			"to be switched off and on",
	},

	[FOUND_BARS] = {
		CHECK_BARS, HOST_OK,
		.text = "{narrow} of 32-bit, {wide} of 64-bit memory, {ports} ports",
	},
	[FOUND_BARS_UNASSIGNED] = {
		CHECK_BARS, HOST_FAIL,
		.text = "BAR {bar} of {size} has no address on this host: there was no room for it",
		.fixes = {
			"turn \"Above 4G Decoding\" on in the firmware setup, or add pci=realloc "
			"to the kernel command line",
		},
	},
	[FOUND_BARS_LOW] = {
		CHECK_BARS, HOST_FAIL,
		.text = "its BARs need {narrow} of 32-bit addresses, but the guest has room for "
			"{room}",
	},
	[FOUND_BARS_HIGH] = {
		CHECK_BARS, HOST_FAIL,
		.text = "64-bit BARs of {wide} above RAM exceed the {bits} address bits of this "
			"CPU",
		.fixes = { LESS_RAM },
	},
	[FOUND_BARS_PORTS] = {
		CHECK_BARS, HOST_WARN,
		.text = "its I/O BARs need {ports} bytes, but the guest has room for {ports_room}",
	},

	[FOUND_MSIX] = {
		CHECK_MSIX, HOST_OK,
		.text = "{count} vectors, table at {offset} of BAR {bar}",
	},
	[FOUND_MSIX_UNSEEN] = {
		CHECK_MSIX, HOST_UNSEEN, SEER_ROOT,
		.text = "cannot be seen from here: only root sees capabilities",
		.fixes = { "sudo {program} doctor {object}" },
	},
	[FOUND_MSIX_UNSEEN_HERE] = {
		CHECK_MSIX, HOST_UNSEEN, SEER_OUTSIDE,
		.text = "cannot be seen from here: this root may not read capabilities, because it "
			"is one of a container or of a user namespace",
		.fixes = { "{program} doctor {object}   # as root outside" },
	},
	[FOUND_MSIX_NONE_BUT_MSI] = {
		CHECK_MSIX, HOST_OK,
		.text = "none; it has MSI",
	},
	[FOUND_MSIX_NONE_BUT_PIN] = {
		CHECK_MSIX, HOST_OK,
		.text = "none; its pin is used",
	},
	[FOUND_MSIX_NO_INTERRUPT] = {
		CHECK_MSIX, HOST_OK,
		.text = "none; and no interrupt at all",
	},
	[FOUND_MSIX_OUTSIDE] = {
		CHECK_MSIX, HOST_FAIL,
		.text = "its table of {count} vectors lies outside its BAR {bar}",
	},
	[FOUND_MSIX_SHARES_PAGE] = {
		CHECK_MSIX, HOST_WARN,
		.text = "{count} vectors; the table shares a page of BAR {bar} with registers: "
			"they are reached through minivmm, which is slow",
	},

	[FOUND_ROM] = {
		CHECK_ROM, HOST_OK,
		.text = "{size}",
	},
	[FOUND_ROM_SHADOWED] = {
		CHECK_ROM, HOST_WARN,
		.text = "shadowed: what can be read is the copy that this host's firmware ran at "
			"boot and may have changed. A driver that wants the ROM needs the "
			"original in a file",
		.fixes = { ROMFILE },
	},
	[FOUND_ROM_OF_DISPLAY_NONE] = {
		CHECK_ROM, HOST_WARN,
		.text = "none that can be read: a driver may want one",
		.fixes = { ROMFILE },
	},
	[FOUND_ROM_NONE] = {
		CHECK_ROM, HOST_OK,
		.text = "none",
	},

	[FOUND_DISPLAY_FREE] = {
		CHECK_DISPLAY, HOST_OK,
		.text = "not the one that this host booted on",
	},
	[FOUND_DISPLAY_CONSOLE] = {
		CHECK_DISPLAY, HOST_WARN,
		.text = "the host's console framebuffer {name} lies in it: its BAR stays taken, "
			"and the guest's driver fails",
		.fixes = {
			"echo 0 | sudo tee /sys/class/vtconsole/vtcon*/bind   # detaches the "
			"console",
			"add initcall_blacklist=sysfb_init to the kernel command line   # if the "
			"framebuffer is the firmware's",
		},
	},
	[FOUND_DISPLAY_OWN_CONSOLE] = {
		CHECK_DISPLAY, HOST_WARN,
		.text = "the host's console {name} is on it, by its driver {driver}: it goes when "
			"the driver lets go of the device",
		.fixes = {
			"echo 0 | sudo tee /sys/class/vtconsole/vtcon*/bind   # detaches the "
			"console, if the driver waits for it",
		},
	},
	[FOUND_DISPLAY_BOOTED_DARK] = {
		CHECK_DISPLAY, HOST_OK,
		.text = "this host booted on it, but no screen is connected to it",
	},
	[FOUND_DISPLAY_SCREEN] = {
		CHECK_DISPLAY, HOST_WARN,
		.text = "a screen is connected to it, which shows the guest's picture or none "
			"while a guest has it",
	},
	[FOUND_DISPLAY_BOOTED] = {
		CHECK_DISPLAY, HOST_WARN,
		.text = "this host booted on it: its screen stays dark while a guest has it",
	},
};
