/* SPDX-License-Identifier: MIT */
/*
 * The device's side of a queue, for backends inside minivmm.
 *
 * Owns how far the device has come in the ring, and moves bytes between the driver's buffers and
 * ours, like a stream. Everything in guest memory is the guest's and may change at any time: each
 * field is read once, each address is checked. A ring that makes no sense gives no more bytes.
 *
 * Read beside it: VIRTIO 1.1, 2.6 "Split Virtqueues".
 */
#ifndef MINIVMM_VIRTQUEUE_H
#define MINIVMM_VIRTQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio.h"
#include "vmm/core/memory.h"

struct virtqueue {
	struct memory *memory;
	struct virtio_ring ring;
	uint16_t next;      /* of the available ring: the entry that comes next */
	bool unnoticed;     /* something was used since the last virtqueue_notify() */
	bool open;          /* a buffer is taken and not yet used up: the four below */
	uint16_t head;      /* its first descriptor, */
	uint16_t at;        /* the one that is being read, */
	uint32_t offset;    /* how far, */
	unsigned int steps; /* and how many came before: a chain may be a circle */
};

/* A queue from its beginning. */
void virtqueue_init(struct virtqueue *queue, struct memory *memory, const struct virtio_ring *ring);

/*
 * Take up to `room` bytes of what the driver has put in, from no more buffers than the ring is
 * long; returns how many.
 */
size_t virtqueue_read(struct virtqueue *queue, void *data, size_t room);

/* Fill the driver's next empty buffer; returns how many of `size` bytes it took, 0 without one. */
size_t virtqueue_write(struct virtqueue *queue, const void *data, size_t size);

/* Interrupt the driver, if anything was used and the driver wants to know. */
void virtqueue_notify(struct virtqueue *queue);

#endif
