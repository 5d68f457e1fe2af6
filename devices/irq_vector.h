/* SPDX-License-Identifier: MIT */
/*
 * A message-signalled vector: from an eventfd to the guest, by one of two ways.
 *
 * Owns the eventfd, the GSI and the message of each vector, and the way that its interrupts take.
 * By KVM's way an irqfd is plugged: the kernel makes the eventfd an interrupt, and minivmm is not
 * on the path. By the loop's way the main loop reads the eventfd and hands KVM the message, which
 * costs a thread switch.
 *
 * A vector starts on KVM's way. Nothing but unplugging the irqfd keeps the kernel from delivering,
 * and that waits for a grace period; so the first mask unplugs it, and the vector goes over to the
 * loop's way. There a mask is a flag of ours: masking and unmasking take no system call. An
 * interrupt that comes between is noted, and sent when the mask goes. After IRQ_VECTOR_PATIENCE
 * interrupts without another mask the vector returns to KVM's way. So the vectors of a guest that
 * masks them all the time stay on the loop's way, and all others on KVM's.
 *
 * A vector for which KVM has no GSI or no route stays on the loop's way, too.
 *
 * Read beside it: KVM_IRQFD and KVM_SIGNAL_MSI in Documentation/virt/kvm/api.rst; Linux'
 * virt/kvm/eventfd.c; PCI Local Bus 3.0, 6.8.2.
 */
#ifndef MINIVMM_IRQ_VECTOR_H
#define MINIVMM_IRQ_VECTOR_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/irq.h"
#include "vmm/core/loop.h"

#define IRQ_VECTOR_PATIENCE 8u

/* What all vectors of one function have in common. */
struct irq_vector_group {
	struct irq_router *router;
	struct loop *loop;     /* the main loop */
	pthread_mutex_t *lock; /* held around every call about one of the vectors */
	uint32_t devid;        /* the function's BDF, for interrupt controllers that ask for it */
	bool relayed;          /* for good by the loop's way: each interrupt is seen */
	/* Told, under the lock, when a first masked vector is pending, and when none is. */
	void (*pending)(void *owner, bool any);
	void *owner;
	unsigned int pending_count;
};

enum irq_way { IRQ_WAY_NONE, IRQ_WAY_KVM, IRQ_WAY_LOOP };

struct irq_vector {
	struct irq_vector_group *group;
	struct loop_source source; /* constant but for its file: the loop may hold it */
	int eventfd;  /* whoever signals it interrupts the guest; -1: not initialised */
	uint32_t gsi; /* 0: KVM has none for it */
	struct irq_message message;
	bool has_message;
	bool live;      /* unmasked */
	bool pending;   /* an interrupt was taken from the eventfd while it was masked */
	bool listening; /* the loop watches the eventfd */
	enum irq_way way;
	unsigned int came; /* interrupts that the loop saw since it was last masked or unmasked */
};

/* What stays as long as the memory: before the first init, and never again. */
void irq_vector_setup(struct irq_vector *vector, struct irq_vector_group *group);

/*
 * A new vector, masked and without a message; its eventfd may be signalled from now on. 0, or
 * -errno when we have no file left; not logged, for a guest may try again and again.
 */
int irq_vector_init(struct irq_vector *vector);

/*
 * No interrupt comes from now on, and KVM lets go of the eventfd; irq_vector_unmask() wires it
 * anew. Before the device's end of the eventfd goes.
 */
void irq_vector_disconnect(struct irq_vector *vector);

/* Disconnects, and gives GSI and eventfd back. Accepts one that was only set up, or destroyed. */
void irq_vector_destroy(struct irq_vector *vector);

/* The message that the vector sends: from the next unmask on, also of a vector that is unmasked. */
void irq_vector_set_message(struct irq_vector *vector, uint64_t address, uint32_t data);

/*
 * Interrupts reach the guest, as does one that came behind the mask. The changed routes of all
 * vectors reach KVM with the first. Idempotent. 0; -EINVAL without a message; or -errno, logged:
 * then it is masked as before.
 */
int irq_vector_unmask(struct irq_vector *vector);

/* None reaches the guest any more when this returns. Idempotent. */
void irq_vector_mask(struct irq_vector *vector);

/* Whether the vector was signalled while it was masked: what its PBA bit shows. */
bool irq_vector_pending(const struct irq_vector *vector);

/* As if the eventfd were signalled. Never blocks, which a write might: others have that file. */
void irq_vector_raise(struct irq_vector *vector);

#endif
