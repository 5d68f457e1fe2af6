/* SPDX-License-Identifier: MIT */
/*
 * devices/pci_root_port.c and pci_bridge.c: what a guest reads and may write, and what is forwarded
 * to the bus below.
 */
#include <errno.h>
#include <linux/pci.h>
#include <string.h>

#include "call_log.h"
#include "devices/pci_windows.h"
#include "port_rig.h"
#include "stderr_text.h"
#include "unit.h"

/*
 * Registers as they are at power-on, and after all-ones were written. 0xff00 + n is register n of
 * the capability.
 */
#define EXP 0xff00u
static const struct {
	unsigned int offset, size;
	uint32_t power_on, all_ones;
} registers[] = {
	{ PCI_VENDOR_ID, 4, 0x000c1b36, 0x000c1b36 },
	{ PCI_COMMAND, 2, 0, 0x0547 },
	{ PCI_CLASS_REVISION, 4, 0x06040000, 0x06040000 },
	{ PCI_HEADER_TYPE, 1, 1, 1 },
	{ PCI_BASE_ADDRESS_0, 4, 0, 0 },
	{ PCI_BASE_ADDRESS_1, 4, 0, 0 },
	{ PCI_PRIMARY_BUS, 4, 0x00010100, 0x00ffffff },
	{ PCI_IO_BASE, 2, 0x00f0, 0xf0f0 },
	{ PCI_PREF_MEMORY_BASE, 2, 0x0001, 0xfff1 },
	{ PCI_PREF_MEMORY_LIMIT, 2, 0x3ff1, 0xfff1 },
	{ PCI_PREF_BASE_UPPER32, 4, 1, 0xffffffff },
	{ PCI_ROM_ADDRESS1, 4, 0, 0 },
	{ PCI_INTERRUPT_PIN, 1, 1, 1 },
	{ PCI_BRIDGE_CONTROL, 2, 0, 0x0043 },
	{ EXP + PCI_EXP_FLAGS, 2, 0x0142, 0x0142 },
	{ EXP + PCI_EXP_DEVCAP, 4, 0x8000, 0x8000 },
	{ EXP + PCI_EXP_DEVCTL, 2, 0, 0x00ef },
	{ EXP + PCI_EXP_LNKCAP, 4, 0x01100011, 0x01100011 },
	{ EXP + PCI_EXP_LNKCTL, 2, 0, 0x00c0 },
	{ EXP + PCI_EXP_LNKSTA, 2, 0, 0 },
	{ EXP + PCI_EXP_SLTCAP, 4, 0x000c0071, 0x000c0071 },
	{ EXP + PCI_EXP_SLTCTL, 2, 0x0300, 0x1329 },
	{ EXP + PCI_EXP_SLTSTA, 2, 0, 0 },
	{ EXP + PCI_EXP_RTCTL, 2, 0, 0x000f },
	{ EXP + PCI_EXP_DEVCAP2, 4, 0, 0 },
	{ EXP + PCI_EXP_LNKCAP2, 4, 2, 2 },
	{ EXP + PCI_EXP_LNKCTL2, 2, 1, 0x000f },
	{ AER, 4, 0x00020001, 0x00020001 },
	{ AER + PCI_ERR_UNCOR_STATUS, 4, 0, 0 },
	{ AER + PCI_ERR_UNCOR_MASK, 4, 0, 0x0057f030 },
	{ AER + PCI_ERR_UNCOR_SEVER, 4, 0x00462030, 0x0057f030 },
	{ AER + PCI_ERR_COR_STATUS, 4, 0, 0 },
	{ AER + PCI_ERR_COR_MASK, 4, 0x6000, 0x71c1 },
	{ AER + PCI_ERR_CAP, 4, 0, 0 },
	{ AER + PCI_ERR_HEADER_LOG, 4, 0, 0 },
	{ AER + PCI_ERR_ROOT_COMMAND, 4, 0, 7 },
	{ AER + PCI_ERR_ROOT_STATUS, 4, 0, 0 },
	{ AER + PCI_ERR_ROOT_ERR_SRC, 4, 0, 0 },
	{ AER + 0x38, 4, 0, 0 },
};

START_TEST(an_empty_port_has_these_registers)
{
	unsigned int offset = registers[_i].offset, size = registers[_i].size;
	static struct port_rig rig;

	port_rig_begin(&rig);
	port_rig_place(&rig);
	if (offset >= EXP)
		offset += rig.exp - EXP;
	ck_assert_uint_eq(port_rig_get(&rig, 0, PORT, offset, size), registers[_i].power_on);
	port_rig_set(&rig, 0, PORT, offset, size, 0xffffffff);
	ck_assert_uint_eq(port_rig_get(&rig, 0, PORT, offset, size), registers[_i].all_ones);
	port_rig_end(&rig);
}
END_TEST

START_TEST(the_link_is_the_devices)
{
	static struct port_rig rig;

	port_rig_begin(&rig);
	port_rig_fill(&rig);
	ck_assert_uint_eq(port_rig_get(&rig, 0, PORT, rig.exp + PCI_EXP_LNKCAP, 4), 0x01100043);
	ck_assert_uint_eq(port_rig_exp_get(&rig, PCI_EXP_LNKSTA), PCI_EXP_LNKSTA_DLLLA | 0x22);
	ck_assert_uint_eq(port_rig_get(&rig, 0, PORT, rig.exp + PCI_EXP_LNKCAP2, 4), 0xe);
	ck_assert_uint_eq(port_rig_get(&rig, 0, PORT, rig.exp + PCI_EXP_DEVCAP, 4), 0x8001);
	/* The link has another speed later. The port asks each time. */
	pci_set_word(&rig.cards[0],
		     pci_find_capability(&rig.cards[0], PCI_CAP_ID_EXP) + PCI_EXP_LNKSTA,
		     3 | 4 << 4);
	ck_assert_uint_eq(port_rig_exp_get(&rig, PCI_EXP_LNKSTA), PCI_EXP_LNKSTA_DLLLA | 0x43);
	port_rig_end(&rig);
}
END_TEST

/* The port shows what the host completes for all functions below it, and no more. */
START_TEST(atomics_are_those_of_all)
{
	static struct port_rig rig;

	port_rig_begin(&rig);
	pci_root_port_set_atomics(rig.port, 0x380, true);
	pci_root_port_set_atomics(rig.port, 0x180, false);
	ck_assert_uint_eq(port_rig_get(&rig, 0, PORT, rig.exp + PCI_EXP_DEVCAP2, 4), 0x180);
	pci_root_port_set_atomics(rig.port, 0x80, true);
	ck_assert_uint_eq(port_rig_get(&rig, 0, PORT, rig.exp + PCI_EXP_DEVCAP2, 4), 0x80);
	port_rig_end(&rig);
}
END_TEST

/* ---- the bus below ---- */

START_TEST(the_bus_has_the_number_that_it_is_given)
{
	static const uint8_t numbers[] = { 1, 7, 31 };
	static struct port_rig rig;
	uint32_t port = 0x80000000, value = 0;

	port_rig_begin(&rig);
	port_rig_fill(&rig);
	for (size_t i = 0; i < UNIT_COUNT(numbers); i++) {
		unsigned int bus = numbers[i];

		port_rig_set(&rig, 0, PORT, PCI_SECONDARY_BUS, 1, bus);
		ck_assert_uint_eq(port_rig_get(&rig, bus, 0, 0, 4), 0x56781234);
		ck_assert_uint_eq(port_rig_get(&rig, bus + 1 - 2 * (bus == 31), 0, 0, 4),
				  0xffffffff);
		/* There is one device below: no other slot, and no other function. */
		ck_assert_uint_eq(port_rig_get(&rig, bus, PCI_DEVFN(0, 1), 0, 4), 0xffffffff);
		ck_assert_uint_eq(port_rig_get(&rig, bus, PCI_DEVFN(1, 0), 0, 4), 0xffffffff);
		ck_assert_uint_eq(pci_requester_id(&rig.cards[0]), bus << 8);
		port = 0x80000000 | bus << 16;
		bus_write(&rig.vm.pio, arch_layout.pci_config_port, &port, 4);
		bus_read(&rig.vm.pio, arch_layout.pci_config_port + 4, &value, 4);
		ck_assert_uint_eq(value, 0x56781234);
	}
	port_rig_set(&rig, 0, PORT, PCI_SECONDARY_BUS, 1, 0);
	ck_assert_uint_eq(port_rig_get(&rig, 0, 0, 0, 4), 0x00081b36);
	ck_assert_uint_eq(port_rig_get(&rig, 1, 0, 0, 4), 0xffffffff);
	port_rig_end(&rig);
}
END_TEST

START_TEST(functions_stay_together)
{
	static struct port_rig rig;

	port_rig_begin(&rig);
	pci_root_port_plug(rig.port, &rig.cards[0], 0);
	ck_assert_uint_eq(rig.cards[0].config[PCI_HEADER_TYPE], 0);
	pci_root_port_plug(rig.port, &rig.cards[1], 3);
	port_rig_place(&rig);
	ck_assert_uint_eq(port_rig_get(&rig, 1, 0, PCI_HEADER_TYPE, 1), 0x80);
	ck_assert_uint_eq(port_rig_get(&rig, 1, 3, PCI_HEADER_TYPE, 1), 0x80);
	for (unsigned int pin = 1; pin <= 4; pin++)
		ck_assert_uint_eq(pci_host_intx_gsi(&rig.cards[1], pin),
				  arch_layout.pci_intx_gsi + pin % arch_layout.pci_intx_lines);
	port_rig_end(&rig);
}
END_TEST

/*
 * A window is as large as what is below, it is aligned, and it lies in the host bridge's. The
 * BARs are inside.
 */
START_TEST(windows_are_sized_from_what_is_below)
{
	static struct port_rig rig;
	const struct pci_bar *windows, *bars;

	port_rig_begin(&rig);
	pci_set_bar(&rig.cards[1], 0, 64 << 20, MEM);
	pci_set_bar(&rig.cards[1], 2, 8ull << 30, PREF64);
	pci_root_port_plug(rig.port, &rig.cards[1], 1);
	port_rig_fill(&rig);
	windows = rig.port->bridge.windows;
	ck_assert_uint_eq(windows[PCI_WINDOW_MEMORY].size, 128 << 20);
	ck_assert_uint_eq(windows[PCI_WINDOW_PREFETCHABLE].size, 16ull << 30);
	ck_assert_uint_eq(windows[PCI_WINDOW_IO].size, 0x1000);
	for (unsigned int i = 0; i < 2; i++) {
		bars = rig.cards[i].bars;
		for (unsigned int bar = 0; bar < PCI_BARS; bar++) {
			const struct pci_bar *w = &windows[pci_bridge_window_of(&bars[bar])];

			if (!bars[bar].size)
				continue;
			ck_assert_uint_eq(bars[bar].assigned % bars[bar].size, 0);
			ck_assert_uint_ge(bars[bar].assigned, w->assigned);
			ck_assert_uint_le(bars[bar].assigned + bars[bar].size,
					  w->assigned + w->size);
		}
	}
	port_rig_end(&rig);
}
END_TEST

/*
 * A BAR decodes as long as the bridge forwards its addresses, whatever the guest does to the
 * bridge.
 */
START_TEST(bars_follow_the_bridge)
{
	static struct port_rig rig;
	uint32_t memory;

	port_rig_begin(&rig);
	port_rig_fill(&rig);
	port_rig_switch_card_on(&rig);
	calls_expect(""); /* the bridge forwards nothing yet */
	port_rig_set(&rig, 0, PORT, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	calls_expect("map 0.0\nmap 0.2\n");
	port_rig_set(&rig, 0, PORT, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
	calls_expect("map 0.4\n");
	memory = port_rig_get(&rig, 0, PORT, PCI_MEMORY_BASE, 4);
	port_rig_set(&rig, 0, PORT, PCI_MEMORY_BASE, 4, 0x0000fff0);
	calls_expect("unmap 0.0\n");
	port_rig_set(&rig, 0, PORT, PCI_MEMORY_BASE, 4, memory);
	calls_expect("map 0.0\n");
	port_rig_set(&rig, 0, PORT, PCI_PREF_LIMIT_UPPER32, 4, 0);
	calls_expect("unmap 0.2\n");
	port_rig_set(&rig, 0, PORT, PCI_COMMAND, 2, 0);
	calls_expect("unmap 0.0\nunmap 0.4\n");
	port_rig_end(&rig);
}
END_TEST

START_TEST(a_bus_reset_reaches_all_below)
{
	static struct port_rig rig;

	port_rig_begin(&rig);
	pci_root_port_plug(rig.port, &rig.cards[1], 1);
	port_rig_fill(&rig);
	port_rig_set(&rig, 0, PORT, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	port_rig_set(&rig, 1, 0, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	calls_begin();
	port_rig_set(&rig, 0, PORT, PCI_BRIDGE_CONTROL, 2, PCI_BRIDGE_CTL_BUS_RESET);
	calls_expect("unmap 0.0\nunmap 0.2\nstop 0\nstop 1\nreset 0\nreset 1\nrevive 0\n"
		     "revive 1\n");
	/* The owner is asked once for each time that the bit rises. */
	port_rig_set(&rig, 0, PORT, PCI_BRIDGE_CONTROL, 2, PCI_BRIDGE_CTL_BUS_RESET);
	port_rig_set(&rig, 0, PORT, PCI_BRIDGE_CONTROL, 2, 0);
	calls_expect("");
	ck_assert_uint_eq(port_rig_get(&rig, 1, 0, PCI_COMMAND, 2), 0);
	port_rig_end(&rig);
}
END_TEST

/*
 * A device that left is at no address any more, and does not come back with the windows of the
 * bridge.
 */
START_TEST(a_device_that_left_is_gone)
{
	static struct port_rig rig;

	port_rig_begin(&rig);
	port_rig_fill(&rig);
	port_rig_set(&rig, 0, PORT, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	port_rig_set(&rig, 1, 0, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	calls_begin();
	pci_root_port_unplug(rig.port, true);
	calls_expect("unmap 0.0\nunmap 0.2\n");
	ck_assert_uint_eq(port_rig_get(&rig, 1, 0, 0, 4), 0xffffffff);
	ck_assert_uint_eq(port_rig_exp_get(&rig, PCI_EXP_LNKSTA), 0);
	port_rig_set(&rig, 0, PORT, PCI_COMMAND, 2, 0);
	port_rig_set(&rig, 0, PORT, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	calls_expect("");
	port_rig_end(&rig);
	calls_expect(""); /* it is not the bus's to destroy */
}
END_TEST

/* A device that is too large for the windows of a port is refused, and named. */
START_TEST(a_device_larger_than_the_room)
{
	static struct port_rig rig;
	struct stderr_text caught;

	port_rig_begin(&rig);
	port_rig_place(&rig);
	pci_set_bar(&rig.cards[0], 0, 64 << 20, MEM);
	pci_root_port_plug(rig.port, &rig.cards[0], 0);
	stderr_begin(&caught);
	ck_assert_int_eq(pci_windows_assign_below(&rig.port->bridge), -ENOSPC);
	stderr_end(&caught);
	ck_assert_ptr_nonnull(strstr(caught.text, "BAR 0"));
	pci_root_port_unplug(rig.port, false);
	port_rig_end(&rig);
}
END_TEST

/* An empty port forwards no I/O ports. The rest of what the device has is placed. */
START_TEST(an_io_bar_goes_without)
{
	static struct port_rig rig;
	struct stderr_text caught;

	port_rig_begin(&rig);
	pci_root_port_set_room(rig.port, PCI_WINDOW_PREFETCHABLE, 4ull << 30);
	port_rig_place(&rig);
	pci_set_bar(&rig.cards[0], 0, 4ull << 30, PREF64);
	pci_set_bar(&rig.cards[0], 2, 0x20, PCI_BASE_ADDRESS_SPACE_IO);
	pci_root_port_plug(rig.port, &rig.cards[0], 0);
	stderr_begin(&caught);
	ck_assert_int_eq(pci_windows_assign_below(&rig.port->bridge), 0);
	stderr_end(&caught);
	stderr_holds(&caught, "no I/O ports for BAR 2");
	port_rig_set(&rig, 0, PORT, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
	port_rig_switch_card_on(&rig);
	calls_expect("map 0.0\n");
	ck_assert_uint_eq(port_rig_get(&rig, 1, 0, PCI_BASE_ADDRESS_2, 4),
			  PCI_BASE_ADDRESS_SPACE_IO);
	pci_root_port_unplug(rig.port, false);
	port_rig_end(&rig);
}
END_TEST

/* A BAR is mapped only where the guest let both the card and the bridge decode it. */
static void check_bars(const struct port_rig *rig)
{
	for (unsigned int i = 0; i < PCI_BARS; i++) {
		const struct pci_bar *bar = &rig->cards[0].bars[i];

		ck_assert(!bar->mapped || pci_host_forwards(&rig->cards[0], bar, bar->addr));
	}
}

/* The guest writes anything into port and card, in any size, while the card comes and goes. */
START_TEST(anything_is_written)
{
	static struct port_rig rig;
	uint32_t random = (uint32_t)_i + 1;
	bool present = true;

	port_rig_begin(&rig);
	port_rig_fill(&rig);
	for (unsigned int i = 0; i < 20000; i++) {
		unsigned int devfn = PORT, bus = 0;
		uint32_t value;

		random = random * 1664525u + 1013904223u;
		if (random >> 30 == 0) {
			bus = rig.port->bridge.function.config[PCI_SECONDARY_BUS];
			devfn = 0;
		}
		value = random % 7 ? random * 2654435761u : 0xffffffff;
		port_rig_set(&rig, bus, devfn, random >> 8 & 0x1ff, 1u << (random >> 16) % 4,
			     value);
		port_rig_get(&rig, bus, devfn, random >> 10 & 0xfff, 1u << (random >> 18) % 4);
		if (random % 1024 == 1)
			pci_root_port_ask(rig.port);
		if (random % 1024 == 5 && present)
			pci_root_port_report(&rig.cards[0], random >> 31);
		if (random % 512 == 3) {
			port_rig_step(&rig, present ? GO : COME);
			present = !present;
		}
		check_bars(&rig);
	}
	calls_begin();
	port_rig_end(&rig);
}
END_TEST

/* A port that finds no I/O ports left forwards none. A card on the root bus has its own. */
START_TEST(io_ports_run_out)
{
	const unsigned int most = (unsigned int)(arch_layout.pci_io.size / 0x1000) - 1;
	static struct port_rig rig;
	static struct pci_function cards[14];
	struct pci_root_port *ports[UNIT_COUNT(cards)];
	struct stderr_text caught;
	unsigned int with = 0;

	port_rig_begin(&rig);
	pci_set_bar(&rig.cards[0], 0, 0x100, PCI_BASE_ADDRESS_SPACE_IO);
	ck_assert_int_eq(pci_host_add(&rig.host, &rig.cards[0]), 0);
	for (unsigned int i = 0; i < UNIT_COUNT(cards); i++) {
		ck_assert_int_eq(
			pci_root_port_add(&rig.host, &port_rig_usual, &port_rig_owner, &ports[i]),
			0);
		port_rig_card(&cards[i]);
		pci_set_bar(&cards[i], 0, 0x100, PCI_BASE_ADDRESS_SPACE_IO);
		pci_root_port_plug(ports[i], &cards[i], 0);
	}
	stderr_begin(&caught);
	port_rig_place(&rig);
	stderr_end(&caught);
	ck_assert_uint_ne(rig.cards[0].bars[0].assigned, 0);
	for (unsigned int i = 0; i < UNIT_COUNT(cards); i++)
		with += ports[i]->bridge.windows[PCI_WINDOW_IO].size > 0;
	ck_assert_uint_eq(with, most < UNIT_COUNT(cards) ? most : UNIT_COUNT(cards));
	if (with < UNIT_COUNT(cards))
		stderr_holds(&caught, "card: its root port has no I/O ports for BAR 0");
	port_rig_end(&rig);
}
END_TEST

/*
 * The port is at the place and has the name that it is given. The others leave the place alone.
 */
START_TEST(a_port_has_its_place)
{
	const struct pci_root_port_options placed = { "rp1", true, PCI_DEVFN(3, 1), true };
	static struct port_rig rig;
	struct pci_root_port *port, *next;
	struct stderr_text caught;

	port_rig_begin(&rig);
	pci_host_reserve(&rig.host, PCI_DEVFN(2, 0));
	pci_host_reserve(&rig.host, placed.devfn);
	ck_assert_int_eq(pci_root_port_add(&rig.host, &port_rig_usual, &port_rig_owner, &next), 0);
	ck_assert_uint_eq(next->bridge.function.devfn, PCI_DEVFN(4, 0));
	ck_assert_int_eq(pci_root_port_add(&rig.host, &placed, &port_rig_owner, &port), 0);
	ck_assert_uint_eq(port->bridge.function.devfn, placed.devfn);
	ck_assert_uint_eq(port->bridge.number, 3);
	ck_assert_str_eq(port->bridge.function.name, "rp1");
	stderr_begin(&caught);
	ck_assert_int_eq(pci_root_port_add(&rig.host, &placed, &port_rig_owner, &next), -EBUSY);
	stderr_end(&caught);
	stderr_holds(&caught, "take device number 3, function 1 on the PCI bus: rp1 is there");
	port_rig_place(&rig);
	port_rig_end(&rig);
}
END_TEST

/* There are as many ports as there are bus numbers and slots. One more gives a message. */
START_TEST(ports_run_out)
{
	static struct port_rig rig;
	struct pci_root_port *port;
	struct stderr_text caught;
	unsigned int count = 1;
	int ret = 0;

	port_rig_begin(&rig);
	stderr_begin(&caught);
	while (ret == 0) {
		ret = pci_root_port_add(&rig.host, &port_rig_usual, &port_rig_owner, &port);
		count += ret == 0;
	}
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOSPC);
	ck_assert_uint_ge(count, 15);
	ck_assert_uint_lt(count, pci_host_buses(&rig.host));
	port_rig_place(&rig);
	port_rig_end(&rig);
}
END_TEST

UNIT_MAIN("pci_root_port", { an_empty_port_has_these_registers, UNIT_COUNT(registers) },
	  { the_link_is_the_devices, 0 }, { atomics_are_those_of_all, 0 },
	  { the_bus_has_the_number_that_it_is_given, 0 }, { functions_stay_together, 0 },
	  { windows_are_sized_from_what_is_below, 0 }, { bars_follow_the_bridge, 0 },
	  { a_bus_reset_reaches_all_below, 0 }, { a_device_that_left_is_gone, 0 },
	  { anything_is_written, 4 }, { a_device_larger_than_the_room, 0 },
	  { an_io_bar_goes_without, 0 }, { io_ports_run_out, 0 }, { a_port_has_its_place, 0 },
	  { ports_run_out, 0 })
