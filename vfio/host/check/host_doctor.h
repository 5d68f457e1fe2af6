/* SPDX-License-Identifier: MIT */
/*
 * What must be true of the host before a device can be passed through, and the lines that make it
 * true. It is one diagnosis for two users: a start, which should not fail halfway, and people who
 * ask beforehand.
 *
 * Owns which checks there are, and their order. What the checks look at is host_check.h's. Looks
 * at sysfs, /proc and /dev, and changes nothing.
 */
#ifndef MINIVMM_HOST_DOCTOR_H
#define MINIVMM_HOST_DOCTOR_H

#include "host_check.h"

/*
 * Check that VFIO can open `bdf`: the device exists, answers, has an IOMMU group and is bound to
 * vfio-pci; no member of its group is bound to a host driver; and this process may open the
 * group's file. Fills in *device. Returns 0, or -errno with the first problem and its fix logged.
 */
int host_check_device(const char *bdf, const struct host_demand *demand,
		      struct host_device *device);

/*
 * Check that the host has the RAM that a start with a device pins, before a page of it is
 * touched. Returns 0, or -ENOMEM, logged with need and room.
 */
int host_check_room(const struct host_demand *demand);

/*
 * After a failed start: log everything else that is wrong with the host or with one of the
 * devices. Says nothing about the things that host_check_device() looks at.
 */
void host_explain_failure(const struct host_device *devices, unsigned int count,
			  const struct host_demand *demand);

/* Run every check of the host, and of one device. The caller destroys the reports. */
void host_examine(struct host_report *report, const struct host_demand *demand);
void host_examine_device(struct host_report *report, const char *bdf,
			 const struct host_demand *demand);

/*
 * Find the first finding that stands in the way of the device, if there is one. Runs only checks
 * that wake no device.
 */
bool host_find_obstacle(const struct host_device *device, const struct host_demand *demand,
			enum host_found *obstacle);

/*
 * For a device that is about to be handed over to vfio-pci: check that it is there and in a
 * group. Returns 0 or -ENODEV, logged.
 */
int host_check_bindable(const struct host_device *device);

/*
 * For the same device: check whether the host uses it. Returns 0 or -EBUSY, logged with what ends
 * each use. With `force` the uses are logged as warnings, and the result is 0.
 */
int host_check_unused(const struct host_device *device, bool force);

/* After vfio-pci could not be loaded: log the reason. */
void host_explain_vfio(void);

#endif
