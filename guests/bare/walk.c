/* SPDX-License-Identifier: MIT */
/*
 * A walk over everything that a driver can do to a device, whatever the device is. It tells what
 * it sees on the serial port, so that machines can be compared. tests/devices/ does that.
 */
#include "walk_space.h"

#define WALK_BARS      6u
#define WALK_BAR_MAX   0x1000000ull /* a larger BAR stays at its place and is not read */
#define WALK_MEMORY    BARE_MMIO_FREE
#define WALK_PORTS     0xd000u
#define WALK_DECODE    (PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)
#define WALK_Q35_POWER 0x604 /* the port that switches QEMU's q35 off */
#define WALK_LINE_FIFO 32u   /* QEMU forgets what is still in its UART when it is switched off */
#define WALK_MESSAGE   0xfee00000u

static struct walk_bar {
	uint64_t size; /* 0 for no BAR, or for the upper half of one */
	uint64_t address;
	bool ports, wide;
} walk_bars[WALK_BARS];

static unsigned int walk_bar_register(unsigned int bar)
{
	return PCI_BASE_ADDRESS_0 + 4 * bar;
}

/* ---- BARs ---- */

/* What the register keeps of all ones: its size. */
static uint32_t walk_size_register(unsigned int at)
{
	uint32_t before = walk_read(at, 4), mask;

	walk_write(at, 4, UINT32_MAX);
	mask = walk_read(at, 4);
	walk_write(at, 4, before);
	walk_tell_one("size", at, mask);
	return mask;
}

static void walk_size_bar(unsigned int bar)
{
	uint32_t low = walk_size_register(walk_bar_register(bar));
	struct walk_bar *is = &walk_bars[bar];
	uint64_t mask = low | 0xffffffff00000000;

	if (low == 0 || low == UINT32_MAX)
		return;
	is->ports = low & PCI_BASE_ADDRESS_SPACE_IO;
	is->wide = !is->ports && (low & PCI_BASE_ADDRESS_MEM_TYPE_64);
	if (is->wide && bar + 1 < WALK_BARS)
		mask = low | (uint64_t)walk_size_register(walk_bar_register(bar + 1)) << 32;
	if (is->ports)
		mask |= 0xffff0000;
	is->size = -(mask & ~(is->ports ? 3ull : 0xfull));
}

static void walk_size_bars(void)
{
	walk_write(PCI_COMMAND, 2, 0);
	for (unsigned int bar = 0; bar < WALK_BARS; bar++) {
		walk_size_bar(bar);
		bar += walk_bars[bar].wide;
	}
	walk_size_register(PCI_ROM_ADDRESS);
	walk_mark("sizes");
}

/* Undo what the machine's firmware may have set, because each firmware does it in its own way. */
static void walk_forget_firmware(void)
{
	walk_write(PCI_COMMAND, 2, 0);
	walk_write(PCI_CACHE_LINE_SIZE, 1, 0);
	walk_write(PCI_LATENCY_TIMER, 1, 0);
	walk_write(PCI_ROM_ADDRESS, 4, 0);
	walk_write(PCI_INTERRUPT_LINE, 1, 0);
}

/* A free address, where neither machine has a BAR yet. */
static void walk_place_bars(void)
{
	uint64_t memory = WALK_MEMORY, ports = WALK_PORTS;

	for (unsigned int bar = 0; bar < WALK_BARS; bar++) {
		struct walk_bar *is = &walk_bars[bar];
		uint64_t *next = is->ports ? &ports : &memory;

		if (!is->size || is->size > WALK_BAR_MAX)
			continue;
		*next = (*next + is->size - 1) & ~(is->size - 1);
		is->address = *next;
		*next += is->size;
		walk_write(walk_bar_register(bar), 4, (uint32_t)is->address);
		if (is->wide)
			walk_write(walk_bar_register(bar + 1), 4, 0);
		walk_tell_one("placed", walk_bar_register(bar),
			      walk_read(walk_bar_register(bar), 4));
	}
}

static uint32_t walk_bar_read(const struct walk_bar *bar, uint64_t offset)
{
	return bar->ports ? inl((uint16_t)(bar->address + offset)) : read32(bar->address + offset);
}

static void walk_bar_write(const struct walk_bar *bar, uint64_t offset, uint32_t value)
{
	if (bar->ports)
		outl((uint16_t)(bar->address + offset), value);
	else
		write32(bar->address + offset, value);
}

/*
 * Read by all widths at the BAR's start; by dword at some other places, which are written, too.
 */
static void walk_use_bar(unsigned int number)
{
	const struct walk_bar *bar = &walk_bars[number];
	const uint64_t places[] = { 0, bar->size / 2, bar->size - 4 };
	unsigned int at = walk_bar_register(number);

	if (!bar->ports) {
		walk_tell_one("bar8", at, read8(bar->address));
		walk_tell_one("bar16", at, read16(bar->address));
		walk_tell_one("bar64", at, (uint32_t)(read64(bar->address) >> 32));
	}
	for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		uint32_t before = walk_bar_read(bar, places[i]);
		uint32_t values[] = { (uint32_t)places[i], before, 0 };

		walk_bar_write(bar, places[i], ~before);
		values[2] = walk_bar_read(bar, places[i]);
		walk_bar_write(bar, places[i], before);
		walk_tell("bar", at, values, 3);
	}
}

static void walk_look_into_bars(const char *word)
{
	for (unsigned int bar = 0; bar < WALK_BARS; bar++)
		if (walk_bars[bar].address)
			walk_tell_one(word, walk_bar_register(bar),
				      walk_bar_read(&walk_bars[bar], 0));
}

static void walk_use_bars(void)
{
	walk_write(PCI_COMMAND, 2, WALK_DECODE);
	walk_tell_one("command", PCI_COMMAND, walk_read(PCI_COMMAND, 2));
	for (unsigned int bar = 0; bar < WALK_BARS; bar++)
		if (walk_bars[bar].address)
			walk_use_bar(bar);
	walk_mark("BARs");
	walk_write(PCI_COMMAND, 2, 0);
	walk_look_into_bars("closed");
	walk_write(PCI_COMMAND, 2, WALK_DECODE);
	walk_look_into_bars("open");
	walk_mark("decoding");
}

/* ---- interrupts ---- */

static void walk_use_pin(void)
{
	walk_write(PCI_COMMAND, 2, WALK_DECODE | PCI_COMMAND_INTX_DISABLE);
	walk_tell_one("command", PCI_COMMAND, walk_read(PCI_COMMAND, 2));
	walk_mark("pin off");
	walk_write(PCI_COMMAND, 2, WALK_DECODE);
	walk_mark("pin on");
}

static void walk_switch(unsigned int flags, uint32_t value, const char *part)
{
	walk_write(flags, 2, value);
	walk_tell_one("flags", flags, walk_read(flags, 2));
	walk_mark(part);
}

static void walk_mask_msi(unsigned int mask)
{
	walk_write(mask, 4, 1);
	walk_tell_one("mask", mask, walk_read(mask, 4));
	walk_mark("MSI masked");
	walk_write(mask, 4, 0);
	walk_mark("MSI unmasked");
}

static void walk_use_msi(void)
{
	unsigned int cap = walk_find(PCI_CAP_ID_MSI), flags = cap + PCI_MSI_FLAGS;
	uint32_t before = walk_read(flags, 2);
	bool wide = before & PCI_MSI_FLAGS_64BIT;

	if (!cap)
		return;
	walk_write(cap + PCI_MSI_ADDRESS_LO, 4, WALK_MESSAGE);
	if (wide)
		walk_write(cap + PCI_MSI_ADDRESS_HI, 4, 0);
	walk_write(cap + (wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32), 2, 0x41);
	walk_switch(flags, before | PCI_MSI_FLAGS_ENABLE, "MSI on");
	if (before & PCI_MSI_FLAGS_MASKBIT)
		walk_mask_msi(cap + (wide ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32));
	walk_switch(flags, before, "MSI off");
	walk_switch(flags, before | PCI_MSI_FLAGS_ENABLE | 1 << 4, "two messages");
	walk_switch(flags, before, "MSI off again");
}

static uint64_t walk_msix_table(unsigned int cap)
{
	uint32_t where = walk_read(cap + PCI_MSIX_TABLE, 4);
	unsigned int bar = where & PCI_MSIX_TABLE_BIR;

	if (bar >= WALK_BARS || !walk_bars[bar].address)
		return 0;
	return walk_bars[bar].address + (where & PCI_MSIX_TABLE_OFFSET);
}

/* Set a vector up as a driver does, and read it back. */
static void walk_set_vector(uint64_t entry, unsigned int vector)
{
	uint32_t values[4];

	write32(entry + PCI_MSIX_ENTRY_LOWER_ADDR, WALK_MESSAGE);
	write32(entry + PCI_MSIX_ENTRY_UPPER_ADDR, 0);
	write32(entry + PCI_MSIX_ENTRY_DATA, 0x42);
	write32(entry + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
	for (unsigned int i = 0; i < 4; i++)
		values[i] = read32(entry + 4 * i);
	walk_tell("vector", vector, values, 4);
}

static void walk_use_msix(void)
{
	unsigned int cap = walk_find(PCI_CAP_ID_MSIX), flags = cap + PCI_MSIX_FLAGS;
	uint64_t table = cap ? walk_msix_table(cap) : 0;

	if (!cap)
		return;
	walk_switch(flags, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, "MSI-X on and masked");
	if (table)
		walk_set_vector(table, 0);
	walk_switch(flags, PCI_MSIX_FLAGS_ENABLE, "MSI-X on");
	if (table) {
		write32(table + PCI_MSIX_ENTRY_VECTOR_CTRL, PCI_MSIX_ENTRY_CTRL_MASKBIT);
		walk_mark("vector masked");
		write32(table + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
		walk_mark("vector unmasked");
	}
	walk_switch(flags, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, "MSI-X masked");
	walk_switch(flags, 0, "MSI-X off");
}

/* ---- sleep and resets ---- */

static void walk_sleep(void)
{
	unsigned int cap = walk_find(PCI_CAP_ID_PM), control = cap + PCI_PM_CTRL;
	uint32_t before = walk_read(control, 2) & ~(uint32_t)PCI_PM_CTRL_STATE_MASK;

	if (!cap)
		return;
	walk_write(control, 2, before | 3);
	walk_tell_one("asleep", control, walk_read(control, 2));
	walk_look_into_bars("asleep");
	walk_write(control, 2, before);
	walk_tell_one("awake", control, walk_read(control, 2));
	walk_look_into_bars("awake");
	walk_mark("sleep");
}

/* Switch everything on, then reset: what is left? */
static void walk_reset(unsigned int control, unsigned int size, uint32_t value, const char *part)
{
	walk_write(PCI_COMMAND, 2, WALK_DECODE);
	walk_write(PCI_INTERRUPT_LINE, 1, 0x5a);
	walk_write(control, size, value);
	walk_tell_one("reset", control, walk_read(control, size));
	for (unsigned int at = PCI_COMMAND; at < PCI_STD_HEADER_SIZEOF; at += 4)
		walk_tell_one("reset", at, walk_read(at, 4));
	walk_mark(part);
}

static void walk_use_resets(void)
{
	unsigned int exp = walk_find(PCI_CAP_ID_EXP), af = walk_find(PCI_CAP_ID_AF);

	if (exp && walk_read(exp + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR)
		walk_reset(exp + PCI_EXP_DEVCTL, 2,
			   walk_read(exp + PCI_EXP_DEVCTL, 2) | PCI_EXP_DEVCTL_BCR_FLR, "FLR");
	if (af && walk_read(af + PCI_AF_CAP, 1) & PCI_AF_CAP_FLR)
		walk_reset(af + PCI_AF_CTRL, 1, PCI_AF_CTRL_FLR, "FLR by AF");
}

static void walk_all(void)
{
	if (walk_begin()) {
		walk_mark("start");
		walk_size_bars();
		walk_forget_firmware();
		walk_place_bars();
		walk_mark("places");
		walk_dump();
		walk_mark("registers");
		for (unsigned int size = 4; size; size /= 2) {
			walk_patterns(size);
			walk_mark("patterns");
		}
		walk_use_bars();
		walk_use_pin();
		walk_use_msi();
		walk_use_msix();
		walk_sleep();
		walk_use_resets();
		walk_dump();
		walk_mark("end");
	}
	bare_print("done\n");
	for (unsigned int i = 0; i < WALK_LINE_FIFO; i++)
		bare_print("\n");
	outw(WALK_Q35_POWER, 0x2000);
}

const struct bare_check bare_checks[] = {
	{ "all", walk_all },
	{ NULL, NULL },
};
