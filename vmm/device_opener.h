/* SPDX-License-Identifier: MIT */
/*
 * The processes that find and open devices which come while the guest runs.
 *
 * A confined minivmm opens no file, but a device that comes needs open files: its attributes in
 * sysfs, its group's or its own file, its ROM's image, or the socket of its server. So two child
 * processes, which see neither guest nor device, open them. One keeps the user of the start,
 * looks at any PCI device, and opens the files of VFIO and iommufd. The other has the user that
 * minivmm goes on as, and opens images and sockets, whose names come from the control socket.
 */
#ifndef MINIVMM_DEVICE_OPENER_H
#define MINIVMM_DEVICE_OPENER_H

#include "sandbox/sandbox.h"
#include "sandbox/sandbox_opener.h"
#include "vfio/host/check/host_doctor.h"

/* `devices.opener` stands for both of them */
struct device_opener {
	struct sandbox_opener devices, names;
};

/*
 * Start both, while this process has one thread. Returns 0 or -errno, logged. Call
 * device_opener_stop() even after a failure.
 */
int device_opener_start(struct device_opener *opener, const struct sandbox *sandbox);

/* End both and wait for them. Accepts a zeroed one. */
void device_opener_stop(struct device_opener *opener);

/*
 * Call host_check_device(), and then host_choose_access() for *access: in the child of `opener`,
 * or here if that is NULL. Returns 0 or -errno, logged.
 */
int device_opener_find(const struct opener *opener, const char *bdf,
		       const struct host_demand *demand, struct host_device *found,
		       enum host_access *access);

#endif
