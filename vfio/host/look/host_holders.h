/* SPDX-License-Identifier: MIT */
/*
 * Which processes have a device open, by any of its files: a screen's in /dev/dri, a sound card's,
 * a disk's, those of NVIDIA's driver, those of VFIO.
 *
 * A driver that is told to let the device go waits for them, some for ever.
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
	char name[HOST_HOLDER_MAX]; /* of its program, as ps shows it */
	char node[HOST_NODE_MAX];   /* the first of the device's files that it has open */
};

struct host_holders {
	struct host_holder list[HOST_HOLDERS_MAX]; /* the first of them */
	unsigned int count;
	bool hidden; /* the device has files, and there are processes that we may not look into */
};

/* Who has the device open; this process does not count. */
void host_find_holders(const struct host_device *device, struct host_holders *holders);

/* "Xorg (pid 812), pipewire (pid 1044)"; "" without any. */
void host_name_holders(const struct host_holders *holders, char text[HOST_HOLDERS_TEXT]);

#endif
