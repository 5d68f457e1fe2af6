/* SPDX-License-Identifier: MIT */
/*
 * Explains why a guest finds a register as it does, and what its writes do, by the row of
 * vfio_policy.c that is responsible.
 */
#ifndef MINIVMM_VFIO_EXPLAIN_H
#define MINIVMM_VFIO_EXPLAIN_H

#include "vfio_config.h"

/*
 * The reason why the guest may read another value than the device has in the byte at `offset`; NULL
 * if it reads the device itself.
 */
const char *vfio_explain_read(const struct vfio_config *config, unsigned int offset);

/*
 * The reason for what happens to a guest's write to the byte at `offset` of `function`; never NULL.
 */
const char *vfio_explain_write(const struct vfio_config *config,
			       const struct pci_function *function, unsigned int offset);

#endif
