/* SPDX-License-Identifier: MIT */
/* devices/pci_host.c: two ways to configuration space, and where BARs are put. */
#include <errno.h>
#include <inttypes.h>
#include <linux/pci.h>
#include <string.h>

#include "call_log.h"
#include "devices/pci_host.h"
#include "stderr_text.h"
#include "unit.h"

#define GIB   (1ull << 30)
#define MEM   PCI_BASE_ADDRESS_SPACE_MEMORY
#define MEM64 PCI_BASE_ADDRESS_MEM_TYPE_64
#define IO    PCI_BASE_ADDRESS_SPACE_IO
#define CARDS 31

/* Functions that write down how they are reached. */
struct machine {
	struct vm vm;
	struct pci_host host;
	struct pci_function cards[CARDS + 1];
	unsigned int count;
};

static uint32_t card_read(struct pci_function *function, unsigned int offset, unsigned int size)
{
	calls_add("read %u at %#x", size, offset);
	ck_assert_uint_eq(offset % size, 0);
	return pci_config_read(function, offset, size);
}

static void card_write(struct pci_function *function, unsigned int offset, unsigned int size,
		       uint32_t value)
{
	calls_add("write %u at %#x=%#x", size, offset, value);
	ck_assert_uint_eq(offset % size, 0);
	pci_config_write(function, offset, size, value);
}

static int card_map(struct pci_function *function, unsigned int bar)
{
	calls_add("map %u %#" PRIx64, bar, function->bars[bar].addr);
	return 0;
}

static void card_unmap(struct pci_function *function, unsigned int bar)
{
	calls_add("unmap %u %#" PRIx64, bar, function->bars[bar].addr);
}

static void card_reset(struct pci_function *function)
{
	calls_add("reset %u", PCI_SLOT(function->devfn));
}

static void card_destroy(struct pci_function *function)
{
	calls_add("destroy %u", PCI_SLOT(function->devfn));
}

static const struct pci_function_ops card_ops = {
	card_read, card_write, card_map, card_unmap, card_reset, card_destroy,
};

static void begin(struct machine *machine)
{
	memset(machine, 0, sizeof(*machine));
	memory_init(&machine->vm.memory);
	bus_init(&machine->vm.mmio);
	bus_init(&machine->vm.pio);
	ck_assert_int_eq(pci_host_init(&machine->host, &machine->vm), 0);
	calls_begin();
}

static void end(struct machine *machine)
{
	pci_host_destroy(&machine->host);
	pci_host_destroy(&machine->host);
	ck_assert_uint_eq(machine->vm.mmio.count + machine->vm.pio.count, 0);
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

static uint64_t ecam(const struct pci_function *card, unsigned int offset)
{
	return arch_layout.ecam.base + ((uint64_t)card->devfn << 12) + offset;
}

START_TEST(ecam_reaches_each_function)
{
	static struct machine machine;
	struct pci_function *a, *b;
	uint64_t value = 0;

	begin(&machine);
	a = add(&machine);
	b = add(&machine);
	pci_set_long(a, 0, 0x11112222);
	pci_set_long(b, 0, 0x33334444);
	pci_set_long(b, 0xffc, 0x55556666);
	bus_read(&machine.vm.mmio, ecam(a, 0), &value, 4);
	ck_assert_uint_eq(value, 0x11112222);
	bus_read(&machine.vm.mmio, ecam(b, 0xffe), &value, 2);
	ck_assert_uint_eq(value & 0xffff, 0x5555);
	bus_read(&machine.vm.mmio, ecam(b, 1), &value, 1);
	ck_assert_uint_eq(value & 0xff, 0x44);
	bus_read(&machine.vm.mmio, arch_layout.ecam.base + (3 << 15), &value, 8);
	ck_assert_uint_eq(value, UINT64_MAX);
	/* Another function of the same slot is not there. */
	bus_read(&machine.vm.mmio, ecam(a, 0x1000), &value, 4);
	ck_assert_uint_eq((uint32_t)value, UINT32_MAX);
	end(&machine);
}
END_TEST

/* Whatever comes in, the function sees aligned accesses of 1, 2 or 4 bytes that say the same. */
START_TEST(rule_16_odd_accesses_fall_apart)
{
	static struct machine machine;
	struct pci_function *card;
	uint64_t value;

	begin(&machine);
	card = add(&machine);
	memset(&card->writable[0x40], 0xff, 0xfc0);
	for (unsigned int offset = 0x40; offset < 0x58; offset++)
		for (unsigned int size = 1; size <= 8; size++) {
			uint8_t expected[PCI_CONFIG_SIZE], data[8];

			memcpy(expected, card->config, sizeof(expected));
			for (unsigned int i = 0; i < size; i++)
				expected[offset + i] = data[i] = (uint8_t)(offset * 8 + size + i);
			bus_write(&machine.vm.mmio, ecam(card, offset), data, size);
			ck_assert_int_eq(memcmp(expected, card->config, sizeof(expected)), 0);
			memset(data, 0, sizeof(data));
			bus_read(&machine.vm.mmio, ecam(card, offset), data, size);
			ck_assert_int_eq(memcmp(data, &expected[offset], size), 0);
		}
	calls_begin();
	value = 0x1122334455667788;
	bus_write(&machine.vm.mmio, ecam(card, 0x48), &value, 8);
	calls_expect("write 4 at 0x48=0x55667788\nwrite 4 at 0x4c=0x11223344\n");
	bus_write(&machine.vm.mmio, ecam(card, 0x42), &value, 4);
	calls_expect("write 1 at 0x42=0x88\nwrite 1 at 0x43=0x77\nwrite 1 at 0x44=0x66\n"
		     "write 1 at 0x45=0x55\n");
	end(&machine);
}
END_TEST

START_TEST(rule_29_access_across_the_end)
{
	static struct machine machine;
	struct pci_function *a, *b;

	begin(&machine);
	a = add(&machine);
	b = add(&machine);
	memset(&a->writable[0xff0], 0xff, 16);
	memset(b->writable, 0xff, 16);
	for (unsigned int offset = 0xff8; offset < 0x1000; offset++)
		for (unsigned int size = 1; size <= 8; size *= 2) {
			uint64_t value = 0;

			bus_read(&machine.vm.mmio, ecam(a, offset), &value, size);
			bus_write(&machine.vm.mmio, ecam(a, offset), &value, size);
		}
	/* The last function's last bytes, and past the window. */
	for (unsigned int back = 1; back < 16; back++) {
		uint64_t value = 0;

		bus_write(&machine.vm.mmio,
			  arch_layout.ecam.base + arch_layout.ecam.size - back, &value, 8);
	}
	ck_assert_uint_eq(b->config[0], 0);
	end(&machine);
}
END_TEST

static void port_out(struct machine *machine, uint16_t port, uint32_t value, unsigned int size)
{
	bus_write(&machine->vm.pio, port, &value, size);
}

static uint32_t port_in(struct machine *machine, uint16_t port, unsigned int size)
{
	uint32_t value = 0;

	bus_read(&machine->vm.pio, port, &value, size);
	return value;
}

#define CF8 arch_layout.pci_config_port

START_TEST(ports_reach_configuration_space)
{
	static struct machine machine;
	struct pci_function *card;

	begin(&machine);
	card = add(&machine);
	pci_set_long(card, 0x44, 0x11223344);
	memset(&card->writable[0x44], 0xff, 4);
	port_out(&machine, CF8, 0x80000844, 4);
	ck_assert_uint_eq(port_in(&machine, CF8, 4), 0x80000844);
	ck_assert_uint_eq(port_in(&machine, CF8 + 4, 4), 0x11223344);
	ck_assert_uint_eq(port_in(&machine, CF8 + 6, 2), 0x1122);
	ck_assert_uint_eq(port_in(&machine, CF8 + 5, 1), 0x33);
	port_out(&machine, CF8 + 7, 0xaa, 1);
	port_out(&machine, CF8 + 4, 0xbbcc, 2);
	ck_assert_uint_eq(pci_get_long(card, 0x44), 0xaa22bbcc);
	end(&machine);
}
END_TEST

START_TEST(ports_answer_only_what_is_meant)
{
	static struct machine machine;

	begin(&machine);
	add(&machine);
	port_out(&machine, CF8, 0x00000800, 4); /* not enabled */
	ck_assert_uint_eq(port_in(&machine, CF8 + 4, 4), UINT32_MAX);
	port_out(&machine, CF8, 0x80010800, 4); /* bus 1 */
	ck_assert_uint_eq(port_in(&machine, CF8 + 4, 4), UINT32_MAX);
	port_out(&machine, CF8, 0x8000f800, 4); /* nobody there */
	ck_assert_uint_eq(port_in(&machine, CF8 + 4, 4), UINT32_MAX);
	port_out(&machine, CF8, UINT32_MAX, 4); /* reserved bits do not stick */
	ck_assert_uint_eq(port_in(&machine, CF8, 4), 0x80fffffc);
	port_out(&machine, CF8, 0, 1); /* a byte is not the address register's */
	port_out(&machine, CF8 + 2, 0, 2);
	port_out(&machine, CF8 + 2, 0, 4);
	ck_assert_uint_eq(port_in(&machine, CF8, 4), 0x80fffffc);
	ck_assert_uint_eq(port_in(&machine, CF8, 2), 0xffff);
	end(&machine);
}
END_TEST

START_TEST(slots_run_out)
{
	static struct machine machine;
	struct stderr_text caught;
	struct pci_function *last;
	int ret;

	begin(&machine);
	for (unsigned int slot = 1; slot <= CARDS; slot++)
		ck_assert_uint_eq(add(&machine)->devfn, PCI_DEVFN(slot, 0));
	last = &machine.cards[CARDS];
	pci_function_init(last, &card_ops, "one too many");
	stderr_begin(&caught);
	ret = pci_host_add(&machine.host, last);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOSPC);
	stderr_holds(&caught, "one too many: ");
	end(&machine);
	ck_assert_uint_eq(calls_count("destroy"), CARDS);
}
END_TEST

/* Neighbours do not share a line, and every slot's pins stay among those the machine has. */
START_TEST(intx_lines)
{
	static struct machine machine;
	uint32_t used = 0;

	begin(&machine);
	for (unsigned int slot = 1; slot <= CARDS; slot++) {
		struct pci_function *card = add(&machine);

		for (unsigned int pin = 1; pin <= 4; pin++) {
			uint32_t gsi = pci_host_intx_gsi(card, pin);

			ck_assert_uint_ge(gsi, arch_layout.pci_intx_gsi);
			ck_assert_uint_lt(gsi,
					  arch_layout.pci_intx_gsi + arch_layout.pci_intx_lines);
		}
		if (slot <= arch_layout.pci_intx_lines)
			used |= 1u << (pci_host_intx_gsi(card, 1) - arch_layout.pci_intx_gsi);
	}
	ck_assert_uint_eq(used, (1u << arch_layout.pci_intx_lines) - 1);
	end(&machine);
}
END_TEST

/* ---- windows ---- */

static bool inside(const struct arch_range *range, uint64_t addr, uint64_t size)
{
	return addr >= range->base && addr + size <= range->base + range->size;
}

/* All BARs: in their windows, naturally aligned, not above one another; memory ones not in one page. */
static void check_assigned(struct machine *machine)
{
	for (unsigned int i = 0; i < machine->count * PCI_BARS; i++) {
		const struct pci_bar *a = &machine->cards[i / PCI_BARS].bars[i % PCI_BARS];

		if (!a->size)
			continue;
		ck_assert_uint_eq(a->assigned % a->size, 0);
		ck_assert(inside(pci_bar_is_io(a) ? &machine->host.io :
				 pci_bar_is_64(a) ? &machine->host.mmio64 :
						    &machine->host.mmio32,
				 a->assigned, a->size));
		ck_assert(pci_host_decodes(&machine->host, a, a->assigned));
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
	ck_assert_int_eq(memory_add_ram(&machine.vm.memory, 0, 1 << 20), 0);
	for (unsigned int i = 0; i < 6; i++) {
		card = add(&machine);
		pci_set_bar(card, 0, 0x1000ull << (2 * i), MEM64);
		pci_set_bar(card, 2, 16u << i, MEM);
		pci_set_bar(card, 3, 4u << i, IO);
		pci_set_bar(card, 4, 64u << i, MEM64 | PCI_BASE_ADDRESS_MEM_PREFETCH);
		pci_set_bar(card, PCI_BAR_ROM, 0x800u << i, 0);
	}
	ck_assert_int_eq(pci_host_assign_bars(&machine.host), 0);
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
	calls_expect("");
	end(&machine);
}
END_TEST

START_TEST(no_wide_bar_no_wide_window)
{
	static struct machine machine;

	begin(&machine);
	pci_set_bar(add(&machine), 0, 0x1000, MEM);
	ck_assert_int_eq(pci_host_assign_bars(&machine.host), 0);
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

/* Above RAM, from a multiple of the largest BAR on, as large as they need. */
START_TEST(rule_13_window_follows_the_devices)
{
	static struct machine machine;
	uint64_t total = 0, largest = GIB, ram_end = 4 * GIB;

	begin(&machine);
	if (wide[_i].ram)
		ck_assert_int_eq(memory_add_ram(&machine.vm.memory, 0, wide[_i].ram), 0);
	if (wide[_i].ram > arch_layout.ram_low.size)
		ram_end += wide[_i].ram - arch_layout.ram_low.size;
	for (unsigned int i = 0; i < 3; i++)
		if (wide[_i].sizes[i]) {
			pci_set_bar(add(&machine), 0, wide[_i].sizes[i], MEM64);
			total += wide[_i].sizes[i];
			largest = wide[_i].sizes[i] > largest ? wide[_i].sizes[i] : largest;
		}
	ck_assert_int_eq(pci_host_assign_bars(&machine.host), 0);
	check_assigned(&machine);
	ck_assert_uint_ge(machine.host.mmio64.base, ram_end);
	ck_assert_uint_lt(machine.host.mmio64.base, ram_end + largest);
	ck_assert_uint_eq(machine.host.mmio64.base % largest, 0);
	ck_assert_uint_ge(machine.host.mmio64.size, total);
	ck_assert_uint_lt(machine.host.mmio64.size, total + GIB);
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
	ck_assert_int_eq(pci_host_assign_bars(&machine.host), 0);
	check_assigned(&machine);
	end(&machine);
}
END_TEST

/* All that this CPU can address, and more; sizes whose sum wraps. */
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
		ret = pci_host_assign_bars(&machine.host);
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
	{ 256ull << 20, MEM, 3, "BAR 0 of 262144 KiB does not fit into the guest's 32-bit window" },
	{ 1ull << 31, MEM, 0, "BAR 0 of 2097152 KiB does not fit into the guest's 32-bit window" },
	{ 0x1000, IO, 4, "BAR 0 of 4 KiB does not fit into the guest's I/O window" },
};

START_TEST(full_window_names_the_bar)
{
	static struct machine machine;
	struct stderr_text caught;
	int ret;

	begin(&machine);
	for (unsigned int i = 0; i < full[_i].fit; i++)
		pci_set_bar(add(&machine), 0, full[_i].size, full[_i].flags);
	ck_assert_int_eq(pci_host_assign_bars(&machine.host), 0);
	check_assigned(&machine);
	pci_set_bar(add(&machine), 0, full[_i].size, full[_i].flags);
	stderr_begin(&caught);
	ret = pci_host_assign_bars(&machine.host);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOSPC);
	stderr_holds(&caught, "card: ");
	stderr_holds(&caught, full[_i].words);
	end(&machine);
}
END_TEST

/* BARs below a page take one each: a whole GiB of wide ones must not run over for that. */
START_TEST(small_wide_bars_count_as_pages)
{
	static struct machine machine;

	begin(&machine);
	for (uint64_t size = 512ull << 20; size >= 4096; size >>= 1)
		pci_set_bar(add(&machine), 0, size, MEM64);
	for (unsigned int i = 0; i < 16; i++)
		pci_set_bar(&machine.cards[i], 2, 256, MEM64);
	ck_assert_int_eq(pci_host_assign_bars(&machine.host), 0);
	check_assigned(&machine);
	end(&machine);
}
END_TEST

START_TEST(reset_reaches_all)
{
	static struct machine machine;
	struct pci_function *card;

	begin(&machine);
	card = add(&machine);
	pci_set_bar(card, 0, 0x1000, MEM);
	ck_assert_int_eq(pci_host_assign_bars(&machine.host), 0);
	port_out(&machine, CF8, 0x80000804, 4);
	port_out(&machine, CF8 + 4, PCI_COMMAND_MEMORY, 2);
	calls_expect("write 2 at 0x4=0x2\nmap 0 0xc0000000\n");
	pci_host_reset(&machine.host);
	calls_expect("unmap 0 0xc0000000\nreset 1\n");
	ck_assert_uint_eq(port_in(&machine, CF8, 4), 0);
	end(&machine);
	calls_expect("destroy 1\n");
}
END_TEST

UNIT_MAIN("pci_host", { ecam_reaches_each_function, 0 }, { rule_16_odd_accesses_fall_apart, 0 },
	  { rule_29_access_across_the_end, 0 }, { ports_reach_configuration_space, 0 },
	  { ports_answer_only_what_is_meant, 0 }, { slots_run_out, 0 }, { intx_lines, 0 },
	  { bars_get_their_places, 0 }, { no_wide_bar_no_wide_window, 0 },
	  { rule_13_window_follows_the_devices, UNIT_COUNT(wide) }, { rule_13_bar_of_128_gib, 0 },
	  { rule_13_past_the_cpu_s_width, 0 }, { full_window_names_the_bar, UNIT_COUNT(full) },
	  { small_wide_bars_count_as_pages, 0 }, { reset_reaches_all, 0 })
