/* SPDX-License-Identifier: MIT */
/*
 * Where the capabilities of a passed-through device lie, and where each of them ends.
 *
 * A register that no capability claims belongs to the device: its driver writes what it likes
 * there, and VFIO lets it through. Hence every capability has a length, which is fixed, or told by
 * the capability itself. One of unknown kind is taken to reach to the next.
 *
 * Read beside it: PCI Local Bus 3.0, 6.7; PCI Express Base 7.6 to 7.9.
 */
#ifndef MINIVMM_VFIO_CAPS_H
#define MINIVMM_VFIO_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "vfio_policy.h"

#define VFIO_CAPS_MAX 96 /* the walk ends there: no device has so many */

struct vfio_cap {
	const struct vfio_policy *policy;
	unsigned int offset;
	unsigned int length; /* as the device tells it; 0: not known */
	bool hidden;         /* taken out of the guest's list */
	const char *why;     /* what is done with it, in words */
};

/* As the device lists them, hidden ones too. */
struct vfio_caps {
	struct vfio_cap list[VFIO_CAPS_MAX];
	unsigned int count;
};

/*
 * Remember the capability at `offset` of the device's configuration space, `bytes`. NULL where
 * there are more than any device has.
 */
struct vfio_cap *vfio_caps_add(struct vfio_caps *caps, const uint8_t *bytes,
			       const struct vfio_policy *policy, unsigned int offset);

/* The first of this kind, hidden or not; NULL if the device has none. */
const struct vfio_cap *vfio_caps_find(const struct vfio_caps *caps, bool extended, uint16_t id);

/* The capability that claims the byte at `offset`; NULL for none, and for the header. */
const struct vfio_cap *vfio_caps_at(const struct vfio_caps *caps, unsigned int offset);

/*
 * Set all bits of `forward` for the bytes that are the device's driver's alone: those that no
 * capability claims, and those of capabilities that the vendor defines. `size` is how large the
 * device's configuration space is.
 */
void vfio_caps_open(const struct vfio_caps *caps, unsigned int size, uint8_t *forward);

#endif
