/* SPDX-License-Identifier: MIT */
/* devices/pl011.c: Arm's serial port as firmware and Linux use it. ARM DDI 0183G, chapter 3. */
#include <stdint.h>
#include <string.h>

#include "call_log.h"
#include "devices/pl011.h"
#include "fake_kvm.h"
#include "unit.h"

#define VM_FD 1000
#define GSI   4

#define DR   0x00
#define FR   0x18
#define IMSC 0x38
#define RIS  0x3c
#define MIS  0x40
#define ICR  0x44

#define RX   0x10
#define TX   0x20
#define RXFE 0x10
#define RXFF 0x40
#define TXFE 0x80

struct desk {
	struct irq_router router;
	struct pl011 port;
};

static struct desk desk;

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

static void begin(void)
{
	fake_kvm_begin();
	memset(&desk, 0, sizeof(desk));
	ck_assert_int_eq(irq_router_init(&desk.router, VM_FD, 64), 0);
	pl011_init(&desk.port, &desk.router, GSI, &line, &desk);
	calls_begin();
}

static void end(void)
{
	pl011_destroy(&desk.port);
	pl011_destroy(&desk.port);
	irq_router_destroy(&desk.router);
	fake_kvm_end();
}

static uint32_t in(uint64_t reg)
{
	return (uint32_t)pl011_ops.read(&desk.port, reg, 4);
}

static void out(uint64_t reg, uint32_t value)
{
	pl011_ops.write(&desk.port, reg, 4, value);
}

static size_t receive(const char *text)
{
	return pl011_receive(&desk.port, (const uint8_t *)text, strlen(text));
}

static const struct {
	uint16_t reg, value;
} power_on[] = {
	{ DR, 0 },       { 0x04, 0 },     { FR, TXFE | RXFE }, { 0x24, 0 },     { 0x28, 0 },
	{ 0x2c, 0 },     { 0x30, 0x300 }, { 0x34, 0x12 },      { IMSC, 0 },     { RIS, 0 },
	{ MIS, 0 },      { 0xfe0, 0x11 }, { 0xfe4, 0x10 },     { 0xfe8, 0x14 }, { 0xfec, 0 },
	{ 0xff0, 0x0d }, { 0xff4, 0xf0 }, { 0xff8, 0x05 },     { 0xffc, 0xb1 }, { 0x500, 0 },
	{ 0x01, 0 },
};

START_TEST(powers_on)
{
	begin();
	ck_assert_msg(in(power_on[_i].reg) == power_on[_i].value, "register %#x: %#x",
		      power_on[_i].reg, in(power_on[_i].reg));
	ck_assert(!fake_kvm_pin(GSI));
	end();
}
END_TEST

static const struct {
	uint16_t reg, written, read;
} kept[] = {
	{ 0x20, 0x1ff, 0xff },   { 0x24, 0xffff, 0xffff }, { 0x28, 0xff, 0x3f },
	{ 0x2c, 0x70, 0x70 },    { 0x30, 0x301, 0x301 },   { 0x34, 0xff, 0x3f },
	{ IMSC, 0xffff, 0x7ff }, { 0x48, 0xff, 0x07 },     { FR, 0, TXFE | RXFE },
	{ 0xfe0, 0, 0x11 },
};

START_TEST(keeps)
{
	begin();
	out(kept[_i].reg, kept[_i].written);
	ck_assert_uint_eq(in(kept[_i].reg), kept[_i].read);
	pl011_reset(&desk.port);
	ck_assert_uint_eq(in(0x30), 0x300);
	ck_assert_uint_eq(in(IMSC), 0);
	end();
}
END_TEST

/* The transmit interrupt comes with the first character, and again with each one after it. */
START_TEST(sends_at_once)
{
	begin();
	out(IMSC, TX);
	ck_assert(!fake_kvm_pin(GSI));
	out(DR, 'h');
	ck_assert(fake_kvm_pin(GSI));
	ck_assert_uint_eq(in(MIS), TX);
	out(ICR, TX);
	ck_assert(!fake_kvm_pin(GSI));
	out(DR, 'i');
	ck_assert(fake_kvm_pin(GSI));
	calls_expect("out h\nKVM_IRQ_LINE 4 1\nKVM_IRQ_LINE 4 0\nout i\nKVM_IRQ_LINE 4 1\n");
	ck_assert_uint_eq(in(FR), TXFE | RXFE);
	out(IMSC, 0);
	ck_assert(!fake_kvm_pin(GSI));
	ck_assert_uint_eq(in(RIS), TX);
	end();
}
END_TEST

START_TEST(receives_in_order)
{
	begin();
	ck_assert_uint_eq(receive("abc"), 3);
	ck_assert(!fake_kvm_pin(GSI));
	out(IMSC, RX);
	ck_assert(fake_kvm_pin(GSI));
	ck_assert_uint_eq(in(FR), TXFE);
	ck_assert_uint_eq(in(DR), 'a');
	out(ICR, RX); /* there is more: nothing is forgotten */
	ck_assert(fake_kvm_pin(GSI));
	ck_assert_uint_eq(in(DR), 'b');
	calls_expect("KVM_IRQ_LINE 4 1\n");
	ck_assert_uint_eq(in(DR), 'c');
	calls_expect("KVM_IRQ_LINE 4 0\ndrained\n");
	ck_assert(!fake_kvm_pin(GSI));
	ck_assert_uint_eq(in(FR), TXFE | RXFE);
	ck_assert_uint_eq(in(DR), 0);
	calls_expect("");
	end();
}
END_TEST

START_TEST(takes_no_more_than_fits)
{
	static const char text[SERIAL_FIFO + 10] = { 'x' };

	begin();
	ck_assert_uint_eq(pl011_receive(&desk.port, (const uint8_t *)text, sizeof(text)),
			  SERIAL_FIFO);
	ck_assert_uint_eq(in(FR), TXFE | RXFF);
	ck_assert_uint_eq(receive("y"), 0);
	in(DR);
	ck_assert_uint_eq(receive("yz"), 1);
	pl011_reset(&desk.port);
	calls_expect("drained\n");
	ck_assert_uint_eq(in(FR), TXFE | RXFE);
	end();
}
END_TEST

UNIT_MAIN("pl011", { powers_on, UNIT_COUNT(power_on) }, { keeps, UNIT_COUNT(kept) },
	  { sends_at_once, 0 }, { receives_in_order, 0 }, { takes_no_more_than_fits, 0 })
