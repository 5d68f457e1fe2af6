/* SPDX-License-Identifier: MIT */
/*
 * The words for the way to a device: whether the device answers, its IOMMU group, who uses it, its
 * driver and its files.
 */
#include "host_words_tables.h"

#define IN_USE "in use by this host: "
#define BIND   "sudo {program} bind {object}"
#define NOT_VIABLE                                                                                 \
	"IOMMU group {group} is not viable: {count} of its other devices must be handed over "     \
	"too: {members} ({why})"

const struct host_words host_words_of_access[FOUND_COUNT] = {
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
};
