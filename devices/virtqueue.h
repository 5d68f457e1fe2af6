/* SPDX-License-Identifier: MIT */
/*
 * The device's side of a queue, for backends inside minivmm.
 *
 * Owns the device's position in the ring, and moves bytes between the driver's buffers and
 * minivmm's, like a stream. The guest may change its memory at any time, so each field is read once
 * and each address is checked. An invalid ring gives no more bytes.
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
	uint16_t next;  /* the next entry of the available ring */
	bool unnoticed; /* something was used since the last virtqueue_notify() */
	/* a buffer was taken and is not used up; the four members below describe it */
	bool open;
	uint16_t head;      /* its first descriptor, */
	uint16_t at;        /* the one that is being read, */
	uint32_t offset;    /* how far, */
	unsigned int steps; /* number of descriptors so far, because a chain may be a circle */
};

/* Start a queue at its beginning. */
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
