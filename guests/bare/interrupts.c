/* SPDX-License-Identifier: MIT */
/*
 * The test device's interrupts as they arrive at the CPU: MSI-X and the pin. MSI is in messages.c.
 */
#include "bare_irq.h"
#include "bare_pci.h"

#define ENTRY_ADDRESS 0u
#define ENTRY_DATA    8u
#define ENTRY_MASK    12u
#define VECTOR        2u /* the vector that is tried */
#define BOOTED        0xb0070001u

static struct bare_testdev dev;

static uint64_t table_entry(unsigned int vector)
{
	return dev.bar + TESTDEV_MSIX_TABLE + PCI_MSIX_ENTRY_SIZE * vector;
}

/* Write all entries, `VECTOR` unmasked or masked and the others masked. Then switch MSI-X on. */
static void start_msix(bool masked)
{
	dev = bare_testdev_start();
	bare_irq_start();
	for (unsigned int vector = 0; vector < TESTDEV_VECTORS; vector++) {
		uint64_t entry = table_entry(vector);

		write64(entry + ENTRY_ADDRESS, BARE_MSI_ADDRESS);
		write32(entry + ENTRY_DATA, BARE_VECTOR + vector);
		write32(entry + ENTRY_MASK, masked || vector != VECTOR);
	}
	write16(bare_testdev_config(&dev, dev.msix + PCI_MSIX_FLAGS), PCI_MSIX_FLAGS_ENABLE);
}

static void set_function_mask(bool masked)
{
	write16(bare_testdev_config(&dev, dev.msix + PCI_MSIX_FLAGS),
		PCI_MSIX_FLAGS_ENABLE | (masked ? PCI_MSIX_FLAGS_MASKALL : 0));
}

static uint32_t pending_bits(void)
{
	return read32(dev.bar + TESTDEV_MSIX_PBA);
}

static void expect_count(const char *what, unsigned int vector, unsigned int count)
{
	bare_irq_wait(vector, count);
	bare_irq_linger();
	bare_expect(what, bare_irq_count[vector], count);
}

static void check_msix(void)
{
	start_msix(false);
	for (unsigned int i = 1; i <= 3; i++) {
		bare_testdev_write(&dev, TESTDEV_TRIGGER, VECTOR);
		expect_count("interrupts", VECTOR, i);
	}
	bare_testdev_write(&dev, TESTDEV_TRIGGER, TESTDEV_VECTORS);
	bare_testdev_write(&dev, TESTDEV_TRIGGER, 0xffffffff);
	bare_irq_linger();
	bare_expect("interrupts of vectors that do not exist", bare_irq_count[VECTOR], 3);
	bare_expect("pending bits", pending_bits(), 0);
}

/* The interrupt ends hlt. Without it the guest never goes on. */
static void check_msix_wakes(void)
{
	start_msix(false);
	__asm__ volatile("cli");
	bare_testdev_write(&dev, TESTDEV_TRIGGER, VECTOR);
	bare_expect("interrupts behind cli", bare_irq_count[VECTOR], 0);
	__asm__ volatile("sti; hlt" : : : "memory");
	bare_expect("interrupts", bare_irq_count[VECTOR], 1);
}

/* The message is changed while the vector is on. */
static void check_msix_moves(void)
{
	start_msix(false);
	write32(table_entry(VECTOR) + ENTRY_DATA, BARE_VECTOR + 1);
	bare_testdev_write(&dev, TESTDEV_TRIGGER, VECTOR);
	expect_count("interrupts at the new vector", 1, 1);
	bare_expect("interrupts at the old vector", bare_irq_count[VECTOR], 0);
}

/* Masked twice over: by the entry, then by the function. Nothing is lost, nothing comes early. */
static void check_msix_masked(void)
{
	start_msix(true);
	bare_testdev_write(&dev, TESTDEV_TRIGGER, VECTOR);
	bare_irq_linger();
	bare_expect("interrupts while masked", bare_irq_count[VECTOR], 0);
	bare_expect("pending bits", pending_bits(), 1u << VECTOR);
	set_function_mask(true);
	write32(table_entry(VECTOR) + ENTRY_MASK, 0);
	bare_irq_linger();
	bare_expect("interrupts while the function is masked", bare_irq_count[VECTOR], 0);
	set_function_mask(false);
	expect_count("interrupts after unmasking", VECTOR, 1);
	bare_expect("pending bits afterwards", pending_bits(), 0);
}

/* The vector is in use already. However often it is raised while masked, it comes once. */
static void check_msix_remasked(void)
{
	start_msix(false);
	bare_testdev_write(&dev, TESTDEV_TRIGGER, VECTOR);
	expect_count("interrupts", VECTOR, 1);
	write32(table_entry(VECTOR) + ENTRY_MASK, 1);
	bare_testdev_write(&dev, TESTDEV_TRIGGER, VECTOR);
	bare_testdev_write(&dev, TESTDEV_TRIGGER, VECTOR);
	bare_irq_linger();
	bare_expect("interrupts while masked again", bare_irq_count[VECTOR], 1);
	bare_expect("pending bits", pending_bits(), 1u << VECTOR);
	write32(table_entry(VECTOR) + ENTRY_MASK, 0);
	expect_count("interrupts after unmasking", VECTOR, 2);
}

/*
 * Mask and unmask pair after pair, around nothing and around an interrupt. Then so many
 * interrupts come that minivmm takes its faster way again. Then all of it once more.
 */
static void check_msix_pairs(void)
{
	unsigned int count = 0;

	start_msix(false);
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 30; i++) {
			write32(table_entry(VECTOR) + ENTRY_MASK, 1);
			if (i % 3 == 0)
				bare_testdev_write(&dev, TESTDEV_TRIGGER, VECTOR);
			bare_expect("pending bits", pending_bits(), i % 3 ? 0 : 1u << VECTOR);
			bare_expect("interrupts so far", bare_irq_count[VECTOR], count);
			write32(table_entry(VECTOR) + ENTRY_MASK, 0);
			count += i % 3 == 0;
			bare_irq_wait(VECTOR, count);
		}
		for (unsigned int i = 0; i < 20; i++) {
			bare_testdev_write(&dev, TESTDEV_TRIGGER, VECTOR);
			bare_irq_wait(VECTOR, ++count);
		}
		bare_expect("interrupts", bare_irq_count[VECTOR], count);
	}
	bare_irq_linger();
	bare_expect("interrupts in the end", bare_irq_count[VECTOR], count);
	bare_expect("pending bits in the end", pending_bits(), 0);
}

static void check_msix_off(void)
{
	start_msix(false);
	write16(bare_testdev_config(&dev, PCI_COMMAND), PCI_COMMAND_MEMORY);
	bare_testdev_write(&dev, TESTDEV_TRIGGER, VECTOR);
	bare_irq_linger();
	bare_expect("interrupts without bus mastering", bare_irq_count[VECTOR], 0);
	write16(bare_testdev_config(&dev, dev.msix + PCI_MSIX_FLAGS), 0);
	write16(bare_testdev_config(&dev, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	bare_testdev_write(&dev, TESTDEV_TRIGGER, VECTOR);
	bare_irq_linger();
	bare_expect("interrupts with MSI-X off", bare_irq_count[VECTOR], 0);
	write16(bare_testdev_config(&dev, dev.msix + PCI_MSIX_FLAGS), PCI_MSIX_FLAGS_ENABLE);
	bare_testdev_write(&dev, TESTDEV_TRIGGER, VECTOR);
	expect_count("interrupts with MSI-X on again", VECTOR, 1);
}

/* The first two times the pin is left asserted, so the interrupt comes back by itself. */
static void acknowledge_third(void)
{
	if (bare_irq_count[0] >= 3)
		bare_testdev_write(&dev, TESTDEV_STATUS, TESTDEV_STATUS_INTX);
}

/* At least `count`: some KVMs deliver one more after the acknowledgement. Then no more. */
static void expect_quiet_after(unsigned int count)
{
	unsigned int taken;

	bare_irq_wait(0, count);
	bare_irq_linger();
	taken = bare_irq_count[0];
	bare_expect("interrupts", taken < count ? taken : count, count);
	bare_irq_linger();
	bare_expect("interrupts after acknowledging", bare_irq_count[0], taken);
	bare_expect("status", bare_testdev_read(&dev, TESTDEV_STATUS), 0);
}

static void check_pin(void)
{
	unsigned int taken;

	dev = bare_testdev_start();
	bare_irq_start();
	bare_irq_hook = acknowledge_third;
	bare_irq_open_pin(dev.gsi);
	bare_testdev_write(&dev, TESTDEV_TRIGGER, 0);
	expect_quiet_after(3);
	taken = bare_irq_count[0];
	bare_testdev_write(&dev, TESTDEV_TRIGGER, 0);
	expect_quiet_after(taken + 1);
}

/* The status bit tells of the interrupt even while the COMMAND register keeps the pin quiet. */
static void check_pin_disabled(void)
{
	uint64_t command;

	dev = bare_testdev_start();
	command = bare_testdev_config(&dev, PCI_COMMAND);
	bare_irq_start();
	bare_irq_open_pin(dev.gsi);
	write16(command, PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
	bare_testdev_write(&dev, TESTDEV_TRIGGER, 0);
	bare_irq_linger();
	bare_expect("interrupts while disabled", bare_irq_count[0], 0);
	bare_expect("interrupt status", read16(command + 2) & PCI_STATUS_INTERRUPT,
		    PCI_STATUS_INTERRUPT);
	bare_testdev_write(&dev, TESTDEV_STATUS, TESTDEV_STATUS_INTX);
	bare_expect("interrupt status afterwards", read16(command + 2) & PCI_STATUS_INTERRUPT, 0);
	write16(command, PCI_COMMAND_MEMORY);
	bare_irq_linger();
	bare_expect("interrupts after acknowledging", bare_irq_count[0], 0);
}

/*
 * Leave the device in the middle of everything: each way to interrupt switched on, its BAR moved,
 * a copy refused.
 */
static void disturb(void)
{
	start_msix(true);
	bare_testdev_write(&dev, TESTDEV_TRIGGER, VECTOR);
	write32(table_entry(VECTOR) + ENTRY_MASK, 0);
	bare_testdev_write(&dev, TESTDEV_SCRATCH, 1);
	bare_testdev_write(&dev, TESTDEV_LENGTH, TESTDEV_LENGTH_MAX + 1);
	bare_testdev_write(&dev, TESTDEV_COMMAND, TESTDEV_COMMAND_COPY);
	write16(bare_testdev_config(&dev, dev.msix + PCI_MSIX_FLAGS), 0);
	bare_testdev_write(&dev, TESTDEV_TRIGGER, 0);
	bare_expect("status", bare_testdev_read(&dev, TESTDEV_STATUS),
		    TESTDEV_STATUS_INTX | TESTDEV_STATUS_FAILED);
	write16(bare_testdev_config(&dev, dev.msix + PCI_MSIX_FLAGS), PCI_MSIX_FLAGS_ENABLE);
	write32(bare_testdev_config(&dev, dev.msi + PCI_MSI_ADDRESS_LO), BARE_MSI_ADDRESS);
	write16(bare_testdev_config(&dev, dev.msi + PCI_MSI_FLAGS), PCI_MSI_FLAGS_ENABLE);
	write32(bare_testdev_config(&dev, PCI_BASE_ADDRESS_0), BARE_MMIO_FREE);
}

static void expect_power_on(void)
{
	dev = bare_testdev_find();
	bare_expect("COMMAND", read16(bare_testdev_config(&dev, PCI_COMMAND)), 0);
	bare_expect("place of the BAR", dev.bar != BARE_MMIO_FREE, 1);
	bare_expect("MSI-X control", read16(bare_testdev_config(&dev, dev.msix + PCI_MSIX_FLAGS)),
		    TESTDEV_VECTORS - 1);
	bare_expect("MSI control",
		    read16(bare_testdev_config(&dev, dev.msi + PCI_MSI_FLAGS)) &
			    (PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE),
		    0);
	bare_expect("MSI address", read32(bare_testdev_config(&dev, dev.msi + PCI_MSI_ADDRESS_LO)),
		    0);
	dev = bare_testdev_start();
	bare_irq_start();
	bare_irq_open_pin(dev.gsi);
	bare_irq_linger();
	bare_expect("interrupts on the pin", bare_irq_count[0], 0);
	bare_expect("status", bare_testdev_read(&dev, TESTDEV_STATUS), 0);
	bare_expect("scratch register", bare_testdev_read(&dev, TESTDEV_SCRATCH), 0);
	bare_expect("table entry", read32(table_entry(VECTOR) + ENTRY_DATA), 0);
	bare_expect("its mask", read32(table_entry(VECTOR) + ENTRY_MASK), 1);
}

/* The first boot disturbs the device and resets the machine; the second looks, and tries it. */
static void check_reset(void)
{
	if (read32(BARE_UNTOUCHED) != BOOTED) {
		write32(BARE_UNTOUCHED, BOOTED);
		disturb();
		outb(BARE_RESET, 1);
		bare_halt();
	}
	expect_power_on();
	check_msix();
}

const struct bare_check bare_checks[] = {
	{ "msix", check_msix },
	{ "msix_wakes", check_msix_wakes },
	{ "msix_moves", check_msix_moves },
	{ "msix_masked", check_msix_masked },
	{ "msix_remasked", check_msix_remasked },
	{ "reset", check_reset },
	{ "msix_pairs", check_msix_pairs },
	{ "msix_off", check_msix_off },
	{ "pin", check_pin },
	{ "pin_disabled", check_pin_disabled },
	{ NULL, NULL },
};
