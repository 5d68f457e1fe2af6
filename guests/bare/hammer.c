/* SPDX-License-Identifier: MIT */
/*
 * One CPU resets a device and puts it to sleep again and again, while the others use its memory
 * and its configuration space without a pause. Needs a device with a memory BAR 0, an MSI
 * capability, power states and a function-level reset.
 */
#include "bare_irq.h"
#include "walk_space.h"

#define HAMMER_ROUNDS 40u
#define HAMMER_BAR    BARE_MMIO_FREE
#define HAMMER_DECODE (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)
#define HAMMER_WORD   0x600df00du
#define HAMMER_PLACE  0x800u /* in the BAR, where the other CPUs do not write */

static volatile unsigned int hammer_hits;
static volatile bool hammer_over;
static unsigned int hammer_pm, hammer_exp, hammer_msi;

/* The values that these reads give do not matter: none may stop a CPU, or the machine. */
void bare_cpu_main(unsigned int number)
{
	(void)number;
	while (!hammer_over) {
		write32(HAMMER_BAR, hammer_hits);
		read32(HAMMER_BAR + 0x100);
		walk_read(hammer_pm + PCI_PM_CTRL, 2);
		walk_write(PCI_INTERRUPT_LINE, 1, 7);
		walk_write(PCI_COMMAND, 2, HAMMER_DECODE);
		hammer_hits++;
	}
	bare_halt();
}

static void hammer_wait(unsigned int more)
{
	unsigned int before = hammer_hits;

	while (hammer_hits - before < more)
		continue;
}

static void hammer_open(void)
{
	walk_write(PCI_BASE_ADDRESS_0, 4, HAMMER_BAR);
	walk_write(PCI_COMMAND, 2, HAMMER_DECODE);
}

static void hammer_sleep(void)
{
	walk_write(hammer_pm + PCI_PM_CTRL, 2, 3);
	hammer_wait(2);
	walk_write(hammer_pm + PCI_PM_CTRL, 2, 0);
	hammer_wait(2);
}

static void hammer_reset(void)
{
	walk_write(hammer_exp + PCI_EXP_DEVCTL, 2,
		   walk_read(hammer_exp + PCI_EXP_DEVCTL, 2) | PCI_EXP_DEVCTL_BCR_FLR);
	hammer_wait(2);
	hammer_open();
	hammer_wait(2);
}

static void hammer_messages(void)
{
	uint32_t flags = walk_read(hammer_msi + PCI_MSI_FLAGS, 2);

	walk_write(hammer_msi + PCI_MSI_ADDRESS_LO, 4, 0xfee00000);
	walk_write(hammer_msi + PCI_MSI_FLAGS, 2, flags | PCI_MSI_FLAGS_ENABLE);
	hammer_wait(1);
	walk_write(hammer_msi + PCI_MSI_FLAGS, 2, flags & ~(uint32_t)PCI_MSI_FLAGS_ENABLE);
}

/* Returns false, after a line, if there is no device. */
static bool hammer_begin(void)
{
	if (!walk_begin())
		return false;
	hammer_pm = walk_find(PCI_CAP_ID_PM);
	hammer_exp = walk_find(PCI_CAP_ID_EXP);
	hammer_msi = walk_find(PCI_CAP_ID_MSI);
	bare_expect("a device that can do it all", hammer_pm && hammer_exp && hammer_msi, 1);
	hammer_open();
	return true;
}

static void hammer_rounds(void)
{
	bare_start_cpus();
	for (unsigned int round = 0; round < HAMMER_ROUNDS; round++) {
		hammer_sleep();
		hammer_messages();
		hammer_reset();
	}
	hammer_over = true;
	hammer_open();
	walk_tell_one("hits", 0, hammer_hits != 0);
}

static void hammer_all(void)
{
	if (!hammer_begin())
		return;
	hammer_rounds();
	write32(HAMMER_BAR + HAMMER_PLACE, HAMMER_WORD);
	bare_expect("memory afterwards", read32(HAMMER_BAR + HAMMER_PLACE), HAMMER_WORD);
}

/* For a device whose BAR is not memory: the register at this offset reads the same afterwards. */
static void hammer_register(void)
{
	unsigned int at = (unsigned int)bare_argument();
	uint32_t before;

	if (!hammer_begin())
		return;
	before = read32(HAMMER_BAR + at);
	bare_expect("an answer before", before != UINT32_MAX, 1);
	hammer_rounds();
	bare_expect("the register afterwards", read32(HAMMER_BAR + at), before);
}

const struct bare_check bare_checks[] = {
	{ "all", hammer_all },
	{ "register", hammer_register },
	{ NULL, NULL },
};
