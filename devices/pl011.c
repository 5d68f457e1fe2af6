/* SPDX-License-Identifier: MIT */
#include "pl011.h"

#include <stdio.h>

#include "vmm/trace/macros.h"

#define PL011_DR    0x00u
#define PL011_RSR   0x04u
#define PL011_FR    0x18u
#define PL011_ILPR  0x20u
#define PL011_IBRD  0x24u
#define PL011_FBRD  0x28u
#define PL011_LCR_H 0x2cu
#define PL011_CR    0x30u
#define PL011_IFLS  0x34u
#define PL011_IMSC  0x38u
#define PL011_RIS   0x3cu
#define PL011_MIS   0x40u
#define PL011_ICR   0x44u
#define PL011_DMACR 0x48u
#define PL011_IDS   0xfe0u

#define PL011_FR_RXFE 0x10u /* nothing to read */
#define PL011_FR_RXFF 0x40u /* no room for more to read */
#define PL011_FR_TXFE 0x80u /* all is sent */

#define PL011_INT_RX 0x10u
#define PL011_INT_TX 0x20u

#define PL011_CR_RESET   0x300u /* transmitter and receiver are on, the port is not */
#define PL011_IFLS_RESET 0x12u

/* PrimeCell: PeriphID0 to 3, PCellID0 to 3. */
static const uint8_t pl011_ids[] = { 0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

/* ---- interrupts; called with the lock held ---- */

static uint16_t pl011_raw(const struct pl011 *port)
{
	return (port->rx_count ? PL011_INT_RX : 0) | (port->sent ? PL011_INT_TX : 0);
}

static void pl011_drive(struct pl011 *port)
{
	irq_line_set(port->router, &port->irq, (pl011_raw(port) & port->imsc) != 0);
}

/* ---- registers ---- */

static uint8_t pl011_pop(struct pl011 *port)
{
	uint8_t byte = port->rx[port->rx_head];

	if (!port->rx_count)
		return 0;
	port->rx_head = (port->rx_head + 1) % SERIAL_FIFO;
	port->rx_count--;
	return byte;
}

static uint16_t pl011_flags(const struct pl011 *port)
{
	uint16_t flags = PL011_FR_TXFE;

	if (!port->rx_count)
		flags |= PL011_FR_RXFE;
	if (port->rx_count == SERIAL_FIFO)
		flags |= PL011_FR_RXFF;
	return flags;
}

static uint16_t pl011_read_register(struct pl011 *port, uint64_t offset)
{
	switch (offset) {
	case PL011_DR:
		return pl011_pop(port);
	case PL011_FR:
		return pl011_flags(port);
	case PL011_ILPR:
		return port->ilpr;
	case PL011_IBRD:
		return port->ibrd;
	case PL011_FBRD:
		return port->fbrd;
	case PL011_LCR_H:
		return port->lcr_h;
	case PL011_CR:
		return port->cr;
	case PL011_IFLS:
		return port->ifls;
	case PL011_IMSC:
		return port->imsc;
	case PL011_RIS:
		return pl011_raw(port);
	case PL011_MIS:
		return pl011_raw(port) & port->imsc;
	case PL011_DMACR:
		return port->dmacr;
	default: /* RSR too: there are no errors */
		return offset >= PL011_IDS ? pl011_ids[(offset - PL011_IDS) / 4] : 0;
	}
}

static uint64_t pl011_read(void *owner, uint64_t offset, unsigned int size)
{
	struct pl011 *port = owner;
	unsigned int waited;
	uint16_t value = 0;
	bool drained;

	(void)size;
	pthread_mutex_lock(&port->lock);
	waited = port->rx_count;
	if (offset % 4 == 0)
		value = pl011_read_register(port, offset);
	drained = waited && !port->rx_count;
	pl011_drive(port);
	pthread_mutex_unlock(&port->lock);
	if (drained)
		port->line->drained(port->owner);
	return value;
}

static void pl011_write_register(struct pl011 *port, uint64_t offset, uint16_t value)
{
	switch (offset) {
	case PL011_DR:
		port->sent = true;
		break;
	case PL011_ILPR:
		port->ilpr = (uint8_t)value;
		break;
	case PL011_IBRD:
		port->ibrd = value;
		break;
	case PL011_FBRD:
		port->fbrd = value & 0x3f;
		break;
	case PL011_LCR_H:
		port->lcr_h = (uint8_t)value;
		break;
	case PL011_CR:
		port->cr = value;
		break;
	case PL011_IFLS:
		port->ifls = value & 0x3f;
		break;
	case PL011_IMSC:
		port->imsc = value & 0x7ff;
		break;
	case PL011_ICR:
		if (value & PL011_INT_TX)
			port->sent = false;
		break;
	case PL011_DMACR:
		port->dmacr = value & 0x7;
		break;
	}
}

static void pl011_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct pl011 *port = owner;

	(void)size;
	if (offset % 4)
		return;
	if (offset == PL011_DR)
		port->line->transmit(port->owner, (uint8_t)value);
	pthread_mutex_lock(&port->lock);
	pl011_write_register(port, offset, (uint16_t)value);
	pl011_drive(port);
	pthread_mutex_unlock(&port->lock);
}

static void pl011_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	static const char *const names[] = {
		[PL011_DR / 4] = "UARTDR",       [PL011_RSR / 4] = "UARTRSR",
		[PL011_FR / 4] = "UARTFR",       [PL011_ILPR / 4] = "UARTILPR",
		[PL011_IBRD / 4] = "UARTIBRD",   [PL011_FBRD / 4] = "UARTFBRD",
		[PL011_LCR_H / 4] = "UARTLCR_H", [PL011_CR / 4] = "UARTCR",
		[PL011_IFLS / 4] = "UARTIFLS",   [PL011_IMSC / 4] = "UARTIMSC",
		[PL011_RIS / 4] = "UARTRIS",     [PL011_MIS / 4] = "UARTMIS",
		[PL011_ICR / 4] = "UARTICR",     [PL011_DMACR / 4] = "UARTDMACR",
	};

	(void)owner;
	place->object = "serial port";
	if (offset / 4 < array_size(names) && names[offset / 4])
		snprintf(place->reg, sizeof(place->reg), "%s", names[offset / 4]);
}

const struct bus_ops pl011_ops = { pl011_read, pl011_write, pl011_locate };

/* ---- life ---- */

size_t pl011_receive(struct pl011 *port, const uint8_t *bytes, size_t count)
{
	size_t taken = 0;

	pthread_mutex_lock(&port->lock);
	while (taken < count && port->rx_count < SERIAL_FIFO)
		port->rx[(port->rx_head + port->rx_count++) % SERIAL_FIFO] = bytes[taken++];
	pl011_drive(port);
	pthread_mutex_unlock(&port->lock);
	return taken;
}

void pl011_reset(struct pl011 *port)
{
	bool had_input;

	if (!port->router)
		return;
	pthread_mutex_lock(&port->lock);
	had_input = port->rx_count;
	port->rx_head = port->rx_count = 0;
	port->ibrd = port->imsc = 0;
	port->ilpr = port->fbrd = port->lcr_h = port->dmacr = 0;
	port->cr = PL011_CR_RESET;
	port->ifls = PL011_IFLS_RESET;
	port->sent = false;
	port->irq.level = false;
	pthread_mutex_unlock(&port->lock);
	if (had_input)
		port->line->drained(port->owner);
}

void pl011_init(struct pl011 *port, struct irq_router *router, uint32_t gsi,
		const struct serial_line *line, void *owner)
{
	*port = (struct pl011){ .router = router, .irq.gsi = gsi, .line = line, .owner = owner };
	pthread_mutex_init(&port->lock, NULL);
	pl011_reset(port);
}

void pl011_destroy(struct pl011 *port)
{
	if (port->router)
		pthread_mutex_destroy(&port->lock);
	port->router = NULL;
}
