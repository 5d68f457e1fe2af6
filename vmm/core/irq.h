/* SPDX-License-Identifier: MIT */
/*
 * Interrupts into the guest: KVM's GSI routing table and shared level lines.
 *
 * Owns the meaning of each GSI, and both eventfds of a level interrupt. Vectors of MSI and MSI-X,
 * which take a GSI and a route from here, are in devices/irq_vector.h.
 *
 * Read beside it: Documentation/virt/kvm/api.rst, KVM_SET_GSI_ROUTING, KVM_IRQFD.
 */
#ifndef MINIVMM_IRQ_H
#define MINIVMM_IRQ_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define IRQ_LINES_MAX 24

struct irq_router {
	pthread_mutex_t lock;
	int vm_fd;
	struct kvm_irq_routing *table; /* the table that KVM has, or will have after irq_commit() */
	uint32_t capacity;             /* entries that fit in table */
	uint32_t gsi_max;              /* GSIs that KVM offers, and entries that it takes */
	uint32_t gsi_lowest;           /* no GSI below this one is free */
	uint32_t *gsi_entry; /* by GSI: the index of its entry plus one, or free, or taken */
	bool dirty;
	bool full_said;
	uint8_t line_level[IRQ_LINES_MAX]; /* how many irq_lines hold this GSI high */
};

/* A message-signalled interrupt: a write of `data` to `address`. */
struct irq_message {
	uint64_t address;
	uint32_t data;
	uint32_t devid; /* the function's BDF, for interrupt controllers that ask for it */
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

/* Take over the routing of a new VM, whose file `vm_fd` stays the caller's. 0 or -errno, logged. */
int irq_router_init(struct irq_router *router, int vm_fd, uint32_t gsi_max);
void irq_router_destroy(struct irq_router *router);

/*
 * Allocate a GSI above those of the lines. 0 if KVM has none left, which is logged once. A GSI that
 * is freed loses its route with the next commit.
 */
uint32_t irq_alloc_gsi(struct irq_router *router);
void irq_free_gsi(struct irq_router *router, uint32_t gsi);

/*
 * Set the message that the GSI means from the next commit on. 0, or -ENOSPC if KVM takes no more
 * routes, which is logged once; then no irqfd may be plugged.
 */
int irq_set_route(struct irq_router *router, uint32_t gsi, const struct irq_message *message);

/*
 * Hand all changed routes to KVM in one call, or in no call if nothing changed. 0 or -errno,
 * logged.
 */
int irq_commit(struct irq_router *router);

/*
 * Let an eventfd interrupt the guest by a GSI whose route was committed, and stop that. When
 * irq_unplug() returns, all signals that came before it are delivered, and later ones stay in the
 * eventfd, which is the caller's. 0 or -errno, not logged.
 */
int irq_plug(struct irq_router *router, uint32_t gsi, int fd);
int irq_unplug(struct irq_router *router, uint32_t gsi, int fd);

/*
 * Interrupt the guest at once. A message that no interrupt controller takes is lost, as on a bus.
 */
void irq_send_message(struct irq_router *router, const struct irq_message *message);

/* Drive a line. A GSI is high as long as one of its lines is. */
void irq_line_set(struct irq_router *router, struct irq_line *line, bool level);

/*
 * Create both eventfds and connect them to `gsi`. 0 or -errno, logged; on failure *level is
 * destroyed.
 */
int irq_level_init(struct irq_router *router, struct irq_level *level, uint32_t gsi);

/*
 * Disconnect and close both eventfds. Accepts one that is destroyed already, whose trigger is -1.
 */
void irq_level_destroy(struct irq_router *router, struct irq_level *level);

#endif
