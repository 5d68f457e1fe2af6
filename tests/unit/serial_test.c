/* SPDX-License-Identifier: MIT */
/* devices/serial.c: a 16550A as its drivers know it. PC16550D data sheet, 8.0. */
#include <linux/serial_reg.h>
#include <stdint.h>
#include <string.h>

#include "call_log.h"
#include "devices/serial.h"
#include "fake_kvm.h"
#include "unit.h"

#define VM_FD 1000
#define GSI   4

struct port {
	struct irq_router router;
	struct serial serial;
};

static void transmit(void *owner, uint8_t byte)
{
	(void)owner;
	calls_add("out %c", byte);
}

static void drained(void *owner)
{
	(void)owner;
	calls_add("drained");
}

static const struct serial_line line = { transmit, drained };

static void begin(struct port *port)
{
	fake_kvm_begin();
	ck_assert_int_eq(irq_router_init(&port->router, VM_FD, 64), 0);
	serial_init(&port->serial, &port->router, GSI, &line, port);
	calls_begin();
}

static void end(struct port *port)
{
	serial_destroy(&port->serial);
	serial_destroy(&port->serial);
	irq_router_destroy(&port->router);
	fake_kvm_end();
}

static uint8_t in(struct port *port, unsigned int reg)
{
	return (uint8_t)serial_ops.read(&port->serial, reg, 1);
}

static void out(struct port *port, unsigned int reg, uint8_t value)
{
	serial_ops.write(&port->serial, reg, 1, value);
}

static size_t receive(struct port *port, const char *text)
{
	return serial_receive(&port->serial, (const uint8_t *)text, strlen(text));
}

START_TEST(power_on)
{
	struct port port;

	begin(&port);
	ck_assert_uint_eq(in(&port, UART_LSR), UART_LSR_THRE | UART_LSR_TEMT);
	ck_assert_uint_eq(in(&port, UART_IIR), UART_IIR_NO_INT);
	ck_assert_uint_eq(in(&port, UART_IER) | in(&port, UART_LCR) | in(&port, UART_MCR), 0);
	ck_assert_uint_eq(in(&port, UART_MSR), UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS);
	ck_assert_uint_eq(in(&port, UART_RX), 0);
	ck_assert(!fake_kvm_pin(GSI));
	end(&port);
}
END_TEST

START_TEST(sends_at_once)
{
	struct port port;

	begin(&port);
	out(&port, UART_TX, 'h');
	out(&port, UART_TX, 'i');
	calls_expect("out h\nout i\n");
	ck_assert_uint_eq(in(&port, UART_LSR), UART_LSR_THRE | UART_LSR_TEMT);
	end(&port);
}
END_TEST

START_TEST(receives_in_order)
{
	struct port port;

	begin(&port);
	ck_assert_uint_eq(receive(&port, "abc"), 3);
	ck_assert(in(&port, UART_LSR) & UART_LSR_DR);
	ck_assert_uint_eq(in(&port, UART_RX), 'a');
	ck_assert_uint_eq(in(&port, UART_RX), 'b');
	calls_expect("");
	ck_assert_uint_eq(in(&port, UART_RX), 'c');
	calls_expect("drained\n");
	ck_assert(!(in(&port, UART_LSR) & UART_LSR_DR));
	ck_assert_uint_eq(in(&port, UART_RX), 0);
	calls_expect("");
	end(&port);
}
END_TEST

/* Bytes go round and round the ring. What does not fit is refused, not lost. */
START_TEST(fifo_has_an_end)
{
	char text[SERIAL_FIFO + 10];
	struct port port;

	begin(&port);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (int round = 0; round < 3; round++) {
		ck_assert_uint_eq(receive(&port, "01234"), 5);
		ck_assert_uint_eq(receive(&port, text), SERIAL_FIFO - 5);
		ck_assert_uint_eq(receive(&port, "z"), 0);
		for (unsigned int i = 0; i < SERIAL_FIFO; i++)
			ck_assert_uint_eq(in(&port, UART_RX), i < 5 ? '0' + i : 'x');
		ck_assert(!(in(&port, UART_LSR) & UART_LSR_DR));
	}
	end(&port);
}
END_TEST

START_TEST(receive_interrupt)
{
	struct port port;

	begin(&port);
	out(&port, UART_FCR, UART_FCR_ENABLE_FIFO);
	receive(&port, "a");
	ck_assert(!fake_kvm_pin(GSI));
	out(&port, UART_IER, UART_IER_RDI);
	ck_assert(fake_kvm_pin(GSI));
	ck_assert_uint_eq(in(&port, UART_IIR), 0xc0 | UART_IIR_RDI);
	ck_assert_uint_eq(in(&port, UART_IIR), 0xc0 | UART_IIR_RDI); /* not acknowledged by that */
	in(&port, UART_RX);
	ck_assert(!fake_kvm_pin(GSI));
	ck_assert_uint_eq(in(&port, UART_IIR), 0xc0 | UART_IIR_NO_INT);
	receive(&port, "b");
	ck_assert(fake_kvm_pin(GSI));
	out(&port, UART_IER, 0);
	ck_assert(!fake_kvm_pin(GSI));
	end(&port);
}
END_TEST

/*
 * A read of IIR acknowledges the interrupt. Every character and every new enable raises it again.
 */
START_TEST(transmit_interrupt)
{
	struct port port;

	begin(&port);
	out(&port, UART_IER, UART_IER_THRI);
	ck_assert(fake_kvm_pin(GSI));
	ck_assert_uint_eq(in(&port, UART_IIR), UART_IIR_THRI);
	ck_assert(!fake_kvm_pin(GSI));
	ck_assert_uint_eq(in(&port, UART_IIR), UART_IIR_NO_INT);
	out(&port, UART_TX, 'a');
	ck_assert(fake_kvm_pin(GSI));
	ck_assert_uint_eq(in(&port, UART_IIR), UART_IIR_THRI);
	out(&port, UART_IER, UART_IER_THRI);
	ck_assert(!fake_kvm_pin(GSI));
	out(&port, UART_IER, 0);
	out(&port, UART_IER, UART_IER_THRI);
	ck_assert(fake_kvm_pin(GSI));
	end(&port);
}
END_TEST

/* Input goes before output, and the answer for input does not acknowledge output. */
START_TEST(priority)
{
	struct port port;

	begin(&port);
	out(&port, UART_IER, UART_IER_THRI | UART_IER_RDI);
	receive(&port, "a");
	ck_assert_uint_eq(in(&port, UART_IIR), UART_IIR_RDI);
	in(&port, UART_RX);
	ck_assert(fake_kvm_pin(GSI));
	ck_assert_uint_eq(in(&port, UART_IIR), UART_IIR_THRI);
	ck_assert(!fake_kvm_pin(GSI));
	end(&port);
}
END_TEST

START_TEST(divisor_latch)
{
	struct port port;

	begin(&port);
	out(&port, UART_IER, 0xff);
	ck_assert_uint_eq(in(&port, UART_IER), 0x0f);
	out(&port, UART_LCR, UART_LCR_DLAB | 3);
	out(&port, UART_DLL, 0x34);
	out(&port, UART_DLM, 0x12);
	ck_assert_uint_eq(in(&port, UART_DLL), 0x34);
	ck_assert_uint_eq(in(&port, UART_DLM), 0x12);
	ck_assert_uint_eq(calls_count("out"), 0);
	out(&port, UART_LCR, 3);
	ck_assert_uint_eq(in(&port, UART_IER), 0x0f);
	ck_assert_uint_eq(in(&port, UART_LCR), 3);
	end(&port);
}
END_TEST

/*
 * Drivers find out in this way that there is a chip: what is sent comes back, and the outputs
 * come back at the inputs.
 */
START_TEST(loop_back)
{
	static const struct {
		uint8_t mcr, msr;
	} pins[] = {
		{ 0, 0 },
		{ UART_MCR_RTS, UART_MSR_CTS },
		{ UART_MCR_DTR, UART_MSR_DSR },
		{ UART_MCR_OUT1, UART_MSR_RI },
		{ UART_MCR_OUT2, UART_MSR_DCD },
		{ 0x0f, 0xf0 },
	};
	struct port port;

	begin(&port);
	for (size_t i = 0; i < UNIT_COUNT(pins); i++) {
		out(&port, UART_MCR, UART_MCR_LOOP | pins[i].mcr);
		ck_assert_uint_eq(in(&port, UART_MSR), pins[i].msr);
	}
	out(&port, UART_TX, 'q');
	ck_assert_uint_eq(in(&port, UART_RX), 'q');
	ck_assert_uint_eq(calls_count("out"), 0);
	out(&port, UART_MCR, 0xff);
	ck_assert_uint_eq(in(&port, UART_MCR), 0x1f);
	end(&port);
}
END_TEST

START_TEST(scratch)
{
	struct port port;

	begin(&port);
	out(&port, UART_SCR, 0x5a);
	ck_assert_uint_eq(in(&port, UART_SCR), 0x5a);
	out(&port, UART_LSR, 0xff);
	out(&port, UART_MSR, 0xff);
	ck_assert_uint_eq(in(&port, UART_LSR), UART_LSR_THRE | UART_LSR_TEMT);
	end(&port);
}
END_TEST

START_TEST(wide_accesses_mean_the_first_byte)
{
	struct port port;

	begin(&port);
	receive(&port, "ab");
	ck_assert_uint_eq(serial_ops.read(&port.serial, UART_RX, 4), 'a');
	ck_assert_uint_eq(serial_ops.read(&port.serial, UART_RX, 8), 'b');
	serial_ops.write(&port.serial, UART_TX, 4, 0x41424344);
	ck_assert_uint_eq(calls_count("out D"), 1);
	ck_assert_uint_eq(calls_count("out"), 1);
	end(&port);
}
END_TEST

/* A guest that throws its input away has room for more, just like a guest that read it. */
START_TEST(clearing_the_fifo_drains_it)
{
	struct port port;

	begin(&port);
	out(&port, UART_IER, UART_IER_RDI);
	receive(&port, "abc");
	calls_begin();
	out(&port, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR);
	ck_assert(!(in(&port, UART_LSR) & UART_LSR_DR));
	ck_assert(!fake_kvm_pin(GSI));
	ck_assert_uint_eq(receive(&port, "d"), 1);
	ck_assert_uint_eq(in(&port, UART_RX), 'd');
	ck_assert_uint_eq(calls_count("drained"), 2);
	end(&port);
}
END_TEST

START_TEST(reset_is_power_on)
{
	struct port port;

	begin(&port);
	out(&port, UART_LCR, UART_LCR_DLAB);
	out(&port, UART_DLL, 1);
	out(&port, UART_LCR, 0);
	out(&port, UART_IER, 0x0f);
	out(&port, UART_MCR, 0x1f);
	receive(&port, "abc");
	serial_reset(&port.serial);
	ck_assert_uint_eq(in(&port, UART_IER) | in(&port, UART_MCR), 0);
	ck_assert_uint_eq(in(&port, UART_LSR), UART_LSR_THRE | UART_LSR_TEMT);
	ck_assert_uint_eq(in(&port, UART_IIR), UART_IIR_NO_INT);
	end(&port);
}
END_TEST

UNIT_MAIN("serial", { power_on, 0 }, { sends_at_once, 0 }, { receives_in_order, 0 },
	  { fifo_has_an_end, 0 }, { receive_interrupt, 0 }, { transmit_interrupt, 0 },
	  { priority, 0 }, { divisor_latch, 0 }, { loop_back, 0 }, { scratch, 0 },
	  { wide_accesses_mean_the_first_byte, 0 }, { clearing_the_fifo_drains_it, 0 },
	  { reset_is_power_on, 0 })
