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
 * loop's way. There a mask is a flag in minivmm: masking and unmasking take no system call. An
 * interrupt that comes in between is noted, and sent at the unmask. After IRQ_VECTOR_PATIENCE
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
	bool relayed;          /* always use the loop's way, so that each interrupt is seen */
	/*
	 * Called under the lock when the first masked vector becomes pending, and when none is
	 * pending any more.
	 */
	void (*pending)(void *owner, bool any);
	void *owner;
	const char *name; /* the function's, for messages */
	unsigned int pending_count;
};

enum irq_way { IRQ_WAY_NONE, IRQ_WAY_KVM, IRQ_WAY_LOOP };

struct irq_vector {
	struct irq_vector_group *group;
	struct loop_source source; /* constant except for its file, because the loop may hold it */
	int eventfd;               /* a write to it interrupts the guest; -1: not initialised */
	uint32_t gsi;              /* 0: KVM has none left */
	struct irq_message message;
	bool has_message;
	bool live;      /* unmasked */
	bool pending;   /* an interrupt was taken from the eventfd while it was masked */
	bool listening; /* the loop watches the eventfd */
	enum irq_way way;
	unsigned int came; /* interrupts that the loop saw since it was last masked or unmasked */
};

/* Set the members that never change, once, before the first irq_vector_init(). */
void irq_vector_setup(struct irq_vector *vector, struct irq_vector_group *group);

/*
 * Make a new vector, masked and without a message; its eventfd may be signalled from now on. 0, or
 * -errno if minivmm has no file left; not logged, because a guest may try again and again.
 */
int irq_vector_init(struct irq_vector *vector);

/*
 * Stop all interrupts, and take the eventfd away from KVM; irq_vector_unmask() connects it again.
 * Must be called before the device gives up its end of the eventfd.
 */
void irq_vector_disconnect(struct irq_vector *vector);

/*
 * Disconnect the vector and free its GSI and eventfd. Accepts one that was only set up, or is
 * destroyed already.
 */
void irq_vector_destroy(struct irq_vector *vector);

/*
 * Set the vector's message, which counts from the next unmask on, even if the vector is unmasked
 * now.
 */
void irq_vector_set_message(struct irq_vector *vector, uint64_t address, uint32_t data);

/*
 * Let interrupts reach the guest, including one that came behind the mask. The first call hands the
 * changed routes of all vectors to KVM. Idempotent. 0, -EINVAL without a message, or another
 * -errno, logged; on failure it stays masked.
 */
int irq_vector_unmask(struct irq_vector *vector);

/* Mask the vector: when this returns, no interrupt reaches the guest. Idempotent. */
void irq_vector_mask(struct irq_vector *vector);

/* True if the vector was signalled while it was masked, which its PBA bit shows. */
bool irq_vector_pending(const struct irq_vector *vector);

/*
 * Signal the eventfd. Never blocks, although a plain write could, because other processes have the
 * file.
 */
void irq_vector_raise(struct irq_vector *vector);

#endif
