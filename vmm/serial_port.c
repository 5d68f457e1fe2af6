/* SPDX-License-Identifier: MIT */
#include "serial_port.h"

#include "vmm/trace/log.h"

static bool serial_port_is_pl011(const struct serial_port *port)
{
	return port->pl011.router;
}

int serial_port_add(struct serial_port *port, struct vm *vm, bool firmware,
		    const struct serial_line *line, void *owner)
{
	const bool ports = arch_layout.serial_port;
	struct bus_region region = { .base = ports ? arch_layout.serial_port
						   : arch_layout.serial_mmio };
	int ret;

	*port = (struct serial_port){ 0 };
	if (firmware && !ports) {
		pl011_init(&port->pl011, &vm->irq, arch_layout.serial_gsi, line, owner);
		region.size = PL011_SIZE;
		region.ops = &pl011_ops;
		region.owner = &port->pl011;
	} else {
		serial_init(&port->uart, &vm->irq, arch_layout.serial_gsi, line, owner);
		region.size = SERIAL_PORTS;
		region.ops = &serial_ops;
		region.owner = &port->uart;
	}
	ret = bus_add_region(ports ? &vm->pio : &vm->mmio, &region);
	return ret < 0 ? log_errno("serial port", ret, "put its registers on the bus") : 0;
}

void serial_port_destroy(struct serial_port *port)
{
	pl011_destroy(&port->pl011);
	serial_destroy(&port->uart);
}

void serial_port_reset(struct serial_port *port)
{
	if (serial_port_is_pl011(port))
		pl011_reset(&port->pl011);
	else
		serial_reset(&port->uart);
}

size_t serial_port_receive(struct serial_port *port, const uint8_t *bytes, size_t count)
{
	return serial_port_is_pl011(port) ? pl011_receive(&port->pl011, bytes, count)
					  : serial_receive(&port->uart, bytes, count);
}
