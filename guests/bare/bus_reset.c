/* SPDX-License-Identifier: MIT */
/*
 * Resets of more than one function: of the bus below a root port, again and again, while other CPUs
 * use what is on it; and of the whole machine, many times, with every device switched on before.
 */
#include <linux/pci_regs.h>

#include "bare_irq.h"
#include "bare_pci.h"

#define BUS_ROUNDS    40u
#define BUS_FUNCTIONS 256u
#define BUS_DECODE    (PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)
#define BUS_MAPPED    0x200000000ull /* the guest's page tables end here */
#define BUS_CAPS_MAX  48u

#define BOOT_WORD  BARE_UNTOUCHED
#define BOOT_MAGIC 0xb0070000u
#define BOOT_EARLY 5u /* by then all has been allocated that ever will be */

#define SERIAL_STATUS (BARE_SERIAL + 5)
#define SERIAL_READY  1u

/* A function: its configuration space, and where its first BAR is if that is memory, or 0. */
struct bus_function {
	uint64_t space, bar;
	uint32_t class_revision;
};

static struct bus_function functions[BUS_FUNCTIONS];
static unsigned int function_count;
static volatile unsigned int hits;
static volatile bool over;

/* ---- who is there ---- */

static uint64_t bus_space(unsigned int bus, unsigned int devfn)
{
	return BARE_ECAM + (bus << 20 | devfn << 12);
}

static bool is_bridge(uint64_t space)
{
	return (read8(space + PCI_HEADER_TYPE) & 0x7f) == PCI_HEADER_TYPE_BRIDGE;
}

static uint64_t find_bar(uint64_t space)
{
	uint32_t low = read32(space + PCI_BASE_ADDRESS_0);
	uint64_t address = low & (uint32_t)PCI_BASE_ADDRESS_MEM_MASK;

	if (low & PCI_BASE_ADDRESS_SPACE_IO)
		return 0;
	if (low & PCI_BASE_ADDRESS_MEM_TYPE_64)
		address |= (uint64_t)read32(space + PCI_BASE_ADDRESS_1) << 32;
	return address < BUS_MAPPED ? address : 0;
}

static void find_on_bus(unsigned int bus)
{
	for (unsigned int devfn = 0; devfn < BUS_FUNCTIONS; devfn++) {
		uint64_t space = bus_space(bus, devfn);

		if (read16(space + PCI_VENDOR_ID) == 0xffff || (bus == 0 && devfn == 0) ||
		    function_count == BUS_FUNCTIONS)
			continue;
		if (is_bridge(space)) {
			write16(space + PCI_COMMAND, BUS_DECODE);
			find_on_bus(read8(space + PCI_SECONDARY_BUS));
			continue;
		}
		functions[function_count++] =
			(struct bus_function){ space, find_bar(space),
					       read32(space + PCI_CLASS_REVISION) };
	}
}

static unsigned int find_capability(uint64_t space, uint8_t id)
{
	unsigned int offset = read8(space + PCI_CAPABILITY_LIST) & ~3u;

	if (!(read16(space + PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	for (unsigned int i = 0; i < BUS_CAPS_MAX && offset >= PCI_STD_HEADER_SIZEOF; i++) {
		if (read8(space + offset) == id)
			return offset;
		offset = read8(space + offset + PCI_CAP_LIST_NEXT) & ~3u;
	}
	return 0;
}

/* All-ones is how a device reads that is not there any more. */
static void expect_all_whole(void)
{
	for (unsigned int i = 0; i < function_count; i++) {
		const struct bus_function *function = &functions[i];

		bare_expect("class", read32(function->space + PCI_CLASS_REVISION),
			    function->class_revision);
		bare_expect("where BAR 0 is", find_bar(function->space), function->bar);
	}
}

/* ---- the bus below the first port ---- */

/* The values that these reads give do not matter: none may stop a CPU, or the machine. */
void bare_cpu_main(unsigned int number)
{
	(void)number;
	while (!over) {
		for (unsigned int i = 0; i < function_count; i++) {
			const struct bus_function *function = &functions[i];

			write16(function->space + PCI_COMMAND, BUS_DECODE);
			write8(function->space + PCI_INTERRUPT_LINE, 7);
			if (function->bar) {
				write32(function->bar + 0x10, hits);
				read32(function->bar);
				read8(function->bar + 0x800);
			}
		}
		hits++;
	}
	bare_halt();
}

static void wait_for_hits(unsigned int more)
{
	unsigned int before = hits;

	while (hits - before < more)
		continue;
}

static uint64_t find_port(void)
{
	for (unsigned int slot = 1; slot < BARE_PCI_SLOTS; slot++)
		if (read16(bare_ecam(slot, PCI_VENDOR_ID)) != 0xffff &&
		    is_bridge(bare_ecam(slot, 0)))
			return bare_ecam(slot, 0);
	bare_print("bad PCI bus: no root port\n");
	bare_poweroff();
}

/* PCI Express Base 7.5.1.3.13: Secondary Bus Reset. */
static void reset_bus(uint64_t port)
{
	uint16_t control = read16(port + PCI_BRIDGE_CONTROL);

	write16(port + PCI_BRIDGE_CONTROL, control | PCI_BRIDGE_CTL_BUS_RESET);
	write16(port + PCI_BRIDGE_CONTROL, control);
}

/* The other CPUs switch decoding on again: right after the reset, or with a pause. */
static void check_bus(void)
{
	uint64_t port = find_port(), argument = bare_argument();
	unsigned int rounds = argument ? (unsigned int)argument : BUS_ROUNDS;

	find_on_bus(0);
	bare_expect("a device below the port", function_count != 0, 1);
	bare_start_cpus();
	for (unsigned int round = 0; round < rounds; round++) {
		wait_for_hits(1 + round % 3);
		reset_bus(port);
	}
	wait_for_hits(2);
	over = true;
	reset_bus(port);
	expect_all_whole();
	bare_print("resets ");
	bare_print_hex(rounds);
	bare_print("\n");
}

/* ---- reboots ---- */

static void switch_message_on(uint64_t space, uint8_t id, unsigned int flags, uint16_t enable)
{
	unsigned int cap = find_capability(space, id);

	if (cap)
		write16(space + cap + flags, read16(space + cap + flags) | enable);
}

/* As a driver leaves it: decoding, a master, its interrupts by messages. Some are left asleep. */
static void use(const struct bus_function *function, bool asleep)
{
	unsigned int pm = find_capability(function->space, PCI_CAP_ID_PM);

	bare_expect("an answer", function->class_revision != UINT32_MAX, 1);
	write16(function->space + PCI_COMMAND, BUS_DECODE);
	if (function->bar)
		read32(function->bar);
	switch_message_on(function->space, PCI_CAP_ID_MSI, PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE);
	switch_message_on(function->space, PCI_CAP_ID_MSIX, PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
	if (pm && asleep)
		write16(function->space + pm + PCI_PM_CTRL, 3);
}

/* RAM outlives a reset, so the boots are counted in it. */
static unsigned int this_boot(void)
{
	uint32_t word = read32(BOOT_WORD);
	unsigned int boot = (word >> 16 == BOOT_MAGIC >> 16 ? word & 0xffff : 0) + 1;

	write32(BOOT_WORD, BOOT_MAGIC | boot);
	return boot;
}

/* Whoever watches has time to look, and lets the guest go on by a byte. */
static void stand_still(unsigned int boot)
{
	bare_print("standing ");
	bare_print_hex(boot);
	bare_print(" with ");
	bare_print_hex(function_count);
	bare_print("\n");
	while (!(inb(SERIAL_STATUS) & SERIAL_READY))
		continue;
	inb(BARE_SERIAL);
}

static void check_boots(void)
{
	unsigned int boots = (unsigned int)bare_argument(), boot = this_boot();

	find_on_bus(0);
	bare_expect("a device", function_count != 0, 1);
	for (unsigned int i = 0; i < function_count; i++)
		use(&functions[i], (boot + i) % 4 == 0 && boot != BOOT_EARLY && boot < boots);
	if (boot == BOOT_EARLY || boot >= boots)
		stand_still(boot);
	if (boot >= boots)
		return;
	outb(BARE_RESET, 1);
	bare_halt();
}

const struct bare_check bare_checks[] = {
	{ "bus", check_bus },
	{ "boots", check_boots },
	{ NULL, NULL },
};
