/* SPDX-License-Identifier: MIT */
/*
 * devices/pci.c: bits that keep what is written, BARs that tell their size and move, and lists of
 * capabilities.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "call_log.h"
#include "devices/pci_host.h"
#include "unit.h"

#define MEM   PCI_BASE_ADDRESS_SPACE_MEMORY
#define MEM64 PCI_BASE_ADDRESS_MEM_TYPE_64
#define PREF  PCI_BASE_ADDRESS_MEM_PREFETCH
#define IO    PCI_BASE_ADDRESS_SPACE_IO
#define ON    (PCI_COMMAND_MEMORY | PCI_COMMAND_IO)

/* A function whose BARs must not overlap, as bus and slots demand. */
struct card {
	struct pci_function function;
	struct pci_host host;
};

static int card_map(struct pci_function *function, unsigned int bar)
{
	const struct pci_bar *b = &function->bars[bar];

	for (unsigned int i = 0; i < PCI_BARS; i++) {
		const struct pci_bar *other = &function->bars[i];

		if (i != bar && other->mapped && other->addr < b->addr + b->size &&
		    b->addr < other->addr + other->size)
			return -EEXIST;
	}
	calls_add("map %u %#" PRIx64, bar, b->addr);
	return 0;
}

static void card_unmap(struct pci_function *function, unsigned int bar)
{
	calls_add("unmap %u %#" PRIx64, bar, function->bars[bar].addr);
}

static void card_nothing(struct pci_function *function)
{
	(void)function;
}

static const struct pci_function_ops card_ops = {
	.config_read = pci_config_read,
	.config_write = pci_config_write,
	.bar_map = card_map,
	.bar_unmap = card_unmap,
	.reset = card_nothing,
	.destroy = card_nothing,
};

#define W32_BASE 0xc0000000ull
#define W64_BASE 0x8000000000ull
#define W64_SIZE 0x4000000000ull

static void begin(struct card *card)
{
	memset(card, 0, sizeof(*card));
	pci_function_init(&card->function, &card_ops, "card");
	card->function.bus = &card->host.bus;
	card->host.bus.forwards = pci_host_forwards;
	card->host.bus.alone = pci_host_alone;
	card->host.mmio32 = (struct arch_range){ W32_BASE, 0x30000000 };
	card->host.mmio64 = (struct arch_range){ W64_BASE, W64_SIZE };
	card->host.io = (struct arch_range){ 0xc000, 0x4000 };
	calls_begin();
}

static uint32_t get(struct card *card, unsigned int offset)
{
	return pci_config_read(&card->function, offset, 4);
}

static void put(struct card *card, unsigned int offset, uint32_t value)
{
	pci_config_write(&card->function, offset, 4, value);
}

static void command(struct card *card, uint16_t value)
{
	pci_config_write(&card->function, PCI_COMMAND, 2, value);
}

#define BAR(n) (PCI_BASE_ADDRESS_0 + 4 * (n))

static const struct {
	uint64_t size;
	uint32_t flags;
} bars[] = {
	{ 4, IO },
	{ 256, IO },
	{ 16, MEM },
	{ 4096, MEM },
	{ 1ull << 31, MEM | PREF },
	{ 16, MEM64 },
	{ 4096, MEM64 | PREF },
	{ 1ull << 31, MEM64 },
	{ 1ull << 32, MEM64 | PREF },
	{ 128ull << 30, MEM64 | PREF },
	{ 1ull << 52, MEM64 },
	{ 1ull << 63, MEM64 },
};

/* PCI Local Bus 3.0, 6.2.5.1, has this way: write ones, read back, put the address back. */
START_TEST(bar_tells_its_size)
{
	bool wide = bars[_i].flags & MEM64 && !(bars[_i].flags & IO);
	struct card card;
	uint64_t mask;

	begin(&card);
	pci_set_bar(&card.function, 2, bars[_i].size, bars[_i].flags);
	ck_assert_uint_eq(get(&card, BAR(2)), bars[_i].flags);
	put(&card, BAR(2), UINT32_MAX);
	put(&card, BAR(3), UINT32_MAX);
	mask = get(&card, BAR(2)) & (bars[_i].flags & IO ? ~3u : ~15u);
	mask |= wide ? (uint64_t)get(&card, BAR(3)) << 32 : 0xffffffffull << 32;
	ck_assert_uint_eq(~mask + 1, bars[_i].size);
	ck_assert_uint_eq(get(&card, BAR(2)) & (bars[_i].flags & IO ? 3 : 15), bars[_i].flags);
	ck_assert_uint_eq(get(&card, BAR(1)), 0);
	ck_assert_uint_eq(get(&card, BAR(4)), 0);
	if (!wide)
		ck_assert_uint_eq(get(&card, BAR(3)), 0);
	put(&card, BAR(2), 0);
	ck_assert_uint_eq(get(&card, BAR(2)), bars[_i].flags);
	calls_expect("");
}
END_TEST

START_TEST(absent_bars_read_zero)
{
	struct card card;

	begin(&card);
	for (unsigned int bar = 0; bar < 6; bar++)
		put(&card, BAR(bar), UINT32_MAX);
	put(&card, PCI_ROM_ADDRESS, UINT32_MAX);
	command(&card, ON);
	for (unsigned int bar = 0; bar < 6; bar++)
		ck_assert_uint_eq(get(&card, BAR(bar)), 0);
	ck_assert_uint_eq(get(&card, PCI_ROM_ADDRESS), 0);
	calls_expect("");
}
END_TEST

START_TEST(command_decides_what_decodes)
{
	struct card card;

	begin(&card);
	pci_set_bar(&card.function, 0, 0x1000, MEM);
	pci_set_bar(&card.function, 1, 0x100, IO);
	put(&card, BAR(0), 0xc0000000);
	put(&card, BAR(1), 0xc000);
	calls_expect("");
	command(&card, PCI_COMMAND_MEMORY);
	calls_expect("map 0 0xc0000000\n");
	command(&card, PCI_COMMAND_IO);
	calls_expect("unmap 0 0xc0000000\nmap 1 0xc000\n");
	command(&card, ON);
	command(&card, ON);
	calls_expect("map 0 0xc0000000\n");
	command(&card, PCI_COMMAND_MASTER);
	calls_expect("unmap 0 0xc0000000\nunmap 1 0xc000\n");
}
END_TEST

START_TEST(moves_while_decoding)
{
	struct card card;

	begin(&card);
	pci_set_bar(&card.function, 0, 0x4000, MEM);
	put(&card, BAR(0), 0xc0000000);
	command(&card, ON);
	calls_begin();
	put(&card, BAR(0), 0xc0004000);
	calls_expect("unmap 0 0xc0000000\nmap 0 0xc0004000\n");
	/* Half an address is an address, too. */
	pci_config_write(&card.function, BAR(0) + 2, 2, 0xd000);
	calls_expect("unmap 0 0xc0004000\nmap 0 0xd0004000\n");
	pci_config_write(&card.function, BAR(0) + 1, 1, 0x80);
	calls_expect("unmap 0 0xd0004000\nmap 0 0xd0008000\n");
	/* Bits below the size do not count. */
	put(&card, BAR(0), 0xd000bfff);
	calls_expect("");
}
END_TEST

START_TEST(wide_bar_moves_by_halves)
{
	struct card card;

	begin(&card);
	pci_set_bar(&card.function, 0, 0x4000, MEM64 | PREF);
	put(&card, BAR(0), 0xd0000000);
	put(&card, BAR(1), 0);
	command(&card, ON);
	calls_expect("map 0 0xd0000000\n");
	put(&card, BAR(1), 0x80);
	calls_expect("unmap 0 0xd0000000\nmap 0 0x80d0000000\n");
	put(&card, BAR(0), 0);
	calls_expect("unmap 0 0x80d0000000\nmap 0 0x8000000000\n");
}
END_TEST

START_TEST(rule_10_outside_the_windows)
{
	static const uint64_t places[] = { 0,
					   0x1000,
					   0xbffff000,
					   0xbfffc000,
					   0xf0000000,
					   0xfee00000,
					   0xfffff000,
					   W64_BASE - 0x4000,
					   W64_BASE + W64_SIZE,
					   0x100000000,
					   0xfffffffffffff000 };
	struct card card;

	begin(&card);
	pci_set_bar(&card.function, 0, 0x4000, MEM64);
	put(&card, BAR(0), 0xc0000000);
	command(&card, ON);
	for (size_t i = 0; i < UNIT_COUNT(places); i++) {
		put(&card, BAR(0), 0xc0000000);
		put(&card, BAR(1), 0);
		calls_begin();
		command(&card, 0);
		put(&card, BAR(0), (uint32_t)places[i]);
		put(&card, BAR(1), (uint32_t)(places[i] >> 32));
		command(&card, ON);
		calls_expect("unmap 0 0xc0000000\n");
		ck_assert(!card.function.bars[0].mapped);
	}
}
END_TEST

/* The last place that fits, and the first that does not. */
START_TEST(rule_10_edge_of_the_window)
{
	struct card card;

	begin(&card);
	card.host.mmio32.size = 0x6000;
	pci_set_bar(&card.function, 0, 0x4000, MEM);
	command(&card, ON);
	put(&card, BAR(0), 0xc0000000);
	calls_expect("map 0 0xc0000000\n");
	put(&card, BAR(0), 0xc0004000);
	calls_expect("unmap 0 0xc0000000\n");
}
END_TEST

/* Linux does this when it packs BARs anew. With COMMAND on, only a hostile guest does it. */
START_TEST(rule_10_two_bars_swap)
{
	struct card card;

	begin(&card);
	pci_set_bar(&card.function, 0, 0x4000, MEM);
	pci_set_bar(&card.function, 1, 0x4000, MEM);
	put(&card, BAR(0), 0xc0000000);
	put(&card, BAR(1), 0xc0004000);
	command(&card, ON);
	calls_begin();
	put(&card, BAR(0), 0xc0004000); /* onto the other: refused, its addresses read ones */
	calls_expect("unmap 0 0xc0000000\n");
	put(&card, BAR(1), 0xc0000000); /* makes room for both */
	calls_expect("unmap 1 0xc0004000\nmap 0 0xc0004000\nmap 1 0xc0000000\n");
	command(&card, 0);
	put(&card, BAR(0), 0xc0000000);
	put(&card, BAR(1), 0xc0004000);
	calls_begin();
	command(&card, ON);
	calls_expect("map 0 0xc0000000\nmap 1 0xc0004000\n");
}
END_TEST

START_TEST(rom_needs_its_own_bit)
{
	struct card card;

	begin(&card);
	pci_set_bar(&card.function, PCI_BAR_ROM, 0x10000, 0);
	put(&card, PCI_ROM_ADDRESS, UINT32_MAX);
	ck_assert_uint_eq(get(&card, PCI_ROM_ADDRESS), 0xffff0001);
	put(&card, PCI_ROM_ADDRESS, 0xc0010000);
	command(&card, ON);
	calls_expect("");
	put(&card, PCI_ROM_ADDRESS, 0xc0010000 | PCI_ROM_ADDRESS_ENABLE);
	calls_expect("map 6 0xc0010000\n");
	command(&card, PCI_COMMAND_IO);
	calls_expect("unmap 6 0xc0010000\n");
}
END_TEST

START_TEST(rule_09_blocked_function_decodes_nothing)
{
	struct card card;

	begin(&card);
	pci_set_bar(&card.function, 0, 0x4000, MEM);
	put(&card, BAR(0), 0xc0000000);
	command(&card, ON);
	card.function.memory_blocked = true;
	calls_begin();
	pci_update_bars(&card.function);
	calls_expect("unmap 0 0xc0000000\n");
	command(&card, ON);
	calls_expect("");
	card.function.memory_blocked = false;
	pci_update_bars(&card.function);
	calls_expect("map 0 0xc0000000\n");
}
END_TEST

START_TEST(reset_puts_bars_back)
{
	struct card card;

	begin(&card);
	pci_set_bar(&card.function, 0, 0x4000, MEM64 | PREF);
	pci_set_bar(&card.function, 2, 0x100, IO);
	card.function.bars[0].assigned = 0x8000004000;
	card.function.bars[2].assigned = 0xc100;
	pci_reset(&card.function);
	ck_assert_uint_eq(get(&card, BAR(0)), 0x4000 | MEM64 | PREF);
	ck_assert_uint_eq(get(&card, BAR(1)), 0x80);
	command(&card, ON);
	calls_expect("map 0 0x8000004000\nmap 2 0xc100\n");
	put(&card, BAR(1), 0x90);
	card.function.memory_blocked = true;
	calls_begin();
	pci_reset(&card.function);
	calls_expect("unmap 0 0x9000004000\nunmap 2 0xc100\n");
	ck_assert_uint_eq(pci_config_read(&card.function, PCI_COMMAND, 2), 0);
	ck_assert_uint_eq(get(&card, BAR(1)), 0x80);
	command(&card, ON);
	calls_expect("map 0 0x8000004000\nmap 2 0xc100\n");
}
END_TEST

/* Nothing of the header changes, except for what its writer may change. */
START_TEST(rule_15_header_is_read_only)
{
	static const struct pci_id id = { 0x1234, 0x5678, 0x9abc, 0xdef0, 0x01080201 };
	uint8_t before[PCI_CONFIG_SIZE];
	struct card card;

	begin(&card);
	pci_set_id(&card.function, &id);
	ck_assert_uint_eq(get(&card, 0), 0x56781234);
	ck_assert_uint_eq(get(&card, PCI_SUBSYSTEM_VENDOR_ID), 0xdef09abc);
	ck_assert_uint_eq(get(&card, PCI_CLASS_REVISION), 0x01080201);
	memcpy(before, card.function.config, sizeof(before));
	for (unsigned int offset = 0; offset < PCI_CONFIG_SIZE; offset += 4)
		put(&card, offset, UINT32_MAX);
	ck_assert_uint_eq(pci_get_word(&card.function, PCI_COMMAND),
			  ON | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
	ck_assert_uint_eq(card.function.config[PCI_INTERRUPT_LINE], 0xff);
	before[PCI_COMMAND] = card.function.config[PCI_COMMAND];
	before[PCI_COMMAND + 1] = card.function.config[PCI_COMMAND + 1];
	before[PCI_CACHE_LINE_SIZE] = before[PCI_INTERRUPT_LINE] = 0xff;
	ck_assert_int_eq(memcmp(before, card.function.config, sizeof(before)), 0);
}
END_TEST

START_TEST(capabilities_chain_until_full)
{
	unsigned int offset, count = 0;
	struct card card;

	begin(&card);
	ck_assert_uint_eq(pci_find_capability(&card.function, PCI_CAP_ID_PM), 0);
	offset = pci_add_capability(&card.function, PCI_CAP_ID_PM, 7);
	ck_assert_uint_eq(offset, 0x40);
	offset = pci_add_capability(&card.function, PCI_CAP_ID_MSIX, 12);
	ck_assert_uint_eq(offset, 0x48);
	ck_assert(card.function.config[PCI_STATUS] & PCI_STATUS_CAP_LIST);
	ck_assert_uint_eq(pci_find_capability(&card.function, PCI_CAP_ID_PM), 0x40);
	ck_assert_uint_eq(pci_find_capability(&card.function, PCI_CAP_ID_MSIX), 0x48);
	ck_assert_uint_eq(pci_find_capability(&card.function, PCI_CAP_ID_MSI), 0);
	while (pci_add_capability(&card.function, PCI_CAP_ID_VNDR, 16))
		count++;
	ck_assert_uint_eq(count, (0x100 - 0x54) / 16);
	ck_assert_uint_eq(pci_find_capability(&card.function, PCI_CAP_ID_PM), 0x40);
}
END_TEST

static const uint8_t loops[][4] = {
	/* where the list starts, what the capability there points to */
	{ 0x40, 0x40 }, { 0x40, 0x44 }, { 0xfc, 0xff }, { 0xff, 0xff },
	{ 0x04, 0x40 }, { 0x43, 0x40 }, { 0x80, 0x3c }, { 0x00, 0x40 },
};

START_TEST(rule_16_looped_list_ends)
{
	struct card card;

	begin(&card);
	card.function.config[PCI_STATUS] = PCI_STATUS_CAP_LIST;
	memset(&card.function.config[0x40], loops[_i][1], 0xc0);
	card.function.config[PCI_CAPABILITY_LIST] = loops[_i][0];
	ck_assert_uint_eq(pci_find_capability(&card.function, PCI_CAP_ID_PM), 0);
}
END_TEST

UNIT_MAIN("pci", { bar_tells_its_size, UNIT_COUNT(bars) }, { absent_bars_read_zero, 0 },
	  { command_decides_what_decodes, 0 }, { moves_while_decoding, 0 },
	  { wide_bar_moves_by_halves, 0 }, { rule_10_outside_the_windows, 0 },
	  { rule_10_edge_of_the_window, 0 }, { rule_10_two_bars_swap, 0 },
	  { rom_needs_its_own_bit, 0 }, { rule_09_blocked_function_decodes_nothing, 0 },
	  { reset_puts_bars_back, 0 }, { rule_15_header_is_read_only, 0 },
	  { capabilities_chain_until_full, 0 }, { rule_16_looped_list_ends, UNIT_COUNT(loops) })
