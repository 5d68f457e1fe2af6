/* SPDX-License-Identifier: MIT */
/* devices/pci_host.c: two ways to configuration space, and what is on the bus. */
#include <errno.h>
#include <inttypes.h>
#include <linux/pci.h>
#include <string.h>

#include "call_log.h"
#include "devices/pci_host.h"
#include "devices/pci_windows.h"
#include "stderr_text.h"
#include "unit.h"

#define MEM       PCI_BASE_ADDRESS_SPACE_MEMORY
#define SLOTS     31
#define FUNCTIONS 8
#define CARDS     (SLOTS * FUNCTIONS)

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
	card_read, card_write, card_map, card_unmap, card_reset, card_destroy, NULL, NULL,
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

/*
 * Whatever access comes in, the function sees aligned accesses of 1, 2 or 4 bytes that say the
 * same.
 */
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
	/* The access is to the last bytes of the last function, and past the window. */
	for (unsigned int back = 1; back < 16; back++) {
		uint64_t value = 0;

		bus_write(&machine.vm.mmio, arch_layout.ecam.base + arch_layout.ecam.size - back,
			  &value, 8);
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
	for (unsigned int number = 0; number < FUNCTIONS; number++)
		for (unsigned int slot = 1; slot <= SLOTS; slot++)
			ck_assert_uint_eq(add(&machine)->devfn, PCI_DEVFN(slot, number));
	ck_assert_uint_eq(machine.cards[0].config[PCI_HEADER_TYPE] & 0x80, 0x80);
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

/* The functions of one slot come in any order. All of them say that there are others. */
START_TEST(rule_17_functions_of_one_slot)
{
	static const unsigned int orders[][3] = { { 0, 1, 3 }, { 3, 1, 0 } };
	static struct machine machine;
	struct stderr_text caught;
	int slot, ret;

	begin(&machine);
	add(&machine);
	slot = pci_host_free_slot(&machine.host);
	ck_assert_int_eq(slot, 2);
	for (unsigned int i = 0; i < 3; i++) {
		struct pci_function *card = &machine.cards[machine.count++];

		pci_function_init(card, &card_ops, "card");
		ck_assert_int_eq(
			pci_host_add_at(&machine.host, card, PCI_DEVFN(slot, orders[_i][i])), 0);
		ck_assert_uint_eq(card->config[PCI_HEADER_TYPE], i ? 0x80 : 0);
	}
	for (unsigned int i = 1; i < 4; i++)
		ck_assert_uint_eq(machine.cards[i].config[PCI_HEADER_TYPE], 0x80);
	ck_assert_uint_eq(machine.cards[0].config[PCI_HEADER_TYPE], 0);
	ck_assert_uint_eq(machine.host.bridge.config[PCI_HEADER_TYPE], 0);
	pci_function_init(&machine.cards[4], &card_ops, "second");
	stderr_begin(&caught);
	ret = pci_host_add_at(&machine.host, &machine.cards[4], PCI_DEVFN(slot, 3));
	stderr_end(&caught);
	ck_assert_int_eq(ret, -EBUSY);
	stderr_holds(&caught, "take device number 2, function 3");
	/* A slot whose function 0 is not there yet is taken, too. */
	pci_host_add_at(&machine.host, &machine.cards[4], PCI_DEVFN(3, 5));
	machine.count++;
	ck_assert_uint_eq(add(&machine)->devfn, PCI_DEVFN(4, 0));
	end(&machine);
}
END_TEST

/*
 * Neighbours do not share a line, and the pins of every slot stay among those that the machine
 * has.
 */
START_TEST(intx_lines)
{
	static struct machine machine;
	uint32_t used = 0;

	begin(&machine);
	for (unsigned int slot = 1; slot <= SLOTS; slot++) {
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

START_TEST(reset_reaches_all)
{
	static struct machine machine;
	struct pci_function *card;

	begin(&machine);
	card = add(&machine);
	pci_set_bar(card, 0, 0x1000, MEM);
	ck_assert_int_eq(pci_windows_assign_bars(&machine.host), 0);
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
	  { ports_answer_only_what_is_meant, 0 }, { slots_run_out, 0 },
	  { rule_17_functions_of_one_slot, 2 }, { intx_lines, 0 }, { reset_reaches_all, 0 })
