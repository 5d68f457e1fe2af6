/* SPDX-License-Identifier: MIT */
/*
 * The process that finds and opens devices that come while the guest runs.
 *
 * A confined minivmm opens no file, but a device that comes is files to open: what sysfs says of
 * it, its group's or its own file, its ROM's image, or the socket of its server. So a child, which
 * sees neither guest nor device, keeps the rights of the start. It looks at any PCI device, and
 * opens the files of VFIO and iommufd. Images and sockets it opens as whoever minivmm goes on as,
 * for their names come from the control socket.
 */
#ifndef MINIVMM_DEVICE_OPENER_H
#define MINIVMM_DEVICE_OPENER_H

#include "sandbox/sandbox_opener.h"
#include "vfio/host/check/host_doctor.h"

/*
 * Start it, while the process has one thread; it ends by sandbox_opener_stop(). 0 or -errno,
 * logged.
 */
int device_opener_start(struct sandbox_opener *opener, const struct sandbox *sandbox);

/*
 * host_check_device(), and then host_choose_access() of *access: by `opener`, or here if that is
 * NULL. 0 or -errno, logged.
 */
int device_opener_find(const struct opener *opener, const char *bdf,
		       const struct host_demand *demand, struct host_device *found,
		       enum host_access *access);

#endif
