/* SPDX-License-Identifier: MIT */
/*
 * devices/pci_host.c: where BARs are put, and how large the window above 4 GiB becomes for them.
 */
#include <errno.h>
#include <string.h>

#include "devices/pci_host.h"
#include "devices/pci_windows.h"
#include "plain_ram.h"
#include "stderr_text.h"
#include "unit.h"

#define GIB   (1ull << 30)
#define MEM   PCI_BASE_ADDRESS_SPACE_MEMORY
#define MEM64 PCI_BASE_ADDRESS_MEM_TYPE_64
#define IO    PCI_BASE_ADDRESS_SPACE_IO
#define CARDS 31

/* Only the BARs of these functions matter. COMMAND stays off. */
struct machine {
	struct vm vm;
	struct pci_host host;
	struct pci_function cards[CARDS];
	unsigned int count;
};

static int card_map(struct pci_function *function, unsigned int bar)
{
	ck_abort_msg("%s: BAR %u is mapped", function->name, bar);
}

static void card_unmap(struct pci_function *function, unsigned int bar)
{
	ck_abort_msg("%s: BAR %u is unmapped", function->name, bar);
}

static void card_nothing(struct pci_function *function)
{
	(void)function;
}

static const struct pci_function_ops card_ops = {
	pci_config_read, pci_config_write, card_map, card_unmap,
	card_nothing,    card_nothing,     NULL,     NULL,
};

static void begin(struct machine *machine)
{
	memset(machine, 0, sizeof(*machine));
	memory_init(&machine->vm.memory);
	bus_init(&machine->vm.mmio);
	bus_init(&machine->vm.pio);
	ck_assert_int_eq(pci_host_init(&machine->host, &machine->vm), 0);
}

static void end(struct machine *machine)
{
	pci_host_destroy(&machine->host);
	memory_destroy(&machine->vm.memory);
	bus_destroy(&machine->vm.mmio);
	bus_destroy(&machine->vm.pio);
}

static struct pci_function *add(struct machine *machine)
{
	struct pci_function *card = &machine->cards[machine->count++];

	pci_function_init(card, &card_ops, "card");
	ck_assert_int_eq(pci_host_add(&machine->host, card), 0);
	return card;
}

static bool inside(const struct arch_range *range, uint64_t addr, uint64_t size)
{
	return addr >= range->base && addr + size <= range->base + range->size;
}

/*
 * All BARs are in their windows, naturally aligned, and do not lie above one another. No two
 * memory BARs share a page.
 */
static void check_assigned(struct machine *machine)
{
	for (unsigned int i = 0; i < machine->count * PCI_BARS; i++) {
		const struct pci_bar *a = &machine->cards[i / PCI_BARS].bars[i % PCI_BARS];

		if (!a->size)
			continue;
		ck_assert_uint_eq(a->assigned % a->size, 0);
		ck_assert(inside(pci_bar_is_io(a)   ? &machine->host.io
				 : pci_bar_is_64(a) ? &machine->host.mmio64
						    : &machine->host.mmio32,
				 a->assigned, a->size));
		ck_assert(pci_host_forwards(&machine->cards[i / PCI_BARS], a, a->assigned));
		for (unsigned int k = 0; k < i; k++) {
			const struct pci_bar *b = &machine->cards[k / PCI_BARS].bars[k % PCI_BARS];

			if (!b->size || pci_bar_is_io(a) != pci_bar_is_io(b))
				continue;
			ck_assert(a->assigned + a->size <= b->assigned ||
				  b->assigned + b->size <= a->assigned);
			if (!pci_bar_is_io(a))
				ck_assert_uint_ne(a->assigned / 4096, b->assigned / 4096);
		}
	}
}

START_TEST(bars_get_their_places)
{
	static struct machine machine;
	struct pci_function *card;

	begin(&machine);
	ck_assert_int_eq(plain_ram_add(&machine.vm.memory, 0, 1 << 20), 0);
	for (unsigned int i = 0; i < 6; i++) {
		card = add(&machine);
		pci_set_bar(card, 0, 0x1000ull << (2 * i), MEM64);
		pci_set_bar(card, 2, 16u << i, MEM);
		pci_set_bar(card, 3, 4u << i, IO);
		pci_set_bar(card, 4, 64u << i, MEM64 | PCI_BASE_ADDRESS_MEM_PREFETCH);
		pci_set_bar(card, PCI_BAR_ROM, 0x800u << i, 0);
	}
	ck_assert_int_eq(pci_windows_assign_bars(&machine.host), 0);
	check_assigned(&machine);
	ck_assert_uint_ge(machine.host.mmio64.base, arch_layout.ram_high);
	/* What the guest finds there at power-on. */
	card = &machine.cards[3];
	ck_assert_uint_eq(pci_get_long(card, PCI_BASE_ADDRESS_0),
			  (uint32_t)card->bars[0].assigned | MEM64);
	ck_assert_uint_eq(pci_get_long(card, PCI_BASE_ADDRESS_1),
			  (uint32_t)(card->bars[0].assigned >> 32));
	ck_assert_uint_eq(pci_get_long(card, PCI_BASE_ADDRESS_3),
			  (uint32_t)card->bars[3].assigned | IO);
	end(&machine);
}
END_TEST

START_TEST(no_wide_bar_no_wide_window)
{
	static struct machine machine;

	begin(&machine);
	pci_set_bar(add(&machine), 0, 0x1000, MEM);
	ck_assert_int_eq(pci_windows_assign_bars(&machine.host), 0);
	ck_assert_uint_eq(machine.host.mmio64.size, 0);
	check_assigned(&machine);
	end(&machine);
}
END_TEST

static const struct {
	uint64_t sizes[3];
	uint64_t ram;
} wide[] = {
	{ { 0x4000 }, 0 },
	{ { 1 * GIB }, 512ull << 20 },
	{ { 16 * GIB, 0x4000 }, 4 * GIB },
	{ { 0x4000, 16 * GIB, 256ull << 20 }, 5 * GIB },
	{ { 4096, 8192, 1 * GIB }, 3 * GIB },
	{ { 32 * GIB, 32 * GIB, 32 * GIB }, 3 * GIB + (1 << 20) },
};

/*
 * The window is above RAM and begins at a multiple of the largest BAR. It is as large as the BARs
 * need.
 */
START_TEST(rule_13_window_follows_the_devices)
{
	static struct machine machine;
	uint64_t total = 0, largest = GIB, ram_end = 4 * GIB;

	begin(&machine);
	if (wide[_i].ram)
		ck_assert_int_eq(plain_ram_add(&machine.vm.memory, 0, wide[_i].ram), 0);
	if (wide[_i].ram > arch_layout.ram_low.size)
		ram_end += wide[_i].ram - arch_layout.ram_low.size;
	for (unsigned int i = 0; i < 3; i++)
		if (wide[_i].sizes[i]) {
			pci_set_bar(add(&machine), 0, wide[_i].sizes[i], MEM64);
			total += wide[_i].sizes[i];
			largest = wide[_i].sizes[i] > largest ? wide[_i].sizes[i] : largest;
		}
	ck_assert_int_eq(pci_windows_assign_bars(&machine.host), 0);
	check_assigned(&machine);
	ck_assert_uint_ge(machine.host.mmio64.base, ram_end);
	ck_assert_uint_lt(machine.host.mmio64.base, ram_end + largest);
	ck_assert_uint_eq(machine.host.mmio64.base % largest, 0);
	ck_assert_uint_ge(machine.host.mmio64.size, total);
	ck_assert_uint_lt(machine.host.mmio64.size, total + GIB);
	end(&machine);
}
END_TEST

/* What the IOMMU maps, how much is asked for, and where the window is then. */
static const struct {
	struct arch_range reach[3];
	unsigned int count;
	uint64_t size, base;
} reaches[] = {
	{ { { 0 } }, 0, 4 * GIB, 4 * GIB },
	{ { { 0, UINT64_MAX } }, 1, 4 * GIB, 4 * GIB },
	{ { { 0, 0xfee00000 }, { 0xfef00000, 60 * GIB } }, 2, 4 * GIB, 4 * GIB },
	/* a hole in the way, as AMD's below 1 TiB */
	{ { { 0, 6 * GIB }, { 7 * GIB, 60 * GIB } }, 2, 4 * GIB, 8 * GIB },
	{ { { 0, 6 * GIB }, { 7 * GIB, 4 * GIB }, { 16 * GIB, 4 * GIB } }, 3, 4 * GIB, 16 * GIB },
	/* to the last byte */
	{ { { 0, 8 * GIB } }, 1, 4 * GIB, 4 * GIB },
	/* nowhere: what the CPU sees counts */
	{ { { 0, 8 * GIB - 1 } }, 1, 4 * GIB, 4 * GIB },
	{ { { 0, 4 * GIB } }, 1, 1 * GIB, 4 * GIB },
	{ { { UINT64_MAX - 10, 11 } }, 1, 1 * GIB, 4 * GIB },
	{ { { 1ull << 63, 1ull << 63 } }, 1, 1 * GIB, 4 * GIB },
};

START_TEST(rule_13_window_where_dma_reaches)
{
	static struct machine machine;

	begin(&machine);
	pci_windows_set_reach(&machine.host, reaches[_i].reach, reaches[_i].count);
	pci_set_bar(add(&machine), 0, reaches[_i].size, MEM64);
	ck_assert_int_eq(pci_windows_assign_bars(&machine.host), 0);
	check_assigned(&machine);
	ck_assert_uint_eq(machine.host.mmio64.base, reaches[_i].base);
	end(&machine);
}
END_TEST

START_TEST(rule_13_bar_of_128_gib)
{
	static struct machine machine;
	struct pci_function *card;

	begin(&machine);
	if (arch_gpa_bits() < 39) { /* no room for it on this CPU, which the next test is about */
		end(&machine);
		return;
	}
	card = add(&machine);
	pci_set_bar(card, 0, 128 * GIB, MEM64 | PCI_BASE_ADDRESS_MEM_PREFETCH);
	pci_set_bar(card, 2, 0x4000, MEM64);
	ck_assert_int_eq(pci_windows_assign_bars(&machine.host), 0);
	check_assigned(&machine);
	end(&machine);
}
END_TEST

/* The BARs need all that this CPU can address, and more. Their sizes have sums that wrap. */
START_TEST(rule_13_past_the_cpu_s_width)
{
	static const uint64_t extra[] = { 1ull << 62, 1ull << 63 };
	unsigned int bits = arch_gpa_bits();

	for (unsigned int i = 0; i < 2 + UNIT_COUNT(extra); i++) {
		static struct machine machine;
		struct stderr_text caught;
		int ret;

		begin(&machine);
		pci_set_bar(add(&machine), 0, i < 2 ? 1ull << (bits - 1 + i) : extra[i - 2], MEM64);
		for (unsigned int k = 0; k < 3; k++)
			pci_set_bar(add(&machine), 0, i < 2 ? 1ull << (bits - 1) : extra[i - 2],
				    MEM64);
		stderr_begin(&caught);
		ret = pci_windows_assign_bars(&machine.host);
		stderr_end(&caught);
		ck_assert_int_eq(ret, -ENOSPC);
		stderr_holds(&caught, "PCI host bridge: 64-bit BARs need");
		end(&machine);
	}
}
END_TEST

static const struct {
	uint64_t size;
	uint32_t flags;
	unsigned int fit;
	const char *words;
} full[] = {
	{ 256ull << 20, MEM, 3,
	  "BAR 0 of 0x10000000 bytes does not fit into the guest's 32-bit window" },
	{ 1ull << 31, MEM, 0,
	  "BAR 0 of 0x80000000 bytes does not fit into the guest's 32-bit window" },
	{ 0x1000, IO, 4, "BAR 0 of 0x1000 bytes does not fit into the guest's I/O window" },
};

START_TEST(full_window_names_the_bar)
{
	static struct machine machine;
	struct stderr_text caught;
	int ret;

	begin(&machine);
	for (unsigned int i = 0; i < full[_i].fit; i++)
		pci_set_bar(add(&machine), 0, full[_i].size, full[_i].flags);
	ck_assert_int_eq(pci_windows_assign_bars(&machine.host), 0);
	check_assigned(&machine);
	pci_set_bar(add(&machine), 0, full[_i].size, full[_i].flags);
	stderr_begin(&caught);
	ret = pci_windows_assign_bars(&machine.host);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOSPC);
	stderr_holds(&caught, "card: ");
	stderr_holds(&caught, full[_i].words);
	end(&machine);
}
END_TEST

/*
 * A BAR below a page takes a page of its own. A whole GiB of wide BARs must leave room for that.
 */
START_TEST(small_wide_bars_count_as_pages)
{
	static struct machine machine;

	begin(&machine);
	for (uint64_t size = 512ull << 20; size >= 4096; size >>= 1)
		pci_set_bar(add(&machine), 0, size, MEM64);
	for (unsigned int i = 0; i < 16; i++)
		pci_set_bar(&machine.cards[i], 2, 256, MEM64);
	ck_assert_int_eq(pci_windows_assign_bars(&machine.host), 0);
	check_assigned(&machine);
	end(&machine);
}
END_TEST

static const struct {
	uint64_t reach_last; /* of DMA; 0 for everything */
	unsigned int most;   /* bits that the firmware stands */
	uint64_t bar;        /* GiB, or none */
	unsigned int bits;   /* or the CPU's, if that has less */
} widths[] = {
	{ 0, 52, 0, 52 },
	{ 0, 42, 0, 42 },
	{ (1ull << 39) - 1, 42, 0, 39 },
	{ (1ull << 39) - 1, 42, 16, 39 },
	{ (1ull << 36) - 1, 42, 64, 37 }, /* above what DMA reaches, rather than nowhere */
	{ 0xfffffffffffff, 40, 0, 40 },
};

static const struct arch_range whole = { 0, UINT64_MAX };

START_TEST(the_guest_is_told_no_more_bits_than_all_stand)
{
	struct arch_range reach = { 0, widths[_i].reach_last + 1 };
	unsigned int wanted = widths[_i].bits;
	static struct machine machine;

	begin(&machine);
	ck_assert_int_eq(plain_ram_add(&machine.vm.memory, 0, 1 << 20), 0);
	pci_windows_set_reach(&machine.host, widths[_i].reach_last ? &reach : &whole, 1);
	if (widths[_i].bar)
		pci_set_bar(add(&machine), 0, widths[_i].bar * GIB, MEM64);
	ck_assert_int_eq(pci_windows_assign_bars(&machine.host), 0);
	if (wanted > arch_gpa_bits())
		wanted = arch_gpa_bits();
	ck_assert_uint_eq(pci_windows_gpa_bits(&machine.host, widths[_i].most), wanted);
	end(&machine);
}
END_TEST

static const struct {
	uint64_t addr;
	uint32_t flags;
	bool forwarded;
} placed[] = {
	{ 0x80000000, MEM, true }, /* where OVMF begins, with 2 GiB of RAM or less */
	{ 0x00200000, MEM, true },     { 0x000ff000, MEM, false }, /* RAM */
	{ 0xefff0000, MEM, true },     { 0xf0000000, MEM, false }, /* configuration space */
	{ 0xfe000000, MEM, false },    { 0xffc00000, MEM, false }, /* flash */
	{ 0x100000000, MEM64, true },  { 0xe000000000, MEM64, true },
	{ 0xfffffff000, MEM64, true }, { 0x10000000000, MEM64, false },
};

START_TEST(firmware_places_bars_where_there_is_nothing_else)
{
	static struct machine machine;
	struct pci_function *card;

	begin(&machine);
	ck_assert_int_eq(plain_ram_add(&machine.vm.memory, 0, 1 << 20), 0);
	card = add(&machine);
	pci_set_bar(card, 0, 0x1000, placed[_i].flags);
	pci_windows_widen(&machine.host, 40);
	ck_assert_int_eq(pci_host_forwards(card, &card->bars[0], placed[_i].addr),
			 placed[_i].forwarded);
	end(&machine);
}
END_TEST

/* The map that 64 GiB of RAM leave. */
START_TEST(firmwares_windows_begin_behind_ram)
{
	static struct machine machine;
	static char backing[4096];
	const struct memory_region low = { .size = 3 * GIB, .hva = backing, .fd = -1 };
	const struct memory_region high = {
		.gpa = 4 * GIB, .size = 61 * GIB, .hva = backing, .fd = -1
	};

	begin(&machine);
	ck_assert_int_eq(memory_add_region(&machine.vm.memory, &low), 0);
	ck_assert_int_eq(memory_add_region(&machine.vm.memory, &high), 0);
	pci_windows_widen(&machine.host, 39);
	ck_assert_uint_eq(machine.host.mmio32.base, 3 * GIB);
	ck_assert_uint_eq(machine.host.mmio32.size, 768ull << 20);
	ck_assert_uint_eq(machine.host.mmio64.base, 65 * GIB);
	ck_assert_uint_eq(machine.host.mmio64.size, 512 * GIB - 65 * GIB);
	memory_del_region(&machine.vm.memory, 0);
	memory_del_region(&machine.vm.memory, 4 * GIB);
	end(&machine);
}
END_TEST

UNIT_MAIN("pci_windows", { bars_get_their_places, 0 }, { no_wide_bar_no_wide_window, 0 },
	  { rule_13_window_follows_the_devices, UNIT_COUNT(wide) },
	  { rule_13_window_where_dma_reaches, UNIT_COUNT(reaches) }, { rule_13_bar_of_128_gib, 0 },
	  { rule_13_past_the_cpu_s_width, 0 }, { full_window_names_the_bar, UNIT_COUNT(full) },
	  { small_wide_bars_count_as_pages, 0 },
	  { the_guest_is_told_no_more_bits_than_all_stand, UNIT_COUNT(widths) },
	  { firmware_places_bars_where_there_is_nothing_else, UNIT_COUNT(placed) },
	  { firmwares_windows_begin_behind_ram, 0 })
