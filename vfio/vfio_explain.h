/* SPDX-License-Identifier: MIT */
/*
 * Why a guest finds a register as it does, and why its writes do what they do: in words, by the row
 * of vfio_policy.c that made it so.
 */
#ifndef MINIVMM_VFIO_EXPLAIN_H
#define MINIVMM_VFIO_EXPLAIN_H

#include "vfio_config.h"

/*
 * Why the guest may read something else than the device has in the byte at `offset`; NULL when it
 * reads the device itself.
 */
const char *vfio_explain_read(const struct vfio_config *config, unsigned int offset);

/* Why a guest's write to the byte at `offset` of `function` does what it does; never NULL. */
const char *vfio_explain_write(const struct vfio_config *config,
			       const struct pci_function *function, unsigned int offset);

#endif
