/* SPDX-License-Identifier: MIT */
/*
 * What must be true of the host before a device can be passed through, and the lines that make it
 * true: one diagnosis, for a start that shall not fail halfway and for whoever asks beforehand.
 *
 * Owns which checks there are and their order; what they look at is host_check.h's. Looks at sysfs,
 * /proc and /dev; changes nothing.
 */
#ifndef MINIVMM_HOST_DOCTOR_H
#define MINIVMM_HOST_DOCTOR_H

#include "host_check.h"

/*
 * Check that `bdf` can be opened by VFIO: it exists, answers, has an IOMMU group, is bound to
 * vfio-pci, nobody in its group is bound to a host driver, and the group's file is there and ours
 * to open. Fills in *device. 0, or -errno with the first thing that is wrong logged, and how to
 * mend it.
 */
int host_check_device(const char *bdf, const struct host_demand *demand,
		      struct host_device *device);

/*
 * Check that the host has the RAM that a start with a device pins, before a page of it is touched.
 * 0, or -ENOMEM, logged with need and room.
 */
int host_check_room(const struct host_demand *demand);

/*
 * After a start failed all the same: log whatever else is wrong with the host, or with one of the
 * devices. Says nothing of what host_check_device() looks at.
 */
void host_explain_failure(const struct host_device *devices, unsigned int count,
			  const struct host_demand *demand);

/* Every check of the host, and of one device. The reports are the caller's to destroy. */
void host_examine(struct host_report *report, const struct host_demand *demand);
void host_examine_device(struct host_report *report, const char *bdf,
			 const struct host_demand *demand);

/*
 * The first finding that stands in the way of the device, if one does. Looks only at what wakes no
 * device.
 */
bool host_find_obstacle(const struct host_device *device, const struct host_demand *demand,
			enum host_found *obstacle);

/*
 * For a device that is about to be handed over to vfio-pci: whether that can be, because it is
 * there and in a group. 0 or -ENODEV, logged.
 */
int host_check_bindable(const struct host_device *device);

/*
 * For the same device: whether the host uses it. 0 or -EBUSY, logged with what ends each use; with
 * `force` the uses are warnings, and it is 0.
 */
int host_check_unused(const struct host_device *device, bool force);

/* After vfio-pci could not be loaded: log why. */
void host_explain_vfio(void);

#endif
