/* SPDX-License-Identifier: MIT */
/*
 * MSI-X of a passed-through function: where its table and pending bits lie, what the guest wrote
 * there, and the host's vectors behind it.
 *
 * Ties the state machine of devices/msix.c to the vectors of vfio_vectors.c. Table and pending bits
 * (PBA) are parts of BARs: vfio_bar.c asks here whose an access is. Whether MSI-X, MSI or the pin
 * is on is decided by vfio_interrupts.c, which is told when the guest switches MSI-X.
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

/* Whose bytes of a BAR an access means. */
enum vfio_msix_part {
	VFIO_MSIX_NONE, /* the device's: no byte of table or PBA is among them */
	VFIO_MSIX_TABLE,
	VFIO_MSIX_PBA,
	VFIO_MSIX_EDGE, /* across an edge: such an access means nothing */
};

struct vfio_msix {
	unsigned int cap; /* offset in configuration space; 0: the function has no MSI-X */
	struct pci_function *function;
	unsigned int table_bar, pba_bar;
	uint64_t table_offset, pba_offset;
	pthread_mutex_t *lock; /* the owner's; guards what the guest wrote and the vectors */
	struct msix guest;
	struct vfio_vectors vectors;
	/*
	 * The guest switched MSI-X on or off, or masked the function; or it touched a vector while
	 * the host's are off. Called under the lock.
	 */
	void (*switched)(void *owner);
	void *owner;
};

/*
 * Learn from the guest's configuration space and from VFIO whether the function has MSI-X. It is
 * off. The caller sets switched, owner and lock before; `group` has the same lock. 0, with cap 0
 * where there is none; or -errno, logged. vfio_msix_destroy() is due either way.
 */
int vfio_msix_init(struct vfio_msix *msix, struct vfio_device *device,
		   struct pci_function *function, const struct irq_vector_group *group);

/* Accepts a zeroed one; its vectors go off. */
void vfio_msix_destroy(struct vfio_msix *msix);

/* Once the function's BARs are known: whether table and PBA lie in them. 0, or -EIO, logged. */
int vfio_msix_check(const struct vfio_msix *msix);

/*
 * Whether the table lies in `bar`, and where: accesses of the guest to it must be seen. And the
 * PBA: as long as no masked vector is pending the device's own shows the same, which is nothing.
 */
bool vfio_msix_table_area(const struct vfio_msix *msix, unsigned int bar, struct vfio_area *area);
bool vfio_msix_pba_area(const struct vfio_msix *msix, unsigned int bar, struct vfio_area *area);

/*
 * From now on `pending` is told, under the lock, when the first masked vector becomes pending and
 * when none is any more. Before the first vector is used.
 */
void vfio_msix_watch(struct vfio_msix *msix, void (*pending)(void *owner, bool any), void *owner);

/* Whose an access of `size` bytes at `offset` of `bar` is. */
enum vfio_msix_part vfio_msix_part(const struct vfio_msix *msix, unsigned int bar, uint64_t offset,
				   unsigned int size);

/*
 * The guest's accesses to `part`, at offsets in its BAR. All-ones from an edge, where nothing is
 * written either; `part` is not VFIO_MSIX_NONE. Take the lock.
 */
uint64_t vfio_msix_read(struct vfio_msix *msix, enum vfio_msix_part part, uint64_t offset,
			unsigned int size);
void vfio_msix_write(struct vfio_msix *msix, enum vfio_msix_part part, uint64_t offset,
		     unsigned int size, uint64_t value);

/*
 * For a trace: what lies at `offset` of the BAR, which is in `part`. Leaves `place` as it is if
 * that is not MSI-X's.
 */
void vfio_msix_locate(const struct vfio_msix *msix, enum vfio_msix_part part, uint64_t offset,
		      struct trace_place *place);

/* The owner holds the lock for all that follow. */

/* The guest wrote `size` bytes of configuration space at `offset`. */
void vfio_msix_config_written(struct vfio_msix *msix, unsigned int offset, unsigned int size);

/* MSI-X is the kind that is on: all vectors become what the guest made of them. */
void vfio_msix_update(struct vfio_msix *msix);

/* As after power-on. */
void vfio_msix_reset(struct vfio_msix *msix);

#endif
