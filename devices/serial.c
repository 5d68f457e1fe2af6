/* SPDX-License-Identifier: MIT */
#include "serial.h"

#include <linux/serial_reg.h>
#include <stdio.h>
#include <string.h>

void serial_init(struct serial *serial, struct irq_router *router, uint32_t gsi,
		 const struct serial_line *line, void *owner)
{
	*serial = (struct serial){ .router = router, .irq.gsi = gsi, .line = line, .owner = owner };
	pthread_mutex_init(&serial->lock, NULL);
	serial_reset(serial);
}

void serial_destroy(struct serial *serial)
{
	if (serial->router)
		pthread_mutex_destroy(&serial->lock);
	serial->router = NULL;
}

/* The enabled interrupt of highest priority, as IIR shows it. */
static uint8_t serial_interrupt(const struct serial *serial)
{
	if ((serial->ier & UART_IER_RLSI) && (serial->lsr & UART_LSR_BRK_ERROR_BITS))
		return UART_IIR_RLSI;
	if ((serial->ier & UART_IER_RDI) && serial->rx_count)
		return UART_IIR_RDI;
	if ((serial->ier & UART_IER_THRI) && serial->thr_interrupt)
		return UART_IIR_THRI;
	return UART_IIR_NO_INT;
}

static void serial_update_line(struct serial *serial)
{
	irq_line_set(serial->router, &serial->irq, serial_interrupt(serial) != UART_IIR_NO_INT);
}

void serial_reset(struct serial *serial)
{
	bool had_input;

	pthread_mutex_lock(&serial->lock);
	had_input = serial->rx_count;
	serial->rx_head = serial->rx_count = 0;
	serial->ier = serial->fcr = serial->lcr = serial->mcr = serial->scr = 0;
	serial->lsr = UART_LSR_THRE | UART_LSR_TEMT;
	serial->divisor = 12; /* 9600 baud, which nothing depends on */
	serial->thr_interrupt = false;
	serial->irq.level = false;
	pthread_mutex_unlock(&serial->lock);
	if (had_input)
		serial->line->drained(serial->owner);
}

static size_t serial_push(struct serial *serial, const uint8_t *bytes, size_t count)
{
	size_t taken = 0;

	while (taken < count && serial->rx_count < SERIAL_FIFO) {
		serial->rx[(serial->rx_head + serial->rx_count++) % SERIAL_FIFO] = bytes[taken++];
		serial->lsr |= UART_LSR_DR;
	}
	return taken;
}

size_t serial_receive(struct serial *serial, const uint8_t *bytes, size_t count)
{
	size_t taken;

	pthread_mutex_lock(&serial->lock);
	taken = serial_push(serial, bytes, count);
	serial_update_line(serial);
	pthread_mutex_unlock(&serial->lock);
	return taken;
}

static uint8_t serial_pop(struct serial *serial)
{
	uint8_t byte;

	if (!serial->rx_count)
		return 0;
	byte = serial->rx[serial->rx_head];
	serial->rx_head = (serial->rx_head + 1) % SERIAL_FIFO;
	if (--serial->rx_count == 0)
		serial->lsr &= (uint8_t)~UART_LSR_DR;
	return byte;
}

static uint8_t serial_read_iir(struct serial *serial)
{
	uint8_t iir = serial_interrupt(serial);

	if (iir == UART_IIR_THRI)
		serial->thr_interrupt = false; /* reading it acknowledges */
	return serial->fcr & UART_FCR_ENABLE_FIFO ? iir | 0xc0 : iir;
}

static uint8_t serial_read_lsr(struct serial *serial)
{
	uint8_t lsr = serial->lsr;

	serial->lsr &= (uint8_t)~UART_LSR_BRK_ERROR_BITS;
	return lsr;
}

/* Carrier, ready, clear to send; in loop-back our own outputs. PC16550D 8.8. */
static uint8_t serial_read_msr(const struct serial *serial)
{
	uint8_t mcr = serial->mcr;

	if (!(mcr & UART_MCR_LOOP))
		return UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS;
	return (uint8_t)((mcr & UART_MCR_RTS ? UART_MSR_CTS : 0) |
			 (mcr & UART_MCR_DTR ? UART_MSR_DSR : 0) |
			 (mcr & UART_MCR_OUT1 ? UART_MSR_RI : 0) |
			 (mcr & UART_MCR_OUT2 ? UART_MSR_DCD : 0));
}

static uint8_t serial_read_register(struct serial *serial, uint64_t offset)
{
	bool dlab = serial->lcr & UART_LCR_DLAB;

	switch (offset) {
	case UART_RX:
		return dlab ? (uint8_t)serial->divisor : serial_pop(serial);
	case UART_IER:
		return dlab ? (uint8_t)(serial->divisor >> 8) : serial->ier;
	case UART_IIR:
		return serial_read_iir(serial);
	case UART_LCR:
		return serial->lcr;
	case UART_MCR:
		return serial->mcr;
	case UART_LSR:
		return serial_read_lsr(serial);
	case UART_MSR:
		return serial_read_msr(serial);
	default:
		return serial->scr;
	}
}

static void serial_write_fcr(struct serial *serial, uint8_t value)
{
	serial->fcr = value;
	if (value & UART_FCR_CLEAR_RCVR) {
		serial->rx_count = 0;
		serial->lsr &= (uint8_t)~UART_LSR_DR;
	}
}

/*
 * Returns true if the byte must be sent. The caller sends it without the lock, because sending may
 * block.
 */
static bool serial_write_thr(struct serial *serial, uint8_t value)
{
	serial->thr_interrupt = true;
	if (!(serial->mcr & UART_MCR_LOOP))
		return true;
	serial_push(serial, &value, 1);
	return false;
}

static void serial_write_ier(struct serial *serial, uint8_t value)
{
	/* Switching the transmitter's interrupt on reports an empty transmitter at once. */
	if (!(serial->ier & UART_IER_THRI) && (value & UART_IER_THRI))
		serial->thr_interrupt = true;
	serial->ier = value & 0x0f;
}

static bool serial_write_register(struct serial *serial, uint64_t offset, uint8_t value)
{
	bool dlab = serial->lcr & UART_LCR_DLAB;

	if (dlab && offset == UART_DLL)
		serial->divisor = (uint16_t)((serial->divisor & 0xff00) | value);
	else if (dlab && offset == UART_DLM)
		serial->divisor = (uint16_t)((serial->divisor & 0x00ff) | value << 8);
	else if (offset == UART_TX)
		return serial_write_thr(serial, value);
	else if (offset == UART_IER)
		serial_write_ier(serial, value);
	else if (offset == UART_FCR)
		serial_write_fcr(serial, value);
	else if (offset == UART_LCR)
		serial->lcr = value;
	else if (offset == UART_MCR)
		serial->mcr = value & 0x1f;
	else if (offset == UART_SCR)
		serial->scr = value;
	return false;
}

/* The registers are a byte wide, so only the first byte of a wider access counts. */
static uint64_t serial_read(void *owner, uint64_t offset, unsigned int size)
{
	struct serial *serial = owner;
	bool had_input, drained;
	uint8_t value;

	(void)size;
	pthread_mutex_lock(&serial->lock);
	had_input = serial->rx_count;
	value = serial_read_register(serial, offset);
	drained = had_input && !serial->rx_count;
	serial_update_line(serial);
	pthread_mutex_unlock(&serial->lock);
	if (drained)
		serial->line->drained(serial->owner);
	return value;
}

static void serial_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct serial *serial = owner;
	bool had_input, drained, send;

	(void)size;
	pthread_mutex_lock(&serial->lock);
	had_input = serial->rx_count;
	send = serial_write_register(serial, offset, (uint8_t)value);
	drained = had_input && !serial->rx_count;
	pthread_mutex_unlock(&serial->lock);
	if (send)
		serial->line->transmit(serial->owner, (uint8_t)value);
	if (drained)
		serial->line->drained(serial->owner);
	pthread_mutex_lock(&serial->lock);
	serial_update_line(serial);
	pthread_mutex_unlock(&serial->lock);
}

static void serial_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	static const char *const names[SERIAL_PORTS] = {
		[UART_RX] = "RBR/THR", [UART_IER] = "IER", [UART_IIR] = "IIR/FCR",
		[UART_LCR] = "LCR",    [UART_MCR] = "MCR", [UART_LSR] = "LSR",
		[UART_MSR] = "MSR",    [UART_SCR] = "SCR",
	};

	(void)owner;
	place->object = "serial port";
	if (offset < SERIAL_PORTS)
		snprintf(place->reg, sizeof(place->reg), "%s", names[offset]);
}

const struct bus_ops serial_ops = { serial_read, serial_write, serial_locate };
