/* SPDX-License-Identifier: MIT */
/*
 * What the numbers of regions and kinds of interrupts are called in a trace: VFIO's ioctls and
 * vfio-user's messages use the same.
 *
 * Read beside it: VFIO_PCI_*_INDEX in linux/vfio.h.
 */
#ifndef MINIVMM_BACKEND_NAMES_H
#define MINIVMM_BACKEND_NAMES_H

#include "vmm/core/trace.h"

/* By region and by interrupt index; both end with a row without a name. */
extern const struct trace_name backend_region_names[];
extern const struct trace_name backend_irq_names[];

#endif
