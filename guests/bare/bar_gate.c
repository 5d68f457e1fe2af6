/* SPDX-License-Identifier: MIT */
/*
 * One CPU reads a device's first register without a pause. The other CPU switches the device's
 * memory off and on, moves its BAR, and puts the device to sleep. A read gives the register or
 * all-ones, and nothing else happens.
 *
 * Works with any device in slot 1 whose BAR 0 is memory and whose first register always reads the
 * same: the test device, or one passed through. The argument is the number of rounds.
 */
#include "bare_irq.h"
#include "bare_pci.h"

#define SLOT   1u
#define NOBODY 0xffffffffu
#define ROUNDS 100u

static uint64_t bar, bar_register;
static uint32_t value; /* of the first register */
static volatile uint64_t bar_now;
static volatile bool hammering, hammer_end;
static volatile unsigned int seen_value, seen_nobody;

static void place_bar(uint64_t address)
{
	write32(bar_register, (uint32_t)address);
	if (read32(bar_register) & PCI_BASE_ADDRESS_MEM_TYPE_64)
		write32(bar_register + 4, (uint32_t)(address >> 32));
}

static uint64_t find_bar(void)
{
	uint32_t low = read32(bar_register);
	uint64_t address = low & (uint32_t)PCI_BASE_ADDRESS_MEM_MASK;

	if (low & PCI_BASE_ADDRESS_MEM_TYPE_64)
		address |= (uint64_t)read32(bar_register + 4) << 32;
	return address;
}

static uint64_t bar_size(void)
{
	uint32_t low;

	write16(bare_ecam(SLOT, PCI_COMMAND), 0);
	write32(bar_register, NOBODY);
	low = read32(bar_register) & (uint32_t)PCI_BASE_ADDRESS_MEM_MASK;
	place_bar(bar);
	return (uint64_t)-low & NOBODY;
}

/* The other CPU runs this. It reads one address at a time, which may be where the BAR was. */
void bare_cpu_main(unsigned int number)
{
	(void)number;
	hammering = true;
	while (!hammer_end) {
		uint32_t now = read32(bar_now);

		if (now == value)
			seen_value++;
		else if (now == NOBODY)
			seen_nobody++;
		else
			bare_expect("a read in between", now, value);
	}
	hammering = false;
	bare_halt();
}

static void start_hammer(void)
{
	bar_register = bare_ecam(SLOT, PCI_BASE_ADDRESS_0);
	bar = bar_now = find_bar();
	write16(bare_ecam(SLOT, PCI_COMMAND), PCI_COMMAND_MEMORY);
	value = read32(bar);
	bare_expect("a register that tells", value != NOBODY, 1);
	bare_start_cpus();
	while (!hammering)
		inb(BARE_PORT_FREE);
}

/* Both answers must have come, or nothing happened in between. */
static void stop_hammer(void)
{
	for (unsigned int i = 0; i < 100000 && !(seen_value && seen_nobody); i++)
		inb(BARE_PORT_FREE);
	hammer_end = true;
	while (hammering)
		inb(BARE_PORT_FREE);
	bare_expect("the register was read", seen_value != 0, 1);
	bare_expect("nobody answered", seen_nobody != 0, 1);
}

static unsigned int rounds(void)
{
	return bare_argument() ? (unsigned int)bare_argument() : ROUNDS;
}

static void check_command(void)
{
	uint64_t command = bare_ecam(SLOT, PCI_COMMAND);

	start_hammer();
	for (unsigned int i = rounds(); i--;) {
		write16(command, 0);
		bare_expect("switched off", read32(bar), NOBODY);
		write16(command, PCI_COMMAND_MEMORY);
		bare_expect("switched on", read32(bar), value);
	}
	write16(command, 0);
	stop_hammer();
}

static void check_move(void)
{
	uint64_t home, size;

	bar_register = bare_ecam(SLOT, PCI_BASE_ADDRESS_0);
	bar = home = find_bar();
	size = bar_size();
	start_hammer();
	for (unsigned int i = rounds(); i--;) {
		uint64_t there = home + size * (1 + i % 8);

		place_bar(there);
		bare_expect("moved there", read32(there), value);
		if (i % 2)
			bar_now = there;
		place_bar(home);
		bare_expect("moved home", read32(home), value);
		bar_now = home;
	}
	place_bar(home + size);
	stop_hammer();
}

static unsigned int find_pm(void)
{
	unsigned int offset = read8(bare_ecam(SLOT, PCI_CAPABILITY_LIST));

	while (offset && read8(bare_ecam(SLOT, offset)) != PCI_CAP_ID_PM)
		offset = read8(bare_ecam(SLOT, offset + PCI_CAP_LIST_NEXT));
	bare_expect("power management", offset != 0, 1);
	return offset;
}

static void check_sleep(void)
{
	uint64_t control = bare_ecam(SLOT, find_pm() + PCI_PM_CTRL);

	start_hammer();
	for (unsigned int i = rounds(); i--;) {
		write16(control, 3);
		bare_expect("asleep", read32(bar), NOBODY);
		write16(control, 0);
		/* A device that resets itself when it wakes has its memory off then. */
		write16(bare_ecam(SLOT, PCI_COMMAND), PCI_COMMAND_MEMORY);
		bare_expect("awake", read32(bar), value);
	}
	write16(control, 3);
	stop_hammer();
}

const struct bare_check bare_checks[] = {
	{ "command", check_command },
	{ "move", check_move },
	{ "sleep", check_sleep },
	{ NULL, NULL },
};
