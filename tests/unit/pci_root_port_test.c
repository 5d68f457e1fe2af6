/* SPDX-License-Identifier: MIT */
/*
 * devices/pci_root_port.c, pci_bridge.c and pci_slot.c: what a guest reads and may write, what is
 * forwarded to the bus below, and how a device comes and goes.
 */
#include <errno.h>
#include <linux/pci.h>
#include <string.h>

#include "call_log.h"
#include "devices/pci_root_port.h"
#include "devices/pci_windows.h"
#include "fake_kvm.h"
#include "fake_vm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vmm/core/vm.h"

#define MEM      PCI_BASE_ADDRESS_SPACE_MEMORY
#define MEM64    (MEM | PCI_BASE_ADDRESS_MEM_TYPE_64)
#define PREF64   (MEM64 | PCI_BASE_ADDRESS_MEM_PREFETCH)
#define PORT     PCI_DEVFN(1, 0)
#define MSI_ADDR 0xfee00000u

/* A port at 00:01.0 with a card of up to two functions below it. */
struct rig {
	struct vm vm;
	struct pci_host host;
	struct pci_root_port *port;
	struct pci_function cards[2];
	unsigned int exp; /* the port's PCI Express capability */
};

static unsigned int released;

static void count_release(void *owner)
{
	(void)owner;
	released++;
}

static int card_map(struct pci_function *function, unsigned int bar)
{
	calls_add("map %u.%u", PCI_FUNC(function->devfn), bar);
	return 0;
}

static void card_unmap(struct pci_function *function, unsigned int bar)
{
	calls_add("unmap %u.%u", PCI_FUNC(function->devfn), bar);
}

static void card_reset(struct pci_function *function)
{
	calls_add("reset %u", PCI_FUNC(function->devfn));
}

static void card_stop(struct pci_function *function)
{
	calls_add("stop %u", PCI_FUNC(function->devfn));
}

static void card_revive(struct pci_function *function)
{
	calls_add("revive %u", PCI_FUNC(function->devfn));
}

static void card_destroy(struct pci_function *function)
{
	calls_add("destroy %u", PCI_FUNC(function->devfn));
}

static const struct pci_function_ops card_ops = {
	pci_config_read, pci_config_write, card_map,    card_unmap,
	card_reset,      card_destroy,     card_revive, card_stop,
};

/*
 * The link can have 8 GT/s and four lanes, and has come up with 5 GT/s and two. The payload is
 * 256 bytes.
 */
static void card_init(struct pci_function *card)
{
	unsigned int cap;

	pci_function_init(card, &card_ops, "card");
	pci_set_long(card, 0, 0x56781234);
	cap = pci_add_capability(card, PCI_CAP_ID_EXP, 0x3c);
	pci_set_long(card, cap + PCI_EXP_DEVCAP, 1);
	pci_set_long(card, cap + PCI_EXP_LNKCAP, 3 | 4 << 4);
	pci_set_word(card, cap + PCI_EXP_LNKSTA, 2 | 2 << 4);
}

static const struct pci_root_port_options usual = { .name = NULL };

static void rig_begin(struct rig *rig)
{
	const struct pci_root_port_owner owner = { count_release, rig };

	memset(rig, 0, sizeof(*rig));
	released = 0;
	fake_vm_begin(&rig->vm, &rig->host, 0);
	ck_assert_int_eq(pci_root_port_add(&rig->host, &usual, &owner, &rig->port), 0);
	rig->exp = rig->port->cap;
	for (unsigned int i = 0; i < 2; i++)
		card_init(&rig->cards[i]);
}

static void rig_place(struct rig *rig)
{
	ck_assert_int_eq(pci_windows_assign_bars(&rig->host), 0);
	calls_begin();
}

/* The card, with a BAR of each kind, is there from the start. */
static void rig_fill(struct rig *rig)
{
	pci_set_bar(&rig->cards[0], 0, 0x4000, MEM64);
	pci_set_bar(&rig->cards[0], 2, 16 << 20, PREF64);
	pci_set_bar(&rig->cards[0], 4, 0x20, PCI_BASE_ADDRESS_SPACE_IO);
	pci_root_port_plug(rig->port, &rig->cards[0], 0);
	pci_root_port_show(rig->port, false);
	rig_place(rig);
}

static void rig_end(struct rig *rig)
{
	fake_vm_end(&rig->vm, &rig->host);
}

static uint64_t address(unsigned int bus, unsigned int devfn, unsigned int offset)
{
	return arch_layout.ecam.base + (bus << 20 | devfn << 12 | offset);
}

static uint32_t get(struct rig *rig, unsigned int bus, unsigned int devfn, unsigned int offset,
		    unsigned int size)
{
	uint64_t value = 0;

	bus_read(&rig->vm.mmio, address(bus, devfn, offset), &value, size);
	return (uint32_t)value;
}

static void set(struct rig *rig, unsigned int bus, unsigned int devfn, unsigned int offset,
		unsigned int size, uint32_t value)
{
	const uint64_t wide = value;

	bus_write(&rig->vm.mmio, address(bus, devfn, offset), &wide, size);
}

static uint16_t exp_get(struct rig *rig, unsigned int reg)
{
	return (uint16_t)get(rig, 0, PORT, rig->exp + reg, 2);
}

static void exp_set(struct rig *rig, unsigned int reg, uint16_t value)
{
	set(rig, 0, PORT, rig->exp + reg, 2, value);
}

/*
 * Registers as they are at power-on, and after all-ones were written. 0xff00 + n is register n of
 * the capability.
 */
#define EXP 0xff00u
#define AER 0x100u
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
	static struct rig rig;

	rig_begin(&rig);
	rig_place(&rig);
	if (offset >= EXP)
		offset += rig.exp - EXP;
	ck_assert_uint_eq(get(&rig, 0, PORT, offset, size), registers[_i].power_on);
	set(&rig, 0, PORT, offset, size, 0xffffffff);
	ck_assert_uint_eq(get(&rig, 0, PORT, offset, size), registers[_i].all_ones);
	rig_end(&rig);
}
END_TEST

START_TEST(the_link_is_the_devices)
{
	static struct rig rig;

	rig_begin(&rig);
	rig_fill(&rig);
	ck_assert_uint_eq(get(&rig, 0, PORT, rig.exp + PCI_EXP_LNKCAP, 4), 0x01100043);
	ck_assert_uint_eq(exp_get(&rig, PCI_EXP_LNKSTA), PCI_EXP_LNKSTA_DLLLA | 0x22);
	ck_assert_uint_eq(get(&rig, 0, PORT, rig.exp + PCI_EXP_LNKCAP2, 4), 0xe);
	ck_assert_uint_eq(get(&rig, 0, PORT, rig.exp + PCI_EXP_DEVCAP, 4), 0x8001);
	/* The link has another speed later. The port asks each time. */
	pci_set_word(&rig.cards[0],
		     pci_find_capability(&rig.cards[0], PCI_CAP_ID_EXP) + PCI_EXP_LNKSTA,
		     3 | 4 << 4);
	ck_assert_uint_eq(exp_get(&rig, PCI_EXP_LNKSTA), PCI_EXP_LNKSTA_DLLLA | 0x43);
	rig_end(&rig);
}
END_TEST

/* The port shows what the host completes for all functions below it, and no more. */
START_TEST(atomics_are_those_of_all)
{
	static struct rig rig;

	rig_begin(&rig);
	pci_root_port_set_atomics(rig.port, 0x380, true);
	pci_root_port_set_atomics(rig.port, 0x180, false);
	ck_assert_uint_eq(get(&rig, 0, PORT, rig.exp + PCI_EXP_DEVCAP2, 4), 0x180);
	pci_root_port_set_atomics(rig.port, 0x80, true);
	ck_assert_uint_eq(get(&rig, 0, PORT, rig.exp + PCI_EXP_DEVCAP2, 4), 0x80);
	rig_end(&rig);
}
END_TEST

/* ---- the bus below ---- */

START_TEST(the_bus_has_the_number_that_it_is_given)
{
	static const uint8_t numbers[] = { 1, 7, 31 };
	static struct rig rig;
	uint32_t port = 0x80000000, value = 0;

	rig_begin(&rig);
	rig_fill(&rig);
	for (size_t i = 0; i < UNIT_COUNT(numbers); i++) {
		unsigned int bus = numbers[i];

		set(&rig, 0, PORT, PCI_SECONDARY_BUS, 1, bus);
		ck_assert_uint_eq(get(&rig, bus, 0, 0, 4), 0x56781234);
		ck_assert_uint_eq(get(&rig, bus + 1 - 2 * (bus == 31), 0, 0, 4), 0xffffffff);
		/* There is one device below: no other slot, and no other function. */
		ck_assert_uint_eq(get(&rig, bus, PCI_DEVFN(0, 1), 0, 4), 0xffffffff);
		ck_assert_uint_eq(get(&rig, bus, PCI_DEVFN(1, 0), 0, 4), 0xffffffff);
		ck_assert_uint_eq(pci_requester_id(&rig.cards[0]), bus << 8);
		port = 0x80000000 | bus << 16;
		bus_write(&rig.vm.pio, arch_layout.pci_config_port, &port, 4);
		bus_read(&rig.vm.pio, arch_layout.pci_config_port + 4, &value, 4);
		ck_assert_uint_eq(value, 0x56781234);
	}
	set(&rig, 0, PORT, PCI_SECONDARY_BUS, 1, 0);
	ck_assert_uint_eq(get(&rig, 0, 0, 0, 4), 0x00081b36);
	ck_assert_uint_eq(get(&rig, 1, 0, 0, 4), 0xffffffff);
	rig_end(&rig);
}
END_TEST

START_TEST(functions_stay_together)
{
	static struct rig rig;

	rig_begin(&rig);
	pci_root_port_plug(rig.port, &rig.cards[0], 0);
	ck_assert_uint_eq(rig.cards[0].config[PCI_HEADER_TYPE], 0);
	pci_root_port_plug(rig.port, &rig.cards[1], 3);
	rig_place(&rig);
	ck_assert_uint_eq(get(&rig, 1, 0, PCI_HEADER_TYPE, 1), 0x80);
	ck_assert_uint_eq(get(&rig, 1, 3, PCI_HEADER_TYPE, 1), 0x80);
	for (unsigned int pin = 1; pin <= 4; pin++)
		ck_assert_uint_eq(pci_host_intx_gsi(&rig.cards[1], pin),
				  arch_layout.pci_intx_gsi + pin % arch_layout.pci_intx_lines);
	rig_end(&rig);
}
END_TEST

/*
 * A window is as large as what is below, it is aligned, and it lies in the host bridge's. The
 * BARs are inside.
 */
START_TEST(windows_are_sized_from_what_is_below)
{
	static struct rig rig;
	const struct pci_bar *windows, *bars;

	rig_begin(&rig);
	pci_set_bar(&rig.cards[1], 0, 64 << 20, MEM);
	pci_set_bar(&rig.cards[1], 2, 8ull << 30, PREF64);
	pci_root_port_plug(rig.port, &rig.cards[1], 1);
	rig_fill(&rig);
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
	rig_end(&rig);
}
END_TEST

static void switch_card_on(struct rig *rig)
{
	set(rig, 1, 0, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
}

/*
 * A BAR decodes as long as the bridge forwards its addresses, whatever the guest does to the
 * bridge.
 */
START_TEST(bars_follow_the_bridge)
{
	static struct rig rig;
	uint32_t memory;

	rig_begin(&rig);
	rig_fill(&rig);
	switch_card_on(&rig);
	calls_expect(""); /* the bridge forwards nothing yet */
	set(&rig, 0, PORT, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	calls_expect("map 0.0\nmap 0.2\n");
	set(&rig, 0, PORT, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
	calls_expect("map 0.4\n");
	memory = get(&rig, 0, PORT, PCI_MEMORY_BASE, 4);
	set(&rig, 0, PORT, PCI_MEMORY_BASE, 4, 0x0000fff0);
	calls_expect("unmap 0.0\n");
	set(&rig, 0, PORT, PCI_MEMORY_BASE, 4, memory);
	calls_expect("map 0.0\n");
	set(&rig, 0, PORT, PCI_PREF_LIMIT_UPPER32, 4, 0);
	calls_expect("unmap 0.2\n");
	set(&rig, 0, PORT, PCI_COMMAND, 2, 0);
	calls_expect("unmap 0.0\nunmap 0.4\n");
	rig_end(&rig);
}
END_TEST

START_TEST(a_bus_reset_reaches_all_below)
{
	static struct rig rig;

	rig_begin(&rig);
	pci_root_port_plug(rig.port, &rig.cards[1], 1);
	rig_fill(&rig);
	set(&rig, 0, PORT, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	set(&rig, 1, 0, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	calls_begin();
	set(&rig, 0, PORT, PCI_BRIDGE_CONTROL, 2, PCI_BRIDGE_CTL_BUS_RESET);
	calls_expect("unmap 0.0\nunmap 0.2\nstop 0\nstop 1\nreset 0\nreset 1\nrevive 0\n"
		     "revive 1\n");
	/* The owner is asked once for each time that the bit rises. */
	set(&rig, 0, PORT, PCI_BRIDGE_CONTROL, 2, PCI_BRIDGE_CTL_BUS_RESET);
	set(&rig, 0, PORT, PCI_BRIDGE_CONTROL, 2, 0);
	calls_expect("");
	ck_assert_uint_eq(get(&rig, 1, 0, PCI_COMMAND, 2), 0);
	rig_end(&rig);
}
END_TEST

/* ---- the slot ---- */

enum step {
	COME,  /* a device is plugged in */
	GO,    /* it is taken out */
	ASK,   /* the button */
	BLINK, /* the guest's power indicator */
	OFF,
	ON,
	CLEAR,  /* the guest clears all events */
	ENABLE, /* it wants to hear of all */
	REBOOT,
};

/*
 * What happens, and after it the slot's status, whether the port interrupts, and who has let go.
 */
static const struct {
	const char *name;
	struct {
		enum step step;
		uint16_t status;
		bool interrupts;
		unsigned int released;
	} steps[8];
	unsigned int count;
} lives[] = {
	{ "comes",
	  { { ENABLE, 0, false, 0 },
	    { COME, 0x148, true, 0 },
	    { CLEAR, 0x40, false, 0 },
	    { ON, 0x40, false, 0 } },
	  4 },
	{ "comes while nobody listens",
	  { { COME, 0x148, false, 0 }, { ENABLE, 0x148, true, 0 } },
	  2 },
	{ "goes when asked",
	  { { COME, 0x148, false, 0 },
	    { CLEAR, 0x40, false, 0 },
	    { ON, 0x40, false, 0 },
	    { ENABLE, 0x40, false, 0 },
	    { ASK, 0x41, true, 0 },
	    { CLEAR, 0x40, false, 0 },
	    { BLINK, 0x40, false, 0 },
	    { OFF, 0x40, false, 1 } },
	  8 },
	{ "was let go of before",
	  { { COME, 0x148, false, 0 }, { OFF, 0x148, false, 0 }, { ASK, 0x148, false, 1 } },
	  3 },
	{ "goes by surprise",
	  { { COME, 0x148, false, 0 },
	    { CLEAR, 0x40, false, 0 },
	    { ENABLE, 0x40, false, 0 },
	    { GO, 0x108, true, 0 },
	    { CLEAR, 0, false, 0 } },
	  5 },
	{ "is let go of by a reboot",
	  { { COME, 0x148, false, 0 },
	    { ON, 0x148, false, 0 },
	    { ASK, 0x149, false, 0 },
	    { REBOOT, 0x40, false, 1 } },
	  4 },
};

static void set_indicator(struct rig *rig, uint16_t bits)
{
	uint16_t control = exp_get(rig, PCI_EXP_SLTCTL);

	exp_set(rig, PCI_EXP_SLTCTL, (control & (uint16_t)~PCI_EXP_SLTCTL_PIC) | bits);
}

static void take_step(struct rig *rig, enum step step)
{
	switch (step) {
	case COME:
		pci_root_port_plug(rig->port, &rig->cards[0], 0);
		pci_root_port_show(rig->port, true);
		break;
	case GO:
		pci_root_port_unplug(rig->port, true);
		break;
	case ASK:
		pci_root_port_ask(rig->port);
		break;
	case BLINK:
		set_indicator(rig, PCI_EXP_SLTCTL_PWR_IND_BLINK);
		break;
	case OFF:
		set_indicator(rig, PCI_EXP_SLTCTL_PWR_IND_OFF);
		break;
	case ON:
		set_indicator(rig, PCI_EXP_SLTCTL_PWR_IND_ON);
		break;
	case CLEAR:
		exp_set(rig, PCI_EXP_SLTSTA, 0xffff);
		break;
	case ENABLE:
		exp_set(rig, PCI_EXP_SLTCTL, exp_get(rig, PCI_EXP_SLTCTL) | 0x1029);
		break;
	case REBOOT:
		pci_host_reset(&rig->host);
		break;
	}
}

START_TEST(devices_come_and_go)
{
	static struct rig rig;

	rig_begin(&rig);
	rig_place(&rig);
	for (unsigned int i = 0; i < lives[_i].count; i++) {
		take_step(&rig, lives[_i].steps[i].step);
		ck_assert_msg(exp_get(&rig, PCI_EXP_SLTSTA) == lives[_i].steps[i].status,
			      "%s, step %u: status %#x", lives[_i].name, i,
			      exp_get(&rig, PCI_EXP_SLTSTA));
		ck_assert_msg(fake_kvm_pin(arch_irq_pin(rig.port->line.gsi)) ==
				      lives[_i].steps[i].interrupts,
			      "%s, step %u: interrupt", lives[_i].name, i);
		ck_assert_msg(released == lives[_i].steps[i].released, "%s, step %u: released",
			      lives[_i].name, i);
	}
	rig_end(&rig);
}
END_TEST

static void switch_messages_on(struct rig *rig)
{
	unsigned int msi = rig->port->msi.cap;

	set(rig, 0, PORT, msi + PCI_MSI_ADDRESS_LO, 4, MSI_ADDR);
	set(rig, 0, PORT, msi + PCI_MSI_DATA_64, 2, 0x41);
	set(rig, 0, PORT, msi + PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE);
	ck_assert(fake_kvm_plugged(rig->port->vector.gsi));
}

/* With MSI on, the pin is silent. Each event that comes while none is pending is a message. */
START_TEST(a_slot_sends_messages)
{
	static struct rig rig;

	rig_begin(&rig);
	rig_place(&rig);
	switch_messages_on(&rig);
	take_step(&rig, ENABLE);
	calls_begin();
	take_step(&rig, COME);
	ck_assert(!fake_kvm_pin(arch_irq_pin(rig.port->line.gsi)));
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 1);
	pci_host_reset(&rig.host);
	ck_assert_int_lt(rig.port->vector.eventfd, 0);
	rig_end(&rig);
}
END_TEST

/* ---- errors of what is below ---- */

/* What the guest has switched on, and what the root error status is then. */
#define SERR     PCI_BRIDGE_CTL_SERR
#define NONFATAL PCI_ERR_ROOT_CMD_NONFATAL_EN
#define FATAL    PCI_ERR_ROOT_CMD_FATAL_EN
static const struct {
	uint16_t bridge;
	uint32_t command;
	unsigned int errors; /* how many, one by each function */
	bool fatal[2];
	bool told[2];
	uint32_t status, source;
	bool interrupts;
} failures[] = {
	{ SERR, FATAL, 1, { true }, { true }, 0x54, 0x01000000, true },
	{ SERR, NONFATAL, 1, { false }, { true }, 0x24, 0x01000000, true },
	{ SERR, FATAL | NONFATAL, 2, { false, true }, { true, true }, 0x6c, 0x01000000, true },
	{ SERR, FATAL | NONFATAL, 2, { true, false }, { true, true }, 0x7c, 0x01000000, true },
	{ SERR, FATAL, 2, { false, true }, { false, true }, 0x54, 0x01030000, true },
	{ SERR, PCI_ERR_ROOT_CMD_COR_EN, 1, { true }, { false }, 0, 0, false },
	{ SERR, 0, 1, { true }, { false }, 0, 0, false },
	{ 0, FATAL | NONFATAL, 1, { true }, { false }, 0, 0, false },
};

static void check_errors(struct rig *rig, uint32_t status, uint32_t source, bool interrupts)
{
	ck_assert_uint_eq(get(rig, 0, PORT, AER + PCI_ERR_ROOT_STATUS, 4), status);
	ck_assert_uint_eq(get(rig, 0, PORT, AER + PCI_ERR_ROOT_ERR_SRC, 4), source);
	ck_assert_int_eq(fake_kvm_pin(arch_irq_pin(rig->port->line.gsi)), interrupts);
}

static void rig_fill_two(struct rig *rig)
{
	pci_root_port_plug(rig->port, &rig->cards[1], 3);
	rig_fill(rig);
}

START_TEST(errors_are_shown_to_who_listens)
{
	static struct rig rig;

	rig_begin(&rig);
	rig_fill_two(&rig);
	set(&rig, 0, PORT, PCI_BRIDGE_CONTROL, 2, failures[_i].bridge);
	set(&rig, 0, PORT, AER + PCI_ERR_ROOT_COMMAND, 4, failures[_i].command);
	for (unsigned int i = 0; i < failures[_i].errors; i++)
		ck_assert_int_eq(pci_root_port_report(&rig.cards[i], failures[_i].fatal[i]),
				 failures[_i].told[i]);
	check_errors(&rig, failures[_i].status, failures[_i].source, failures[_i].interrupts);
	/* Only a 1 clears a bit, and only its own. */
	set(&rig, 0, PORT, AER + PCI_ERR_ROOT_STATUS, 1, 0);
	set(&rig, 0, PORT, AER + PCI_ERR_ROOT_STATUS + 1, 1, 0xff);
	check_errors(&rig, failures[_i].status, failures[_i].source, failures[_i].interrupts);
	set(&rig, 0, PORT, AER + PCI_ERR_ROOT_STATUS, 4, failures[_i].status);
	check_errors(&rig, 0, failures[_i].source, false);
	pci_host_reset(&rig.host);
	check_errors(&rig, 0, 0, false);
	ck_assert_uint_eq(get(&rig, 0, PORT, AER + PCI_ERR_ROOT_COMMAND, 4), 0);
	rig_end(&rig);
}
END_TEST

/*
 * An error is a message of its own while the slot's message is not answered yet. The same is true
 * the other way round.
 */
START_TEST(errors_and_the_slot_send_a_message_each)
{
	static struct rig rig;

	rig_begin(&rig);
	rig_fill(&rig);
	switch_messages_on(&rig);
	take_step(&rig, ENABLE);
	set(&rig, 0, PORT, PCI_BRIDGE_CONTROL, 2, SERR);
	set(&rig, 0, PORT, AER + PCI_ERR_ROOT_COMMAND, 4, FATAL);
	calls_begin();
	take_step(&rig, ASK);
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 1);
	ck_assert(pci_root_port_report(&rig.cards[0], true));
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 2);
	ck_assert(pci_root_port_report(&rig.cards[0], true)); /* that one is pending still */
	take_step(&rig, CLEAR);
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 2);
	take_step(&rig, ASK);
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 3);
	set(&rig, 0, PORT, AER + PCI_ERR_ROOT_STATUS, 4, 0x7f);
	ck_assert(pci_root_port_report(&rig.cards[0], true));
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 4);
	rig_end(&rig);
}
END_TEST

/*
 * A device that left is at no address any more, and does not come back with the windows of the
 * bridge.
 */
START_TEST(a_device_that_left_is_gone)
{
	static struct rig rig;

	rig_begin(&rig);
	rig_fill(&rig);
	set(&rig, 0, PORT, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	set(&rig, 1, 0, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	calls_begin();
	pci_root_port_unplug(rig.port, true);
	calls_expect("unmap 0.0\nunmap 0.2\n");
	ck_assert_uint_eq(get(&rig, 1, 0, 0, 4), 0xffffffff);
	ck_assert_uint_eq(exp_get(&rig, PCI_EXP_LNKSTA), 0);
	set(&rig, 0, PORT, PCI_COMMAND, 2, 0);
	set(&rig, 0, PORT, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	calls_expect("");
	rig_end(&rig);
	calls_expect(""); /* it is not the bus's to destroy */
}
END_TEST

/* A device that is too large for the windows of a port is refused, and named. */
START_TEST(a_device_larger_than_the_room)
{
	static struct rig rig;
	struct stderr_text caught;

	rig_begin(&rig);
	rig_place(&rig);
	pci_set_bar(&rig.cards[0], 0, 64 << 20, MEM);
	pci_root_port_plug(rig.port, &rig.cards[0], 0);
	stderr_begin(&caught);
	ck_assert_int_eq(pci_windows_assign_below(&rig.port->bridge), -ENOSPC);
	stderr_end(&caught);
	ck_assert_ptr_nonnull(strstr(caught.text, "BAR 0"));
	pci_root_port_unplug(rig.port, false);
	rig_end(&rig);
}
END_TEST

/* An empty port forwards no I/O ports. The rest of what the device has is placed. */
START_TEST(an_io_bar_goes_without)
{
	static struct rig rig;
	struct stderr_text caught;

	rig_begin(&rig);
	pci_root_port_set_room(rig.port, PCI_WINDOW_PREFETCHABLE, 4ull << 30);
	rig_place(&rig);
	pci_set_bar(&rig.cards[0], 0, 4ull << 30, PREF64);
	pci_set_bar(&rig.cards[0], 2, 0x20, PCI_BASE_ADDRESS_SPACE_IO);
	pci_root_port_plug(rig.port, &rig.cards[0], 0);
	stderr_begin(&caught);
	ck_assert_int_eq(pci_windows_assign_below(&rig.port->bridge), 0);
	stderr_end(&caught);
	stderr_holds(&caught, "no I/O ports for BAR 2");
	set(&rig, 0, PORT, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
	switch_card_on(&rig);
	calls_expect("map 0.0\n");
	ck_assert_uint_eq(get(&rig, 1, 0, PCI_BASE_ADDRESS_2, 4), PCI_BASE_ADDRESS_SPACE_IO);
	pci_root_port_unplug(rig.port, false);
	rig_end(&rig);
}
END_TEST

/* A BAR is mapped only where the guest let both the card and the bridge decode it. */
static void check_bars(const struct rig *rig)
{
	for (unsigned int i = 0; i < PCI_BARS; i++) {
		const struct pci_bar *bar = &rig->cards[0].bars[i];

		ck_assert(!bar->mapped || pci_host_forwards(&rig->cards[0], bar, bar->addr));
	}
}

/* The guest writes anything into port and card, in any size, while the card comes and goes. */
START_TEST(anything_is_written)
{
	static struct rig rig;
	uint32_t random = (uint32_t)_i + 1;
	bool present = true;

	rig_begin(&rig);
	rig_fill(&rig);
	for (unsigned int i = 0; i < 20000; i++) {
		unsigned int devfn = PORT, bus = 0;
		uint32_t value;

		random = random * 1664525u + 1013904223u;
		if (random >> 30 == 0) {
			bus = rig.port->bridge.function.config[PCI_SECONDARY_BUS];
			devfn = 0;
		}
		value = random % 7 ? random * 2654435761u : 0xffffffff;
		set(&rig, bus, devfn, random >> 8 & 0x1ff, 1u << (random >> 16) % 4, value);
		get(&rig, bus, devfn, random >> 10 & 0xfff, 1u << (random >> 18) % 4);
		if (random % 1024 == 1)
			pci_root_port_ask(rig.port);
		if (random % 1024 == 5 && present)
			pci_root_port_report(&rig.cards[0], random >> 31);
		if (random % 512 == 3) {
			take_step(&rig, present ? GO : COME);
			present = !present;
		}
		check_bars(&rig);
	}
	calls_begin();
	rig_end(&rig);
}
END_TEST

/* A port that finds no I/O ports left forwards none. A card on the root bus has its own. */
START_TEST(io_ports_run_out)
{
	const struct pci_root_port_owner owner = { count_release, NULL };
	const unsigned int most = (unsigned int)(arch_layout.pci_io.size / 0x1000) - 1;
	static struct rig rig;
	static struct pci_function cards[14];
	struct pci_root_port *ports[UNIT_COUNT(cards)];
	struct stderr_text caught;
	unsigned int with = 0;

	rig_begin(&rig);
	pci_set_bar(&rig.cards[0], 0, 0x100, PCI_BASE_ADDRESS_SPACE_IO);
	ck_assert_int_eq(pci_host_add(&rig.host, &rig.cards[0]), 0);
	for (unsigned int i = 0; i < UNIT_COUNT(cards); i++) {
		ck_assert_int_eq(pci_root_port_add(&rig.host, &usual, &owner, &ports[i]), 0);
		card_init(&cards[i]);
		pci_set_bar(&cards[i], 0, 0x100, PCI_BASE_ADDRESS_SPACE_IO);
		pci_root_port_plug(ports[i], &cards[i], 0);
	}
	stderr_begin(&caught);
	rig_place(&rig);
	stderr_end(&caught);
	ck_assert_uint_ne(rig.cards[0].bars[0].assigned, 0);
	for (unsigned int i = 0; i < UNIT_COUNT(cards); i++)
		with += ports[i]->bridge.windows[PCI_WINDOW_IO].size > 0;
	ck_assert_uint_eq(with, most < UNIT_COUNT(cards) ? most : UNIT_COUNT(cards));
	if (with < UNIT_COUNT(cards))
		stderr_holds(&caught, "card: its root port has no I/O ports for BAR 0");
	rig_end(&rig);
}
END_TEST

/*
 * The port is at the place and has the name that it is given. The others leave the place alone.
 */
START_TEST(a_port_has_its_place)
{
	const struct pci_root_port_options placed = { "rp1", true, PCI_DEVFN(3, 1), true };
	const struct pci_root_port_owner owner = { count_release, NULL };
	static struct rig rig;
	struct pci_root_port *port, *next;
	struct stderr_text caught;

	rig_begin(&rig);
	pci_host_reserve(&rig.host, PCI_DEVFN(2, 0));
	pci_host_reserve(&rig.host, placed.devfn);
	ck_assert_int_eq(pci_root_port_add(&rig.host, &usual, &owner, &next), 0);
	ck_assert_uint_eq(next->bridge.function.devfn, PCI_DEVFN(4, 0));
	ck_assert_int_eq(pci_root_port_add(&rig.host, &placed, &owner, &port), 0);
	ck_assert_uint_eq(port->bridge.function.devfn, placed.devfn);
	ck_assert_uint_eq(port->bridge.number, 3);
	ck_assert_str_eq(port->bridge.function.name, "rp1");
	stderr_begin(&caught);
	ck_assert_int_eq(pci_root_port_add(&rig.host, &placed, &owner, &next), -EBUSY);
	stderr_end(&caught);
	stderr_holds(&caught, "take device number 3, function 1 on the PCI bus: rp1 is there");
	rig_place(&rig);
	rig_end(&rig);
}
END_TEST

/* Without hot-plug the port has a slot, but neither a button nor an interrupt. */
START_TEST(a_fixed_port)
{
	const struct pci_root_port_options fixed = { .fixed = true };
	const struct pci_root_port_owner owner = { count_release, NULL };
	static struct rig rig;
	struct pci_function *function;
	struct pci_root_port *port;

	rig_begin(&rig);
	ck_assert_int_eq(pci_root_port_add(&rig.host, &fixed, &owner, &port), 0);
	function = &port->bridge.function;
	pci_root_port_plug(port, &rig.cards[0], 0);
	pci_root_port_show(port, false);
	ck_assert_uint_eq(pci_get_long(function, port->cap + PCI_EXP_SLTCAP),
			  PCI_EXP_SLTCAP_NCCS | 2u << 19);
	ck_assert(pci_get_word(function, port->cap + PCI_EXP_SLTSTA) & PCI_EXP_SLTSTA_PDS);
	pthread_mutex_lock(&rig.host.bus.lock);
	pci_write_any(function, port->cap + PCI_EXP_SLTCTL, 2, 0xffff);
	pthread_mutex_unlock(&rig.host.bus.lock);
	ck_assert_uint_eq(pci_get_word(function, port->cap + PCI_EXP_SLTCTL),
			  PCI_EXP_SLTCTL_PWR_IND_ON);
	rig_place(&rig);
	rig_end(&rig);
}
END_TEST

/* There are as many ports as there are bus numbers and slots. One more gives a message. */
START_TEST(ports_run_out)
{
	const struct pci_root_port_owner owner = { count_release, NULL };
	static struct rig rig;
	struct pci_root_port *port;
	struct stderr_text caught;
	unsigned int count = 1;
	int ret = 0;

	rig_begin(&rig);
	stderr_begin(&caught);
	while (ret == 0) {
		ret = pci_root_port_add(&rig.host, &usual, &owner, &port);
		count += ret == 0;
	}
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOSPC);
	ck_assert_uint_ge(count, 15);
	ck_assert_uint_lt(count, pci_host_buses(&rig.host));
	rig_place(&rig);
	rig_end(&rig);
}
END_TEST

UNIT_MAIN("pci_root_port", { an_empty_port_has_these_registers, UNIT_COUNT(registers) },
	  { the_link_is_the_devices, 0 }, { atomics_are_those_of_all, 0 },
	  { the_bus_has_the_number_that_it_is_given, 0 }, { functions_stay_together, 0 },
	  { windows_are_sized_from_what_is_below, 0 }, { bars_follow_the_bridge, 0 },
	  { a_bus_reset_reaches_all_below, 0 }, { devices_come_and_go, UNIT_COUNT(lives) },
	  { a_slot_sends_messages, 0 }, { errors_are_shown_to_who_listens, UNIT_COUNT(failures) },
	  { errors_and_the_slot_send_a_message_each, 0 }, { a_device_that_left_is_gone, 0 },
	  { anything_is_written, 4 }, { a_device_larger_than_the_room, 0 },
	  { an_io_bar_goes_without, 0 }, { io_ports_run_out, 0 }, { a_port_has_its_place, 0 },
	  { a_fixed_port, 0 }, { ports_run_out, 0 })
