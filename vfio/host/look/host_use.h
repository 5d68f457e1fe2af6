/* SPDX-License-Identifier: MIT */
/*
 * What this host does with a device right now: what would break if it were taken away.
 *
 * Follows a device up to the file systems mounted from its disks (through partitions, LVM,
 * encryption and RAID), swap, disks that are claimed by whom cannot be seen, the default route over
 * its network ports (through bridges, bonds and VLANs), the screen, and virtual functions that it
 * has.
 *
 * Read beside it: proc(5) on mountinfo, swaps and net/route; Documentation/ABI/stable/sysfs-block.
 */
#ifndef MINIVMM_HOST_USE_H
#define MINIVMM_HOST_USE_H

#include "host_sysfs.h"

#define HOST_USES_MAX     16
#define HOST_USE_TEXT_MAX 320

struct host_use {
	char what[HOST_USE_TEXT_MAX]; /* "/dev/nvme0n1p1 is mounted on /home" */
	char fix[HOST_USE_TEXT_MAX];  /* the line that ends it; "" where there is none */
};

/*
 * Fill in at most HOST_USES_MAX uses; returns how many there are. To see what disks are claimed it
 * opens them for reading, for which it takes root or the group of disks.
 */
unsigned int host_find_uses(const struct host_device *device, struct host_use *uses);

#endif
