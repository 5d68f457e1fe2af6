/* SPDX-License-Identifier: MIT */
/*
 * What this host does with a device right now: what would break if it were taken away.
 *
 * Follows a device up to the file systems mounted from its disks (through partitions, LVM,
 * encryption and RAID), swap, disks that are claimed by whom cannot be seen, the default route over
 * its network ports (through bridges, bonds and VLANs), the screen, and virtual functions that it
 * has; and to processes that have its files open.
 *
 * Read beside it: proc(5) on mountinfo, swaps and net/route; Documentation/ABI/stable/sysfs-block.
 */
#ifndef MINIVMM_HOST_USE_H
#define MINIVMM_HOST_USE_H

#include "host_sysfs.h"

#define HOST_USES_MAX     16
#define HOST_USE_NAME_MAX 256

enum host_use_kind {
	HOST_USE_MOUNTED,    /* `name` is mounted on `where` */
	HOST_USE_SWAP,       /* `name` is swap space */
	HOST_USE_UPPER_DISK, /* `name` stands on the device's disk: LVM, encryption, RAID */
	HOST_USE_CLAIMED,    /* `name` is claimed by whom cannot be seen */
	HOST_USE_ROUTE,      /* the default route of the family `where` goes over the port `name` */
	HOST_USE_DISPLAY,    /* the only display of this host, and it shows something */
	HOST_USE_UNSEEN,     /* in a container: what the host does with it cannot be seen */
	HOST_USE_OPEN,       /* the process `name`, number `count`, has the file `where` open */
	HOST_USE_OPEN_UNSEEN, /* who has its files open only root sees */
	HOST_USE_FUNCTIONS,   /* it has `count` virtual functions */
};

struct host_use {
	enum host_use_kind kind;
	char name[HOST_USE_NAME_MAX]; /* a file of /dev, or a network port */
	char where[HOST_USE_NAME_MAX];
	unsigned int count;
};

enum host_screen {
	HOST_SCREEN_UNKNOWN, /* its driver shows no connectors, or VFIO has it */
	HOST_SCREEN_NONE,
	HOST_SCREEN_CONNECTED,
};

/* Whether a screen is connected to the display controller. */
enum host_screen host_find_screen(const char *bdf);

/*
 * Fill in at most HOST_USES_MAX uses; returns how many there are. To see what disks are claimed it
 * opens them for reading, for which it takes root or the group of disks.
 */
unsigned int host_find_uses(const struct host_device *device, struct host_use *uses);

#endif
