/* SPDX-License-Identifier: MIT */
/*
 * File systems that lie on several disks: which disk belongs to one that is in use.
 *
 * A mount names at most one of its disks, or a number that no disk has; so btrfs and ZFS are asked
 * themselves. Only reads.
 *
 * Read beside it: zfsprops(7), and the kernel's Documentation/ABI/testing/sysfs-fs-btrfs.
 */
#ifndef MINIVMM_HOST_POOL_H
#define MINIVMM_HOST_POOL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Returns whether the disk or partition, by its name in sysfs, belongs to a file system over
 * several disks that is in use now. The file system's name goes into `pool`. Does not log.
 */
bool host_find_pool(const char *disk, char *pool, size_t size);

#endif
