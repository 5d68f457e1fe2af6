/* SPDX-License-Identifier: MIT */
/*
 * What must be true of the host before a device can be passed through, and the lines that make it
 * true.
 *
 * Looks at sysfs and /dev; changes nothing.
 */
#ifndef MINIVMM_HOST_DOCTOR_H
#define MINIVMM_HOST_DOCTOR_H

#include "host_sysfs.h"

/*
 * Check that `bdf` can be opened by VFIO: it exists, has an IOMMU group, is bound to vfio-pci,
 * nobody in its group is bound to a host driver, and the group's file is there and ours to open.
 * Fills in *device. 0, or -errno with the first thing that is wrong logged, and how to mend it.
 */
int host_check_device(const char *bdf, struct host_device *device);

#endif
