/* SPDX-License-Identifier: MIT */
/*
 * Which processes have a device open by any of its files: those of a screen in /dev/dri, of a
 * sound card, of a disk, of NVIDIA's driver, of VFIO.
 *
 * A driver that is told to let the device go waits for these processes, sometimes for ever.
 *
 * Read beside it: proc(5) on /proc/PID/fd; Documentation/ABI/testing/sysfs-uevent (DEVNAME).
 */
#ifndef MINIVMM_HOST_HOLDERS_H
#define MINIVMM_HOST_HOLDERS_H

#include "host_sysfs.h"

#define HOST_HOLDERS_MAX  8
#define HOST_HOLDER_MAX   32
#define HOST_NODE_MAX     128
#define HOST_HOLDERS_TEXT 320

struct host_holder {
	int pid;
	char name[HOST_HOLDER_MAX]; /* the program's name, as ps shows it */
	char node[HOST_NODE_MAX];   /* the first of the device's files that it has open */
};

struct host_holders {
	struct host_holder list[HOST_HOLDERS_MAX]; /* the first of the processes */
	unsigned int count;
	bool hidden; /* the device has files, and some processes may not be looked into */
};

/* Find the processes that have the device open; this process does not count. Does not log. */
void host_find_holders(const struct host_device *device, struct host_holders *holders);

/* Write "Xorg (pid 812), pipewire (pid 1044)"; "" if there are none. */
void host_name_holders(const struct host_holders *holders, char text[HOST_HOLDERS_TEXT]);

#endif
