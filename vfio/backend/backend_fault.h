/* SPDX-License-Identifier: MIT */
/*
 * A backend that wraps another one and can make a device's configuration space read all-ones, for
 * `--inject config#N=ffff`.
 *
 * Everything else passes through. The roof uses it only for such a fault, so that no other file
 * needs to know of faults.
 */
#ifndef MINIVMM_BACKEND_FAULT_H
#define MINIVMM_BACKEND_FAULT_H

#include "vfio/vfio.h"

struct backend_fault {
	struct vfio_backend backend; /* for struct vfio_space */
	const struct vfio_backend *inner;
};

/*
 * Wrap `inner`. Returns &fault->backend, whose reads of configuration space give all-ones when such
 * a fault is due (trace_config_fault()); `fault` must outlive whatever is opened with it.
 */
const struct vfio_backend *backend_fault_wrap(struct backend_fault *fault,
					      const struct vfio_backend *inner);

#endif
