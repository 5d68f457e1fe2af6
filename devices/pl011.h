/* SPDX-License-Identifier: MIT */
/*
 * A PL011, Arm's serial port: the one that UEFI firmware for arm64 knows.
 *
 * Owns the registers. The other end of the line is the same as that of the 16550 (serial.h). The
 * line has no speed: a character is sent as soon as it is written, so the transmitter is always
 * empty. Receiving raises the receive interrupt from the first character on, whatever level the
 * guest asks for; there are no modem lines, no errors and no DMA.
 *
 * Read beside it: ARM DDI 0183G, chapter 3.
 */
#ifndef MINIVMM_PL011_H
#define MINIVMM_PL011_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "serial.h"
#include "vmm/core/bus.h"
#include "vmm/core/irq.h"

#define PL011_SIZE 0x1000u

struct pl011 {
	pthread_mutex_t lock;
	struct irq_router *router; /* NULL for none: the port raises no interrupt then */
	struct irq_line irq;
	const struct serial_line *line;
	void *owner;
	uint8_t rx[SERIAL_FIFO];
	unsigned int rx_head, rx_count;
	/* Registers, by their names in the manual. */
	uint16_t ibrd, cr, imsc;
	uint8_t ilpr, fbrd, lcr_h, ifls, dmacr;
	bool sent; /* the transmit interrupt: a character has left since it was cleared */
};

extern const struct bus_ops pl011_ops;

/* Make a port. Does not log. */
void pl011_init(struct pl011 *port, struct irq_router *router, uint32_t gsi,
		const struct serial_line *line, void *owner);

/* Destroy the port. Accepts a zeroed one. */
void pl011_destroy(struct pl011 *port);

/* Set the state after power-on. */
void pl011_reset(struct pl011 *port);

/* Give characters to the guest; returns how many fitted into the FIFO. From any thread. */
size_t pl011_receive(struct pl011 *port, const uint8_t *bytes, size_t count);

#endif
