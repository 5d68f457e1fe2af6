/* SPDX-License-Identifier: MIT */
/*
 * From the device's interrupts to the guest's: eventfds between VFIO_DEVICE_SET_IRQS and KVM_IRQFD.
 *
 * Owns the host side of a device's interrupts. The guest side - what the guest wrote where -
 * belongs to devices/msix.c and comes in as calls. Once a vector is wired, minivmm is not on the
 * path: device -> kernel -> eventfd -> KVM -> guest.
 *
 * Two states are kept apart. On the host a vector is requested when the guest first unmasks it, and
 * stays; masking it in the guest only unplugs the irqfd, and what arrives meanwhile waits in the
 * eventfd.
 *
 * Read beside it: VFIO_DEVICE_SET_IRQS in linux/vfio.h; PCI Local Bus 3.0, 6.8.
 */
#ifndef MINIVMM_VFIO_IRQ_H
#define MINIVMM_VFIO_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#include "vfio.h"
#include "vmm/core/irq.h"

/*
 * VFIO_DEVICE_SET_IRQS: `count` eventfds from `start` on; with none and `fds` NULL the kind is off.
 * 0, -errno, or how many vectors the host could give; not logged.
 */
int vfio_irq_set(struct vfio_device *device, uint32_t index, uint32_t action, unsigned int start,
		 unsigned int count, const int *fds);

/* All vectors of one kind, MSI or MSI-X. */
struct vfio_vectors {
	struct vfio_device *device;
	struct irq_router *router;
	uint32_t index; /* VFIO_PCI_MSIX_IRQ_INDEX or VFIO_PCI_MSI_IRQ_INDEX */
	uint32_t devid;
	bool growable; /* one vector can be added while others are on */
	bool enabled;
	bool refused; /* the host gave no vector; said once until the kind is switched on anew */
	unsigned int count;      /* vectors the device has */
	unsigned int host_count; /* vectors enabled on the host: 0 .. host_count - 1 */
	struct irq_msi *msi;     /* count of them; gsi 0 while never used */
};

/* 0; -ENXIO when the device has no vector of the kind; or -errno. Logged. */
int vfio_vectors_init(struct vfio_vectors *vectors, struct vfio_device *device,
		      struct irq_router *router, uint32_t index, uint32_t devid);

/* Disables and frees. Accepts a zeroed one. */
void vfio_vectors_destroy(struct vfio_vectors *vectors);

/*
 * The guest switched the kind on: the device must see it on even with every vector masked. 0 or
 * -errno, logged.
 */
int vfio_vectors_enable(struct vfio_vectors *vectors);

/* Off; all vectors are forgotten. Idempotent. */
void vfio_vectors_disable(struct vfio_vectors *vectors);

/*
 * The vector sends this message from its next unmask on. Requests it on the host if it is new
 * there. 0; -EINVAL while the kind is off; or -errno, logged: the vector then stays silent.
 */
int vfio_vector_prepare(struct vfio_vectors *vectors, unsigned int vector, uint64_t address,
			uint32_t data);

/*
 * Let a prepared vector interrupt the guest. The routes of all prepared vectors reach KVM with the
 * first. 0; -EINVAL for one that is not prepared; or -errno, logged.
 */
int vfio_vector_unmask(struct vfio_vectors *vectors, unsigned int vector);

/* The guest does not want to hear of the vector; its interrupts wait. */
void vfio_vector_mask(struct vfio_vectors *vectors, unsigned int vector);

/* Whether an interrupt waits behind the mask. */
bool vfio_vector_pending(const struct vfio_vectors *vectors, unsigned int vector);

/*
 * INTx: level triggered, masked by the kernel when it fires, unmasked when the guest has
 * acknowledged.
 */
struct vfio_intx {
	struct vfio_device *device;
	struct irq_router *router;
	uint32_t gsi;
	struct irq_level level;
	bool enabled;
};

void vfio_intx_init(struct vfio_intx *intx, struct vfio_device *device, struct irq_router *router,
		    uint32_t gsi);

/* Must be off while MSI or MSI-X is on. 0 or -errno, logged. Idempotent, both. */
int vfio_intx_enable(struct vfio_intx *intx);
void vfio_intx_disable(struct vfio_intx *intx);

#endif
