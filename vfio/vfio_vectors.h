/* SPDX-License-Identifier: MIT */
/*
 * MSI and MSI-X on the host: eventfds between VFIO_DEVICE_SET_IRQS and the guest.
 *
 * Owns the host side of a device's vectors. What the guest wrote belongs to devices/msi.c and
 * devices/msix.c, which call this file; devices/irq_vector.c leads from an eventfd to the guest. A
 * vector that the guest does not mask bypasses minivmm: device -> kernel -> eventfd -> KVM ->
 * guest.
 *
 * Two states are kept apart. On the host a vector of MSI-X is requested when the guest first
 * unmasks it, and stays; masking it in the guest does not concern the host, and what arrives
 * meanwhile waits. The vectors of MSI are one block that is requested whole: its size is told to
 * the device.
 *
 * Read beside it: VFIO_DEVICE_SET_IRQS in linux/vfio.h; PCI Local Bus 3.0, 6.8.
 */
#ifndef MINIVMM_VFIO_VECTORS_H
#define MINIVMM_VFIO_VECTORS_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/irq_vector.h"
#include "vfio_irq.h"

#define VFIO_VECTORS_MAX 2048u /* the most that MSI-X allows */

struct vfio_vector {
	struct irq_vector irq;
	bool on_host; /* VFIO signals its eventfd */
	bool live;    /* the guest wants its interrupts */
};

/* All vectors of one kind, MSI or MSI-X. */
struct vfio_vectors {
	struct vfio_device *device;
	struct irq_vector_group group;
	uint32_t index; /* VFIO_PCI_MSIX_IRQ_INDEX or VFIO_PCI_MSI_IRQ_INDEX */
	bool growable;  /* one vector can be added while others are on */
	bool enabled;
	/* A guest may try again and again. These failures are logged once until a reset. */
	bool refusal_said;        /* the host gives no vector, or too few */
	bool no_file_said;        /* minivmm has no files left */
	unsigned int count;       /* vectors the device has */
	unsigned int wanted;      /* number of vectors it was enabled with */
	unsigned int host_count;  /* vectors enabled on the host: 0 .. host_count - 1 */
	struct vfio_vector *list; /* `count` vectors */
};

/*
 * `group` says how interrupts reach the guest, and is copied; its lock stays the caller's, who
 * holds it around every call below. 0, -ENXIO if the device has no vector of the kind, or another
 * -errno; logged.
 */
int vfio_vectors_init(struct vfio_vectors *vectors, struct vfio_device *device,
		      const struct irq_vector_group *group, uint32_t index);

/* Disable and free the vectors; `loop` must not run. Accepts a zeroed one. */
void vfio_vectors_destroy(struct vfio_vectors *vectors);

/*
 * The guest switched the kind on and uses `count` vectors. For MSI the host is asked for all of
 * them, or for half as many until it can give them; the remaining vectors stay silent. For MSI-X
 * this only switches it on in the device, which must see that even if every vector is masked. 0 or
 * -errno, logged. Idempotent.
 */
int vfio_vectors_enable(struct vfio_vectors *vectors, unsigned int count);

/* Switch the kind off and forget all vectors. Idempotent. */
void vfio_vectors_disable(struct vfio_vectors *vectors);

/* Switch off, and set the state after power-on, in which a shortage is logged again. */
void vfio_vectors_reset(struct vfio_vectors *vectors);

/* What the guest has made of a vector. */
struct vfio_message {
	bool live; /* it may interrupt: neither the vector nor the function is masked */
	uint64_t address;
	uint32_t data;
};

/*
 * Set the vectors first .. first + count - 1 as the guest has them, which message(owner, vector)
 * tells: live vectors interrupt, the others wait. A vector of MSI-X that is new on the host, or
 * that the host could not give back, is requested there, with as few calls as the kernel allows. 0,
 * -EINVAL for vectors that do not exist or while the kind is off, or the first -errno, logged;
 * vectors that failed stay silent.
 */
int vfio_vectors_update(struct vfio_vectors *vectors, unsigned int first, unsigned int count,
			struct vfio_message (*message)(const void *owner, unsigned int vector),
			const void *owner);

/* True if an interrupt is pending behind the mask. */
bool vfio_vector_pending(const struct vfio_vectors *vectors, unsigned int vector);

#endif
