/* SPDX-License-Identifier: MIT */
/*
 * MSI-X of a passed-through function: the place of its table and pending bits, what the guest wrote
 * there, and the host's vectors behind it.
 *
 * Connects the state machine of devices/msix.c with the vectors of vfio_vectors.c. Table and
 * pending bits (PBA) are parts of BARs, so vfio_bar.c asks here where an access belongs.
 * vfio_interrupts.c decides whether MSI-X, MSI or the pin is on, and is told when the guest
 * switches MSI-X.
 *
 * Read beside it: PCI Local Bus 3.0, 6.8.2.
 */
#ifndef MINIVMM_VFIO_MSIX_H
#define MINIVMM_VFIO_MSIX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/msix.h"
#include "devices/pci.h"
#include "vfio_vectors.h"

/* Where an access to a BAR belongs. */
enum vfio_msix_part {
	VFIO_MSIX_NONE, /* to the device: no byte of table or PBA is among the bytes */
	VFIO_MSIX_TABLE,
	VFIO_MSIX_PBA,
	VFIO_MSIX_EDGE, /* across an edge: such an access has no effect */
};

struct vfio_msix {
	unsigned int cap; /* offset in configuration space; 0: the function has no MSI-X */
	struct pci_function *function;
	unsigned int table_bar, pba_bar;
	uint64_t table_offset, pba_offset;
	/* the owner's lock, which guards what the guest wrote and the vectors */
	pthread_mutex_t *lock;
	struct msix guest;
	struct vfio_vectors vectors;
	/*
	 * Called under the lock when the guest switched MSI-X on or off, masked the function, or
	 * touched a vector while the host's are off.
	 */
	void (*switched)(void *owner);
	void *owner;
};

/*
 * Find out from the guest's configuration space and from VFIO whether the function has MSI-X, which
 * stays off. The caller sets switched, owner and lock before; `group` has the same lock. 0, with
 * cap 0 if there is no MSI-X, or -errno, logged. Call vfio_msix_destroy() in either case.
 */
int vfio_msix_init(struct vfio_msix *msix, struct vfio_device *device,
		   struct pci_function *function, const struct irq_vector_group *group);

/* Switch the vectors off and free everything. Accepts a zeroed one. */
void vfio_msix_destroy(struct vfio_msix *msix);

/* Check, once the function's BARs are known, that table and PBA lie in them. 0, or -EIO, logged. */
int vfio_msix_check(const struct vfio_msix *msix);

/*
 * True if the table, or the PBA, lies in `bar`; *area is where. The guest's accesses to the table
 * must always be trapped. The PBA need not be trapped while no masked vector is pending, because
 * the device's own shows no pending bit then either.
 */
bool vfio_msix_table_area(const struct vfio_msix *msix, unsigned int bar, struct vfio_area *area);
bool vfio_msix_pba_area(const struct vfio_msix *msix, unsigned int bar, struct vfio_area *area);

/*
 * From now on `pending` is called, under the lock, when the first masked vector becomes pending and
 * when none is pending any more. Must be called before the first vector is used.
 */
void vfio_msix_watch(struct vfio_msix *msix, void (*pending)(void *owner, bool any), void *owner);

/* Where an access of `size` bytes at `offset` of `bar` belongs. */
enum vfio_msix_part vfio_msix_part(const struct vfio_msix *msix, unsigned int bar, uint64_t offset,
				   unsigned int size);

/*
 * The guest's accesses to `part`, at offsets in its BAR; `part` is not VFIO_MSIX_NONE. At an edge a
 * read gives all-ones and a write does nothing. They take the lock.
 */
uint64_t vfio_msix_read(struct vfio_msix *msix, enum vfio_msix_part part, uint64_t offset,
			unsigned int size);
void vfio_msix_write(struct vfio_msix *msix, enum vfio_msix_part part, uint64_t offset,
		     unsigned int size, uint64_t value);

/*
 * For a trace: name the register at `offset` of the BAR, which is in `part`. Leaves `place`
 * unchanged if it is not one of MSI-X.
 */
void vfio_msix_locate(const struct vfio_msix *msix, enum vfio_msix_part part, uint64_t offset,
		      struct trace_place *place);

/* The owner holds the lock for all functions below. */

/* The guest wrote `size` bytes of configuration space at `offset`. */
void vfio_msix_config_written(struct vfio_msix *msix, unsigned int offset, unsigned int size);

/* Set all vectors as the guest has them, once MSI-X is the kind that is on. */
void vfio_msix_update(struct vfio_msix *msix);

/* Set the state after power-on. */
void vfio_msix_reset(struct vfio_msix *msix);

#endif
