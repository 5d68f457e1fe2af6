/* SPDX-License-Identifier: MIT */
/*
 * MSI and MSI-X on the host: eventfds between VFIO_DEVICE_SET_IRQS and KVM_IRQFD.
 *
 * Owns the host side of a device's vectors. The guest side - what the guest wrote where - belongs
 * to devices/msi.c and devices/msix.c and comes in as calls. Once a vector is wired, minivmm is not
 * on the path: device -> kernel -> eventfd -> KVM -> guest.
 *
 * Two states are kept apart. On the host a vector of MSI-X is requested when the guest first
 * unmasks it, and stays; masking it in the guest only unplugs the irqfd, and what arrives meanwhile
 * waits in the eventfd. The vectors of MSI are one block that is requested whole: its size is told
 * to the device.
 *
 * Read beside it: VFIO_DEVICE_SET_IRQS in linux/vfio.h; PCI Local Bus 3.0, 6.8.
 */
#ifndef MINIVMM_VFIO_VECTORS_H
#define MINIVMM_VFIO_VECTORS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "vfio_irq.h"
#include "vmm/core/irq.h"

#define VFIO_VECTORS_MAX 2048u /* MSI-X allows no more */

struct vfio_vectors;

/* Listens to one vector while it is masked, until it is pending. */
struct vfio_watch {
	struct vfio_vectors *vectors;
	unsigned int vector;
	bool listening, pending;
	struct loop_source source;
};

/* All vectors of one kind, MSI or MSI-X. */
struct vfio_vectors {
	struct vfio_device *device;
	struct irq_router *router;
	uint32_t index; /* VFIO_PCI_MSIX_IRQ_INDEX or VFIO_PCI_MSI_IRQ_INDEX */
	uint32_t devid;
	bool growable; /* one vector can be added while others are on */
	bool enabled;
	/* A guest tries again and again, and is told again; people are told once until a reset. */
	bool refusal_said;        /* the host gives no vector, or too few */
	bool no_file_said;        /* we have no files or GSIs left */
	unsigned int count;       /* vectors the device has */
	unsigned int wanted;      /* what it was enabled with */
	unsigned int host_count;  /* vectors enabled on the host: 0 .. host_count - 1 */
	struct irq_msi *msi;      /* count of them; gsi 0 while never used */
	struct irq_relay *relays; /* the same number, or NULL: KVM listens itself */

	struct vfio_watch *watches; /* the same number, or NULL: nobody wants to know */
	struct loop *loop;          /* which listens */
	pthread_mutex_t *lock;      /* the owner's, who holds it around every call */
	unsigned int pending_count;
	void (*pending)(void *owner, bool any);
	void *pending_owner;
};

/* 0; -ENXIO when the device has no vector of the kind; or -errno. Logged. */
int vfio_vectors_init(struct vfio_vectors *vectors, struct vfio_device *device,
		      struct irq_router *router, uint32_t index, uint32_t devid);

/* Disables and frees; `loop` does not run. Accepts a zeroed one. */
void vfio_vectors_destroy(struct vfio_vectors *vectors);

/* Have all vectors relayed by the main loop; before the first is used. 0 or -errno, logged. */
int vfio_vectors_set_relay(struct vfio_vectors *vectors, struct loop *loop);

/*
 * Have `pending` told, under `lock`, when the first masked vector becomes pending and when none is
 * any more; before the first is used. 0 or -errno, logged.
 */
int vfio_vectors_set_watch(struct vfio_vectors *vectors, struct loop *loop, pthread_mutex_t *lock,
			   void (*pending)(void *owner, bool any), void *owner);

/*
 * The guest switched the kind on and uses `count` vectors. MSI: the host is asked for all of them,
 * and for half as many as long as it cannot give them: the vectors behind those stay silent. MSI-X:
 * the device must see it on even with every vector masked, which is all that is done now. 0 or
 * -errno, logged. Idempotent.
 */
int vfio_vectors_enable(struct vfio_vectors *vectors, unsigned int count);

/* Off; all vectors are forgotten. Idempotent. */
void vfio_vectors_disable(struct vfio_vectors *vectors);

/* Off, and as after power-on: a shortage is worth a message again. */
void vfio_vectors_reset(struct vfio_vectors *vectors);

/*
 * The vector sends this message from its next unmask on. Requests a vector of MSI-X on the host if
 * it is new there, or was lost because the host could not give all back. 0; -EINVAL for one
 * that does not exist or while the kind is off; or -errno, logged: the vector then stays silent.
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

/* What the guest has made of a vector. */
struct vfio_message {
	bool live; /* it may interrupt: neither it nor anything above it is masked */
	uint64_t address;
	uint32_t data;
};

/*
 * Vectors first .. first + count - 1 become what the guest made of them, as `message` tells with
 * `owner`: those that are live interrupt, the others wait. What fails is logged as by the functions
 * above, and the vector stays silent. Does nothing while the kind is off.
 */
void vfio_vectors_update(struct vfio_vectors *vectors, unsigned int first, unsigned int count,
			 struct vfio_message (*message)(const void *owner, unsigned int vector),
			 const void *owner);

/* Whether an interrupt waits behind the mask. */
bool vfio_vector_pending(const struct vfio_vectors *vectors, unsigned int vector);

#endif
