/* SPDX-License-Identifier: MIT */
/*
 * What kind of machine this is, and how much of it this process can see: a virtual machine, a
 * container, a user namespace.
 *
 * Read beside it: proc(5) on cpuinfo, user_namespaces(7), https://systemd.io/CONTAINER_INTERFACE.
 */
#ifndef MINIVMM_HOST_MACHINE_H
#define MINIVMM_HOST_MACHINE_H

#include <stdbool.h>

/* Whether /proc/cpuinfo has the text in the lines of its first CPU. */
bool host_cpu_has(const char *text);

/* Whether the CPU is Arm's. */
bool host_is_arm(void);

/* Whether the host itself is a guest: the CPU, the firmware or the device tree says so. */
bool host_is_virtual(void);

/* Whose guest it is; each is told in its own way to give more. */
enum host_monitor {
	HOST_MONITOR_OTHER, /* none that is known, or QEMU, whose words stand for the kind */
	HOST_MONITOR_WSL,
	HOST_MONITOR_HYPERV,
	HOST_MONITOR_VMWARE,
	HOST_MONITOR_VIRTUALBOX,
	HOST_MONITOR_XEN,
	HOST_MONITOR_CLOUD, /* Amazon's, Google's: a machine is rented whole, or not */
	HOST_MONITORS
};

enum host_monitor host_find_monitor(void);

/* Whether this is the system that Xen starts first: it sees all devices, but Xen has the IOMMU. */
bool host_is_xen_control(void);

/*
 * Whether this process runs in a container. There the mounts and routes of the host cannot be seen,
 * and files of /proc and /sys may be masked.
 */
bool host_is_container(void);

/* Whether /proc was mounted so that users do not even see that there are processes of others. */
bool host_hides_processes(void);

/* Whether root's rights are those of a user namespace: capabilities then count for little. */
bool host_in_user_namespace(void);

#endif
