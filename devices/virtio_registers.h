/* SPDX-License-Identifier: MIT */
/*
 * The registers by which a driver sets a virtio device up: features, status and queues, as a state
 * machine.
 *
 * Owns what the driver wrote and what it reads back, and decides which writes count at which time.
 * It tells its owner when the driver is ready, resets the device, or chooses another interrupt. It
 * knows neither PCI nor the backend.
 *
 * Read beside it: VIRTIO 1.1, 2.1 (status), 3.1.1 (initialisation), 4.1.4.3 (the registers).
 */
#ifndef MINIVMM_VIRTIO_REGISTERS_H
#define MINIVMM_VIRTIO_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio.h"

#define VIRTIO_REGISTERS_SIZE 56u

struct virtio_registers_ops {
	/*
	 * The driver is ready. Returns false if the device cannot work in this way and asks for a
	 * reset.
	 */
	bool (*start)(void *owner);
	/* The driver is gone, or starts again. */
	void (*stop)(void *owner);
	/* The driver chose another vector for a queue. */
	void (*vector_changed)(void *owner, unsigned int queue);
};

/* As the driver set it up; addresses are guest-physical. */
struct virtio_queue {
	uint16_t size;
	uint16_t vector; /* or VIRTIO_MSI_NO_VECTOR */
	bool enabled;
	uint64_t descriptors, available, used;
};

struct virtio_registers {
	const struct virtio_registers_ops *ops;
	void *owner;
	uint64_t offered; /* features */
	unsigned int queue_count;
	unsigned int vectors; /* that the driver may choose from */
	bool started;         /* start() was called, and stop() was not */

	uint32_t offered_select, chosen_select; /* which half of the features shows */
	uint64_t chosen;
	uint8_t status;
	/* vector for changes of the device's state, or VIRTIO_MSI_NO_VECTOR */
	uint16_t config_vector;
	uint16_t queue_select;
	struct virtio_queue queues[VIRTIO_QUEUES_MAX];
};

/* As after power-on. `queues` is at most VIRTIO_QUEUES_MAX. */
void virtio_registers_init(struct virtio_registers *registers, uint64_t offered,
			   unsigned int queues, unsigned int vectors,
			   const struct virtio_registers_ops *ops, void *owner);

/* As after power-on; tells the owner if the device had been started. */
void virtio_registers_reset(struct virtio_registers *registers);

/*
 * Accesses of the guest, offsets counted from the first register. A register must be accessed as a
 * whole, a 64-bit one by halves; otherwise reads give all-ones and writes are dropped.
 */
uint64_t virtio_registers_read(const struct virtio_registers *registers, uint64_t offset,
			       unsigned int size);
void virtio_registers_write(struct virtio_registers *registers, uint64_t offset, unsigned int size,
			    uint64_t value);

/* The name of the register at `offset`, for people; NULL where there is none. */
const char *virtio_registers_name(uint64_t offset);

#endif
