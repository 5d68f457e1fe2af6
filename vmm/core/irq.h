/* SPDX-License-Identifier: MIT */
/*
 * Interrupts into the guest: KVM's GSI routing table, message-signalled vectors, shared level
 * lines.
 *
 * Owns which GSI means what. A vector is an object: its GSI and eventfd live as long as the vector,
 * its route follows the address and data that the guest wrote, and the irqfd - the wire from
 * eventfd to guest inside the kernel - is plugged only while the vector is unmasked. Order matters:
 * route first, irqfd second; on mask the irqfd goes and the route stays.
 *
 * A vector can also be relayed: then no irqfd is plugged, the main loop reads the eventfd and hands
 * KVM the message itself. That is slower by a thread switch, and shows each interrupt to whoever
 * studies or doubts them.
 *
 * Read beside it: Documentation/virt/kvm/api.rst, KVM_SET_GSI_ROUTING, KVM_IRQFD, KVM_SIGNAL_MSI.
 */
#ifndef MINIVMM_IRQ_H
#define MINIVMM_IRQ_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "loop.h"

#define IRQ_LINES_MAX 24

struct irq_router {
	pthread_mutex_t lock;
	int vm_fd;
	struct kvm_irq_routing *table; /* what KVM has, or will have after irq_commit() */
	uint32_t capacity;             /* entries that fit in table */
	uint32_t gsi_max;              /* GSIs that KVM offers */
	uint8_t *gsi_used;             /* one byte per GSI */
	bool dirty;
	uint8_t line_level[IRQ_LINES_MAX]; /* how many irq_lines hold this GSI high */
};

struct irq_relay;

/*
 * A vector of MSI or MSI-X. Whoever owns it serialises all calls for it. While it is relayed, the
 * main loop reads it from another thread: what the loop reads changes under the router's lock.
 */
struct irq_msi {
	uint32_t gsi;
	int eventfd; /* whoever signals it interrupts the guest, if unmasked */
	uint64_t address;
	uint32_t data;
	bool routed;    /* address and data are in the table */
	uint32_t devid; /* the function's BDF, for interrupt controllers that ask for it */
	bool unmasked;
	struct irq_relay *relay; /* who listens while it is unmasked; NULL: KVM */
};

/*
 * Listens to one vector in KVM's stead. Constant while the loop runs, whatever becomes of the
 * vector: another thread may mask or destroy it when the loop has already been woken.
 */
struct irq_relay {
	struct irq_router *router;
	struct loop *loop;
	struct irq_msi *msi;
	struct loop_source source;
};

/* A level-triggered input that may be shared, such as INTx, or an edge one, such as COM1's. */
struct irq_line {
	uint32_t gsi;
	bool level;
};

/*
 * A level interrupt that a real device raises: `trigger` raises the line and `resample` tells, when
 * the guest has acknowledged it, that the device may be asked again. Both ends stay inside the
 * kernel.
 */
struct irq_level {
	uint32_t gsi;
	int trigger;
	int resample;
};

/* Take over the routing of a new VM. 0 or -errno, logged. */
int irq_router_init(struct irq_router *router, int vm_fd, uint32_t gsi_max);
void irq_router_destroy(struct irq_router *router);

/*
 * A new vector, masked and without a message. 0, -ENOSPC when KVM has no GSI left, or -errno when
 * we have no file left; not logged, for a guest may try again and again.
 */
int irq_msi_init(struct irq_router *router, struct irq_msi *msi, uint32_t devid);

/*
 * A relay for `msi`, for good; then, between each init of the vector and its first message, the
 * order to use it.
 */
void irq_relay_init(struct irq_relay *relay, struct irq_router *router, struct loop *loop,
		    struct irq_msi *msi);
void irq_msi_set_relay(struct irq_msi *msi, struct irq_relay *relay);

/* Unplugs the irqfd and gives GSI and eventfd back. Accepts a half-built or destroyed vector. */
void irq_msi_destroy(struct irq_router *router, struct irq_msi *msi);

/*
 * The message the vector sends. Takes effect with irq_commit(). 0, or -ENOSPC when KVM takes no
 * more routes, logged: then the vector must not be unmasked.
 */
int irq_msi_set_message(struct irq_router *router, struct irq_msi *msi, uint64_t address,
			uint32_t data);

/* Whether irq_msi_set_message() was called with success. */
bool irq_msi_has_route(const struct irq_msi *msi);

/* Hand all changed routes to KVM in one call; none if nothing changed. 0 or -errno, logged. */
int irq_commit(struct irq_router *router);

/*
 * Plug or unplug the irqfd, or start and stop relaying. The route must have been committed before
 * unmasking. 0 or -errno, logged.
 */
int irq_msi_unmask(struct irq_router *router, struct irq_msi *msi);
void irq_msi_mask(struct irq_router *router, struct irq_msi *msi);

/* Whether the vector was signalled while it was masked: what its PBA bit shows. */
bool irq_msi_pending(const struct irq_msi *msi);

/* Drive a line. A GSI is high as long as one of its lines is. */
void irq_line_set(struct irq_router *router, struct irq_line *line, bool level);

/* Create both eventfds and wire them to `gsi`. 0 or -errno, logged; then *level is destroyed. */
int irq_level_init(struct irq_router *router, struct irq_level *level, uint32_t gsi);

/* Unwires and closes. Accepts a destroyed one, whose trigger is -1. */
void irq_level_destroy(struct irq_router *router, struct irq_level *level);

#endif
