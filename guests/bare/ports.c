/* SPDX-License-Identifier: MIT */
/*
 * Accesses of every width to ports and device memory: which device answers, and what a hole reads
 * as.
 */
#include "bare.h"

#define SERIAL_MCR      (BARE_SERIAL + 4)
#define SERIAL_LSR      (BARE_SERIAL + 5)
#define SERIAL_SCRATCH  (BARE_SERIAL + 7)
#define SERIAL_MCR_LOOP 0x10
#define SERIAL_LSR_DATA 0x01

static void check_port_holes(void)
{
	outb(BARE_PORT_FREE, 0x55);
	outl(BARE_PORT_FREE, 0x55555555);
	bare_expect("inb of a hole", inb(BARE_PORT_FREE), 0xff);
	bare_expect("inw of a hole", inw(BARE_PORT_FREE), 0xffff);
	bare_expect("inl of a hole", inl(BARE_PORT_FREE), 0xffffffff);
	bare_expect("inl at the last port", inl(0xfffc), 0xffffffff);
}

static void check_port_edges(void)
{
	outb(SERIAL_SCRATCH, 0xa5);
	bare_expect("scratch register", inb(SERIAL_SCRATCH), 0xa5);
	bare_expect("half of a word in a hole", inw(SERIAL_SCRATCH), 0xffa5);
	outw(SERIAL_SCRATCH, 0x115a);
	bare_expect("half of a word written into a hole", inb(SERIAL_SCRATCH), 0x5a);
}

/* The address of the data moves on; the port stays. */
static void check_string_out(void)
{
	static const char text[] = "one instruction, 31 characters\n";
	const char *from = text;
	uint64_t count = sizeof(text) - 1;

	__asm__ volatile("cld; rep outsb" : "+S"(from), "+c"(count) : "d"(BARE_SERIAL) : "memory");
	bare_expect("characters left", count, 0);
	bare_expect("where rsi points", (uint64_t)(from - text), sizeof(text) - 1);
}

/* In loop-back the port receives what it sends. */
static void check_string_in(void)
{
	static const char sent[8] = "loopback";
	char received[9] = "";
	char *to = received;
	uint64_t count = sizeof(sent);

	outb(SERIAL_MCR, SERIAL_MCR_LOOP);
	for (unsigned int i = 0; i < sizeof(sent); i++)
		outb(BARE_SERIAL, (uint8_t)sent[i]);
	bare_expect("line status", inb(SERIAL_LSR) & SERIAL_LSR_DATA, SERIAL_LSR_DATA);
	__asm__ volatile("cld; rep insb" : "+D"(to), "+c"(count) : "d"(BARE_SERIAL) : "memory");
	outb(SERIAL_MCR, 0);
	for (unsigned int i = 0; i < sizeof(sent); i++)
		bare_expect("received character", (uint8_t)received[i], (uint8_t)sent[i]);
	bare_expect("where rdi points", (uint64_t)(to - received), sizeof(sent));
}

static void check_memory_holes(void)
{
	write32(BARE_MMIO_FREE, 0x12345678);
	write64(BARE_MMIO_FREE, 0x12345678);
	bare_expect("read of 1 byte", read8(BARE_MMIO_FREE + 3), 0xff);
	bare_expect("read of 2 bytes", read16(BARE_MMIO_FREE + 2), 0xffff);
	bare_expect("read of 4 bytes", read32(BARE_MMIO_FREE), 0xffffffff);
	bare_expect("read of 8 bytes", read64(BARE_MMIO_FREE), UINT64_MAX);
	bare_expect("read across the ECAM's start", read64(BARE_ECAM - 4) & 0xffffffff, 0xffffffff);
	bare_expect("read across the ECAM's end", read64(BARE_ECAM + 0xffffc), UINT64_MAX);
}

const struct bare_check bare_checks[] = {
	{ "port_holes", check_port_holes },     { "port_edges", check_port_edges },
	{ "string_out", check_string_out },     { "string_in", check_string_in },
	{ "memory_holes", check_memory_holes }, { NULL, NULL },
};
