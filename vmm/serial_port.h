/* SPDX-License-Identifier: MIT */
/*
 * The guest's serial port: a 16550 (devices/serial.c), or a PL011 (devices/pl011.c) where UEFI
 * firmware for arm64 starts, because it knows no other.
 *
 * Owns the choice and the place on the bus. A part of the roof, like console.c, which is the other
 * end of the line.
 */
#ifndef MINIVMM_SERIAL_PORT_H
#define MINIVMM_SERIAL_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devices/pl011.h"
#include "devices/serial.h"
#include "vmm/core/vm.h"

struct serial_port {
	struct serial uart;
	struct pl011 pl011; /* has no router if the port is a 16550 */
};

/*
 * Put a port on the bus, where arch_layout has it; a PL011 if `firmware` will start and the machine
 * has no port I/O. `line` is its other end, called with `owner`. 0 or -errno, logged.
 */
int serial_port_add(struct serial_port *port, struct vm *vm, bool firmware,
		    const struct serial_line *line, void *owner);

/* Take the port off the bus. Accepts a zeroed one. */
void serial_port_destroy(struct serial_port *port);

/* Set the state after power-on. */
void serial_port_reset(struct serial_port *port);

/* Give characters to the guest. Returns how many fitted in. May be called from any thread. */
size_t serial_port_receive(struct serial_port *port, const uint8_t *bytes, size_t count);

#endif
