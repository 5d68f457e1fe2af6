/* SPDX-License-Identifier: MIT */
/*
 * Where the capabilities of a passed-through device lie, and where each of them ends.
 *
 * A register that no capability claims belongs to the device: its driver may write anything there,
 * and VFIO lets it through. So every capability needs a length (vfio_cap_length.c). A capability of
 * unknown kind is assumed to reach to the next one.
 *
 * Read beside it: PCI Local Bus 3.0, 6.7; PCI Express Base 7.6 to 7.9.
 */
#ifndef MINIVMM_VFIO_CAPS_H
#define MINIVMM_VFIO_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "vfio_policy.h"

#define VFIO_CAPS_MAX 96 /* a walk of the list ends there, because no device has so many */

struct vfio_cap {
	const struct vfio_policy *policy;
	unsigned int offset;
	unsigned int length; /* in bytes, as the device says; 0: not known */
	bool hidden;         /* taken out of the guest's list */
	bool raw;            /* claims nothing: the kernel hides it, and leaves its registers raw */
	const char *why;     /* the reason for what is done with it */
};

/* All capabilities in the order of the device's list, including hidden ones. */
struct vfio_caps {
	struct vfio_cap list[VFIO_CAPS_MAX];
	unsigned int count;
};

/*
 * Remember the capabilities of the first 256 bytes of configuration space, or the extended ones of
 * all its PCI_CONFIG_SIZE bytes. A walk ends after VFIO_CAPS_MAX of them, and where a broken list
 * returns to one that was visited.
 */
void vfio_caps_collect(struct vfio_caps *caps, const uint8_t *bytes);
void vfio_caps_collect_extended(struct vfio_caps *caps, const uint8_t *bytes);

/* The first of this kind, hidden or not; NULL if the device has none. */
const struct vfio_cap *vfio_caps_find(const struct vfio_caps *caps, bool extended, uint16_t id);

/*
 * The offset behind the last byte that `cap`, one of the list, claims: at the end of the space or
 * at the next capability at the latest.
 */
unsigned int vfio_caps_end(const struct vfio_caps *caps, const struct vfio_cap *cap);

/* The capability that claims the byte at `offset`; NULL for none, and for the header. */
const struct vfio_cap *vfio_caps_at(const struct vfio_caps *caps, unsigned int offset);

/*
 * Set all bits of `forward` for the bytes that belong to the device's driver: those that no
 * capability claims, and those of capabilities that the vendor defines. `size` is the size of the
 * device's configuration space in bytes.
 */
void vfio_caps_open(const struct vfio_caps *caps, unsigned int size, uint8_t *forward);

#endif
