/* SPDX-License-Identifier: MIT */
/*
 * What this host does with a device right now: what would break if the device were taken away.
 *
 * The search goes up from the device. It finds file systems mounted from its disks (through
 * partitions, LVM, encryption and RAID), swap, disks that something unseen has claimed, the
 * default route over its network ports (through bridges, bonds and VLANs), the screen, its
 * virtual functions, and processes that have its files open.
 *
 * Read beside it: proc(5) on mountinfo, swaps and net/route;
 * Documentation/ABI/stable/sysfs-block.
 */
#ifndef MINIVMM_HOST_USE_H
#define MINIVMM_HOST_USE_H

#include "host_sysfs.h"

#define HOST_USES_MAX     16
#define HOST_USE_NAME_MAX 256

enum host_use_kind {
	HOST_USE_ROOT,       /* `name` is mounted on `where`, and this host runs from it */
	HOST_USE_POOL,       /* `name` is a part of `where`, a file system over several disks */
	HOST_USE_MOUNTED,    /* `name` is mounted on `where` */
	HOST_USE_SWAP,       /* `name` is swap space */
	HOST_USE_UPPER_DISK, /* `name` stands on the device's disk: LVM, encryption, RAID */
	HOST_USE_CLAIMED,    /* something that cannot be seen has claimed `name` */
	HOST_USE_ROUTE,      /* the default route of the family `where` goes over the port `name` */
	HOST_USE_DISPLAY,    /* it is this host's only display, and it shows something */
	HOST_USE_UNSEEN,     /* this is a container: the use that the host makes of it is unseen */
	HOST_USE_OPEN,       /* the process `name`, number `count`, has the file `where` open */
	HOST_USE_OPEN_UNSEEN,  /* only root sees who has its files open */
	HOST_USE_OPEN_OUTSIDE, /* nor does this root, which is not the host's */
	HOST_USE_PROC_UNSEEN,  /* /proc tells neither mounts nor processes */
	HOST_USE_PORT_UNSEEN,  /* a network card at the driver `name`, without an interface here */
	HOST_USE_SWITCH, /* `name` is a port of Open vSwitch; the default route is over `where` */
	HOST_USE_FUNCTIONS, /* it has `count` virtual functions */
};

struct host_use {
	enum host_use_kind kind;
	char name[HOST_USE_NAME_MAX]; /* a file of /dev, or a network port */
	char where[HOST_USE_NAME_MAX];
	unsigned int count;
};

enum host_screen {
	HOST_SCREEN_UNKNOWN, /* the driver shows no connectors, or VFIO has the device */
	HOST_SCREEN_NONE,
	HOST_SCREEN_CONNECTED,
};

/* Find out whether a screen is connected to the display controller. */
enum host_screen host_find_screen(const char *bdf);

/*
 * Fill in at most HOST_USES_MAX uses; returns how many there are. A disk is opened for reading to
 * see whether it is claimed: that takes root, or the group of disks. Does not log.
 */
unsigned int host_find_uses(const struct host_device *device, struct host_use *uses);

#endif
