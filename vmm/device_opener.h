/* SPDX-License-Identifier: MIT */
/*
 * The processes that find and open devices which come while the guest runs.
 *
 * A confined minivmm opens no file, but a device that comes is files to open: what sysfs says of
 * it, its group's or its own file, its ROM's image, or the socket of its server. So two children,
 * which see neither guest nor device, do that. One keeps the user of the start, looks at any PCI
 * device, and opens the files of VFIO and iommufd. The other is whoever minivmm goes on as. It
 * opens images and sockets, for their names come from the control socket.
 */
#ifndef MINIVMM_DEVICE_OPENER_H
#define MINIVMM_DEVICE_OPENER_H

#include "sandbox/sandbox.h"
#include "sandbox/sandbox_opener.h"
#include "vfio/host/check/host_doctor.h"

/* `devices.opener` is for both of them. */
struct device_opener {
	struct sandbox_opener devices, names;
};

/* Start them, while the process has one thread. 0 or -errno, logged; stop it after either. */
int device_opener_start(struct device_opener *opener, const struct sandbox *sandbox);

/* They end, and are waited for. Accepts a zeroed one. */
void device_opener_stop(struct device_opener *opener);

/*
 * host_check_device(), and then host_choose_access() of *access: by `opener`, or here if that is
 * NULL. 0 or -errno, logged.
 */
int device_opener_find(const struct opener *opener, const char *bdf,
		       const struct host_demand *demand, struct host_device *found,
		       enum host_access *access);

#endif
