/* SPDX-License-Identifier: MIT */
/*
 * What things are called in a trace: the numbers of regions and kinds of interrupts, for VFIO's
 * ioctls and vfio-user's messages alike, and a device when it is bound.
 *
 * Read beside it: VFIO_PCI_*_INDEX in linux/vfio.h.
 */
#ifndef MINIVMM_BACKEND_NAMES_H
#define MINIVMM_BACKEND_NAMES_H

#include "vmm/trace/trace.h"

/* By region and by interrupt index; both end with a row without a name. */
extern const struct trace_name backend_region_names[];
extern const struct trace_name backend_irq_names[];

/* What is told of a VFIO_DEVICE_BIND_IOMMUFD: the call itself does not name the device. */
struct backend_binding {
	const struct vfio_device_bind_iommufd *bind;
	const char *name;
};

#endif
