/* SPDX-License-Identifier: MIT */
/*
 * A 16550A serial port with FIFOs and interrupts; port I/O or MMIO by the region it is placed in.
 *
 * Owns the registers. The code that uses it takes output by a callback and gives input by
 * serial_receive(). The line has no speed: a character is sent as soon as it is written.
 *
 * Read beside it: the PC16550D data sheet.
 */
#ifndef MINIVMM_SERIAL_H
#define MINIVMM_SERIAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/core/bus.h"
#include "vmm/core/irq.h"

#define SERIAL_PORTS 8u /* registers, one byte each */
/* deeper than the chip's 16, so that pasted text fits; a guest cannot tell */
#define SERIAL_FIFO 64u

/* The other end of the line. Called from a vCPU's thread without the port's lock. */
struct serial_line {
	void (*transmit)(void *owner, uint8_t byte);
	/* The guest has read everything, so there is room for more input. */
	void (*drained)(void *owner);
};

struct serial {
	pthread_mutex_t lock;
	struct irq_router *router;
	struct irq_line irq;
	const struct serial_line *line;
	void *owner;
	uint8_t rx[SERIAL_FIFO];
	unsigned int rx_head, rx_count;
	uint8_t ier, fcr, lcr, mcr, scr, lsr;
	uint16_t divisor;
	bool thr_interrupt; /* the transmitter ran empty since IIR was last read */
};

extern const struct bus_ops serial_ops;

void serial_init(struct serial *serial, struct irq_router *router, uint32_t gsi,
		 const struct serial_line *line, void *owner);
void serial_destroy(struct serial *serial);
void serial_reset(struct serial *serial);

/* Give characters to the guest; returns how many fitted into the FIFO. */
size_t serial_receive(struct serial *serial, const uint8_t *bytes, size_t count);

#endif
