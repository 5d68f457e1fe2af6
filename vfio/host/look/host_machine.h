/* SPDX-License-Identifier: MIT */
/*
 * What kind of machine this is (a virtual machine, a container, a user namespace), and so how
 * much of it this process can see. None of these functions logs.
 *
 * Read beside it: proc(5) on cpuinfo, user_namespaces(7), https://systemd.io/CONTAINER_INTERFACE.
 */
#ifndef MINIVMM_HOST_MACHINE_H
#define MINIVMM_HOST_MACHINE_H

#include <stdbool.h>

/* Returns whether /proc/cpuinfo has the text in the lines of its first CPU. */
bool host_cpu_has(const char *text);

/* Returns whether the CPU is Arm's. */
bool host_is_arm(void);

/*
 * Returns whether the host itself is a guest. The CPU, the firmware or the device tree says so.
 */
bool host_is_virtual(void);

/* The monitor that this host is a guest of. Each of them is told in its own way to give more. */
enum host_monitor {
	HOST_MONITOR_OTHER, /* an unknown one, or QEMU, whose words also serve for unknown ones */
	HOST_MONITOR_WSL,
	HOST_MONITOR_HYPERV,
	HOST_MONITOR_VMWARE,
	HOST_MONITOR_VIRTUALBOX,
	HOST_MONITOR_XEN,
	HOST_MONITOR_CLOUD, /* Amazon or Google, which rent a machine whole or not at all */
	HOST_MONITORS
};

enum host_monitor host_find_monitor(void);

/*
 * Returns whether this is the system that Xen starts first. It sees all devices, but Xen has the
 * IOMMU.
 */
bool host_is_xen_control(void);

/*
 * Returns whether this process runs in a container. There the host's mounts and routes cannot be
 * seen, and files of /proc and /sys may be masked.
 */
bool host_is_container(void);

/* Returns whether /proc hides the processes of other users (its mount option hidepid). */
bool host_hides_processes(void);

/*
 * Returns whether this process is root only in a user namespace: capabilities then count for
 * little.
 */
bool host_in_user_namespace(void);

/*
 * Returns whether this process has a capability, one of the first 32, that counts for the whole
 * host.
 */
bool host_has_capability(unsigned int capability);

/*
 * Returns whether not even sudo would let this process see more: it is in a user namespace, or it
 * is root without root's capabilities, as in many a container.
 */
bool host_is_lesser(void);

/* Whether the device tree of an Arm host has an SMMU: an IOMMU, arm,smmu.yaml of the kernel. */
enum host_smmu { HOST_SMMU_NONE, HOST_SMMU_DISABLED, HOST_SMMU_THERE };
enum host_smmu host_find_smmu_node(void);

#endif
