/* SPDX-License-Identifier: MIT */
/*
 * vfio/vfio_reset.c with several devices on the buses of one host: how many resets are made, of
 * what kind they are, and who is left alone. vfio_pci_test.c has the resets of a single device.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "card_host.h"
#include "devices/pci_root_port.h"
#include "devices/pci_windows.h"
#include "unit.h"

/* ---- start and reboot ---- */

/*
 * How many buses and single functions are reset at the start and at a reboot, how many resets of a
 * bus are tried then, how many devices are said not to be reset, and how many others are named that
 * are in the way. Failures begin with the reboot.
 */
static const struct {
	const char *name, *cards;
	struct failure bus_fails, alone_fails;
	unsigned int first_buses, first_alone, buses, alone, tries, warned, named;
} hosts[] = {
	{ "eight functions of a bus", "1b1b1b1b1b1b1b1b", { 0 }, { 0 }, 1, 0, 1, 0, 1, 0, 0 },
	{ "two buses", "1b2b1b2b1b2b", { 0 }, { 0 }, 2, 0, 2, 0, 2, 0, 0 },
	{ "power states alone", "1p1p1p", { 0 }, { 0 }, 1, 0, 1, 0, 1, 0, 0 },
	{ "FLR needs no bus", "1f1f2f", { 0 }, { 0 }, 0, 0, 0, 3, 0, 0, 0 },
	{ "who has FLR is reached too", "1f1b1f1b", { 0 }, { 0 }, 1, 0, 1, 0, 1, 0, 0 },
	{ "FLR elsewhere", "1b2f1b2f", { 0 }, { 0 }, 1, 0, 1, 2, 1, 0, 0 },
	{ "one is not ours", "1b1x1b", { 0 }, { 0 }, 0, 0, 0, 0, 0, 2, 1 },
	{ "not ours, power states", "1p1x1p", { 0 }, { 0 }, 0, 2, 0, 2, 0, 0, 1 },
	{ "not ours, FLR", "1f1x1f", { 0 }, { 0 }, 0, 0, 0, 2, 0, 0, 0 },
	{ "not ours, on another bus", "1b1b2b2x", { 0 }, { 0 }, 1, 0, 1, 0, 1, 1, 1 },
	{ "the bus fails for all", "1b1b1b", { 9, -EIO }, { 0 }, 1, 0, 0, 0, 1, 3, 0 },
	{ "it fails, power states", "1p1p1f", { 9, -ENOTTY }, { 0 }, 1, 0, 0, 3, 1, 0, 0 },
	{ "it fails on one of two", "1b1b2b2b", { 1, -EIO }, { 0 }, 2, 0, 1, 0, 2, 2, 0 },
	{ "FLR fails for one", "1f1f1f", { 0 }, { 1, -ENOTTY }, 0, 0, 1, 2, 1, 0, 0 },
	{ "FLR fails for one, no bus", "1f1f1x", { 0 }, { 1, -ENOTTY }, 0, 0, 0, 1, 0, 1, 1 },
	{ "power states fail", "1p1x", { 0 }, { 1, -ENOTTY }, 0, 1, 0, 0, 0, 1, 1 },
	{ "somebody is at work", "1b1b", { 2, -EBUSY }, { 0 }, 1, 0, 1, 0, 3, 0, 0 },
	{ "the host is", "1b1b", { 3, -EAGAIN }, { 0 }, 1, 0, 1, 0, 4, 0, 0 },
	{ "the host is, at FLR", "1f1x", { 0 }, { 3, -EAGAIN }, 0, 0, 0, 1, 0, 0, 0 },
	{ "for ever", "1b1b1b", { 99, -EBUSY }, { 0 }, 1, 0, 0, 0, 20, 3, 0 },
};

START_TEST(rule_25_one_bus_reset_serves_all)
{
	host_start(hosts[_i].cards);
	ck_assert_uint_eq(host.buses, hosts[_i].first_buses);
	ck_assert_uint_eq(host.alone, hosts[_i].first_alone);
	cards_use_all();
	host_forget();
	host.bus_fails = hosts[_i].bus_fails;
	host.alone_fails = hosts[_i].alone_fails;
	pci_host_reset(&host.rig.host);
	host_says();
	ck_assert_msg(host.buses == hosts[_i].buses && host.alone == hosts[_i].alone &&
			      host.tries == hosts[_i].tries,
		      "%s: %u buses, %u alone, %u tries", hosts[_i].name, host.buses, host.alone,
		      host.tries);
	ck_assert_uint_eq(host_said("cannot be reset"), hosts[_i].warned);
	ck_assert_uint_eq(host_said("would also reset"), hosts[_i].named);
	ck_assert_int_eq(host.rig.vm.event, VM_EVENT_NONE);
	/* The drivers of the next guest find all as it was before. */
	host_power_on();
	cards_use_all();
	host_end();
}
END_TEST

/* At the end it is left to the kernel, too, which resets what is closed. */
START_TEST(rule_25_the_end_resets_nothing)
{
	host_start("1b1b1f1p");
	cards_use_all();
	host_forget();
	for (unsigned int i = 0; i < host.count; i++)
		vfio_pci_quiesce(host.cards[i].pci);
	host_end();
	ck_assert_uint_eq(host.tries + host.alone, 0);
}
END_TEST

/*
 * A function of its bus has a driver that is none of VFIO's. The kernel says so by EINVAL, and
 * minivmm names the candidates.
 */
START_TEST(rule_25_a_neighbour_without_a_driver_of_vfio)
{
	host_start("1b1b1n");
	host_forget();
	host.bus_fails = (struct failure){ 9, -EINVAL };
	pci_host_reset(&host.rig.host);
	host_says();
	ck_assert_uint_eq(host_said("would also reset 0000:01:00.2 of IOMMU group 2, which is not "
				    "passed through, and perhaps has no driver of VFIO"),
			  1);
	ck_assert_uint_eq(host_said("would also reset"), 1);
	ck_assert_uint_eq(host_said("cannot be reset: Invalid argument"), 2);
	host_end();
}
END_TEST

/*
 * A card dies in the reset of its bus: it reads all-ones, whatever the result of the reset is.
 * That ends the guest. Of its neighbour minivmm says only that it was not reset, if that is so.
 */
static const struct {
	const char *cards;
	struct failure fails;
	unsigned int warned;
} deaths[] = {
	{ "1b1b", { 0 }, 0 },
	{ "1b1b", { 1, -ENOTTY }, 1 },
	{ "1p1p", { 1, -ENOTTY }, 0 },
};

START_TEST(rule_18_dies_in_the_reset)
{
	host_start(deaths[_i].cards);
	cards_use_all();
	host_forget();
	host.bus_fails = deaths[_i].fails;
	host.dies = &host.cards[1];
	pci_host_reset(&host.rig.host);
	host_says();
	ck_assert_int_eq(host.rig.vm.event, VM_EVENT_DEVICE_LOST);
	ck_assert_uint_eq(host_said("minivmm: error: 0000:01:00.1: reads all-ones after its "
				    "reset"),
			  1);
	ck_assert_uint_eq(host_said("minivmm: error"), 1);
	ck_assert_uint_eq(host_said("minivmm: warning: 0000:01:00.0: cannot be reset: the host "
				    "has no way to do it"),
			  deaths[_i].warned);
	host_end();
}
END_TEST

/* Only a reset of the bus would take others along. */
START_TEST(rule_25_own_failure_is_not_that_of_the_bus)
{
	host_start("1f1x");
	cards_use_all();
	host_forget();
	host.alone_fails = (struct failure){ 1, -EPERM };
	pci_host_reset(&host.rig.host);
	host_says();
	ck_assert_uint_eq(host_said("would also reset"), 1);
	ck_assert_uint_eq(host_said("cannot be reset: Operation not permitted: the guest finds"),
			  1);
	host_end();
}
END_TEST

/* A program is on no bus. Its name is no address, and it is asked alone. */
START_TEST(rule_25_device_without_an_address)
{
	host_begin("1b1b");
	snprintf(host.cards[1].name, sizeof(host.cards[1].name), "/run/server");
	host_open_all();
	host_power_on();
	ck_assert_uint_eq(host.buses, 2);
	host_end();
}
END_TEST

/* It may take its time for each answer. What it answers is told, not that it is on no bus. */
START_TEST(rule_46_a_program_is_asked_once)
{
	host_start("1f1f");
	host.backend.programs = true;
	host_forget();
	host.alone_fails = (struct failure){ 9, -EAGAIN };
	host.bus_fails = (struct failure){ 9, -ENOTSUP };
	pci_host_reset(&host.rig.host);
	host_says();
	ck_assert_uint_eq(host.alone_fails.count, 7);
	ck_assert_uint_eq(
		host_said("cannot be reset: Resource temporarily unavailable: the guest finds"), 2);
	host_end();
}
END_TEST

/* ---- while the guest runs ---- */

static void port_released(void *owner)
{
	(void)owner;
}

static struct pci_root_port *host_add_port(void)
{
	const struct pci_root_port_options options = { .name = NULL };
	const struct pci_root_port_owner owner = { port_released, NULL };
	struct pci_root_port *port;

	ck_assert_int_eq(pci_root_port_add(&host.rig.host, &options, &owner, &port), 0);
	return port;
}

static void port_fill(struct pci_root_port *port, struct card *card, unsigned int number)
{
	host_open(card);
	pci_root_port_plug(port, &card->pci->function, number);
	pci_root_port_show(port, false);
}

/*
 * The first `below` cards are below one port of the guest, and each other card is below a port of
 * its own.
 */
static void host_start_below(const char *cards, unsigned int below)
{
	host_begin(cards);
	for (unsigned int i = 0; i < host.count; i++) {
		if (i == 0 || i >= below)
			host.ports[host.port_count++] = host_add_port();
		port_fill(host.ports[host.port_count - 1], &host.cards[i], i < below ? i : 0);
	}
	ck_assert_int_eq(pci_windows_assign_bars(&host.rig.host), 0);
	host_power_on();
}

static void port_reset_bus(const struct pci_root_port *port)
{
	const struct pci_function *function = &port->bridge.function;
	uint64_t reg =
		arch_layout.ecam.base + ((uint64_t)function->devfn << 12) + PCI_BRIDGE_CONTROL;
	uint16_t on = PCI_BRIDGE_CTL_BUS_RESET, off = 0;

	bus_write(&host.rig.vm.mmio, reg, &on, 2);
	bus_write(&host.rig.vm.mmio, reg, &off, 2);
}

/*
 * The guest resets the bus below its port. On the host the last card is on the same bus, but in
 * the guest it is elsewhere. It is reached only as long as the guest has not touched it.
 */
static const struct {
	const char *cards;
	unsigned int below;
	bool used; /* the last card */
	unsigned int buses, alone, last;
	const char *words;
} guests[] = {
	{ "1b1b", 2, true, 1, 0, 1, NULL },
	{ "1b1b1b", 2, false, 1, 0, 1, NULL },
	{ "1b1b1b", 2, true, 0, 0, 0,
	  "minivmm: warning: 0000:01:00.0: a reset of its bus would also reset 0000:01:00.2 of "
	  "IOMMU group 2, which the guest uses\n"
	  "minivmm: warning: 0000:01:00.0: cannot be reset: it would take others along" },
	{ "1p1b", 1, true, 0, 1, 0, "which the guest uses" },
	{ "1f1b", 1, true, 0, 1, 0, NULL },
	{ "1b2b", 1, true, 1, 0, 0, NULL },
};

START_TEST(rule_25_a_guest_resets_its_bus)
{
	struct card *last;

	host_start_below(guests[_i].cards, guests[_i].below);
	last = &host.cards[host.count - 1];
	for (unsigned int i = 0; i + 1 < host.count; i++)
		card_use(&host.cards[i]);
	if (guests[_i].used)
		card_use(last);
	host_forget();
	port_reset_bus(host.ports[0]);
	host_says();
	ck_assert_uint_eq(host.buses, guests[_i].buses);
	ck_assert_uint_eq(host.alone, guests[_i].alone);
	ck_assert_uint_eq(last->resets, guests[_i].last);
	if (guests[_i].words)
		stderr_holds(&host.caught, guests[_i].words);
	else
		ck_assert_str_eq(host.caught.text, "");
	/* A card that was not below the port works on. */
	if (guests[_i].used && guests[_i].below < host.count)
		ck_assert_uint_eq(last->fake.msix_on, 1);
	for (unsigned int i = 0; i < guests[_i].below; i++) {
		ck_assert(host.cards[i].fake.intx_on);
		card_use(&host.cards[i]);
	}
	host_end();
}
END_TEST

/*
 * A card leaves while its neighbour is at work, and nothing is reset. After that nobody has the
 * card, so it no longer stands in the way when its neighbour is reset.
 */
START_TEST(rule_25_a_neighbour_leaves)
{
	const struct card *stays = &host.cards[0];
	struct card *leaves = &host.cards[1];

	host_start_below("1b1b", 1);
	cards_use_all();
	host_forget();
	pci_root_port_unplug(host.ports[1], true);
	vfio_pci_give_up(leaves->pci, false);
	leaves->pci = NULL;
	ck_assert_uint_eq(host.tries + host.alone, 0);
	ck_assert_uint_eq(stays->fake.msix_on, 1);
	port_reset_bus(host.ports[0]);
	ck_assert_uint_eq(host.buses, 1);
	ck_assert_uint_eq(stays->resets, 1);
	host_end();
}
END_TEST

/* A card comes while its neighbour is at work, or while the neighbour is there but untouched. */
static const struct {
	const char *cards;
	bool used;
	unsigned int buses, alone;
	const char *words;
} comers[] = {
	{ "1b1b", true, 0, 0, "minivmm: warning: 0000:01:00.1: cannot be reset" },
	{ "1b1p", true, 0, 1, "0000:01:00.0 of IOMMU group 0, which the guest uses" },
	{ "1b1f", true, 0, 0, NULL },
	{ "1b1b", false, 1, 0, NULL },
};

START_TEST(rule_25_a_neighbour_comes)
{
	struct card *stays = &host.cards[0], *comes = &host.cards[1];

	host_start_below("1b", 1);
	host.ports[host.port_count++] = host_add_port();
	if (comers[_i].used)
		card_use(stays);
	card_init(comes, 1, comers[_i].cards + 2);
	host.count = 2;
	host_forget();
	port_fill(host.ports[1], comes, 0);
	ck_assert_int_eq(vfio_pci_power_on(comes->pci), 0);
	host_says();
	ck_assert_uint_eq(host.buses, comers[_i].buses);
	ck_assert_uint_eq(host.alone, comers[_i].alone);
	ck_assert_uint_eq(stays->resets, comers[_i].buses);
	ck_assert_uint_eq(stays->fake.msix_on, comers[_i].used);
	if (comers[_i].words)
		stderr_holds(&host.caught, comers[_i].words);
	else
		ck_assert_str_eq(host.caught.text, "");
	host_end();
}
END_TEST

UNIT_MAIN("vfio_reset", { rule_25_own_failure_is_not_that_of_the_bus, 0 },
	  { rule_25_one_bus_reset_serves_all, UNIT_COUNT(hosts) },
	  { rule_25_the_end_resets_nothing, 0 },
	  { rule_25_a_neighbour_without_a_driver_of_vfio, 0 },
	  { rule_18_dies_in_the_reset, UNIT_COUNT(deaths) },
	  { rule_25_device_without_an_address, 0 }, { rule_46_a_program_is_asked_once, 0 },
	  { rule_25_a_guest_resets_its_bus, UNIT_COUNT(guests) }, { rule_25_a_neighbour_leaves, 0 },
	  { rule_25_a_neighbour_comes, UNIT_COUNT(comers) })
