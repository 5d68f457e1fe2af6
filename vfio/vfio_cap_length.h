/* SPDX-License-Identifier: MIT */
/*
 * How long a capability is.
 *
 * The registers behind a capability belong to the device's driver, so a length that is too large
 * takes registers away from it. The specification fixes a length, or it follows from the
 * capability's own registers. The lengths are those that Linux's vfio-pci counts with, so that
 * minivmm drops no write that the kernel would let through.
 *
 * Read beside it: PCI Local Bus 3.0, 6.7; PCI Express Base 7.5 to 7.9; HyperTransport 3.1, 7.5.
 */
#ifndef MINIVMM_VFIO_CAP_LENGTH_H
#define MINIVMM_VFIO_CAP_LENGTH_H

#include "vfio_policy.h"

/*
 * Returns the length in bytes of the capability at `offset` of configuration space, whose
 * PCI_CONFIG_SIZE bytes are `bytes`; 0 if it is not known. It may be larger than the room that is
 * left. Does not log.
 */
unsigned int vfio_cap_length(const struct vfio_policy *policy, const uint8_t *bytes,
			     unsigned int offset);

#endif
