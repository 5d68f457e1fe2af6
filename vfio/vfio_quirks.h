/* SPDX-License-Identifier: MIT */
/*
 * Devices that deviate from the specification, and what is done about them.
 *
 * Owns a table: which device, what is wrong with it, what is corrected or trapped, and who found
 * it. There are three kinds of deviations. Some devices report a wrong place of their MSI-X pending
 * bits. Some have an expansion ROM that hangs. Others repeat their configuration space or their
 * MSI-X table inside a BAR. A driver that uses the copy would read the host's addresses and write
 * the guest's, past minivmm and the kernel. Such places are trapped, and answered as the registers
 * themselves. See rules 38 and 39 of RULES.md.
 */
#ifndef MINIVMM_VFIO_QUIRKS_H
#define MINIVMM_VFIO_QUIRKS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/pci.h"
#include "vfio_msix.h"

#define VFIO_QUIRKS_MAX 4 /* so many at most in one device */

struct vfio_quirk;

/* What the guest last wrote to a pair of registers: a place, and the value to write there. */
struct vfio_latch {
	uint32_t place;
	uint32_t data;
};

struct vfio_quirks {
	struct pci_function *function;
	struct vfio_msix *msix;
	const struct vfio_quirk *rows[VFIO_QUIRKS_MAX];
	struct vfio_latch latches[VFIO_QUIRKS_MAX];
	pthread_mutex_t lock; /* the latches */
	unsigned int count;
	const char *bad_rom; /* who found that its ROM must not run, or NULL */
};

/*
 * Find the rows for the open device whose identity `function` has, and correct what its
 * configuration space reports wrongly. Must be called before its capabilities are read. Each
 * correction is logged as a warning.
 */
void vfio_quirks_init(struct vfio_quirks *quirks, struct pci_function *function,
		      struct vfio_device *device, struct vfio_msix *msix);

/* Accepts a zeroed one. */
void vfio_quirks_destroy(struct vfio_quirks *quirks);

/* Fill in the areas that must be trapped in `bar`. Returns how many of `areas` were filled in. */
unsigned int vfio_quirks_areas(const struct vfio_quirks *quirks, unsigned int bar,
			       struct vfio_area areas[VFIO_QUIRKS_MAX]);

/*
 * Handle the guest's access of `size` bytes at `offset` of `bar`. True if it was handled here;
 * false if it belongs to the device. May be called from any vCPU; takes the bus's lock.
 */
bool vfio_quirks_read(struct vfio_quirks *quirks, unsigned int bar, uint64_t offset,
		      unsigned int size, uint64_t *value);
bool vfio_quirks_write(struct vfio_quirks *quirks, unsigned int bar, uint64_t offset,
		       unsigned int size, uint64_t value);

#endif
