/* SPDX-License-Identifier: MIT */
/*
 * A backend around a backend, whose devices' configuration space can be made to die: what
 * `--inject config#N=ffff` asks for. All else passes through.
 *
 * Chosen by the roof where such a fault is asked for, so that nobody else needs to know of faults.
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
