/* SPDX-License-Identifier: MIT */
/*
 * The test device's MSI as it arrives at the CPU, and the changes between the pin, MSI and MSI-X.
 */
#include "bare_irq.h"
#include "bare_pci.h"

#define WIDE_MASKABLE (PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT)
#define ENABLE        PCI_MSI_FLAGS_ENABLE
#define QUEUE(n)      ((n) << 4) /* use 2^n vectors */
#define ROUNDS        20u

static struct bare_testdev dev;

static uint64_t msi_register(unsigned int reg)
{
	return bare_testdev_config(&dev, dev.msi + reg);
}

static void set_control(unsigned int bits)
{
	write16(msi_register(PCI_MSI_FLAGS), (uint16_t)bits);
}

static uint32_t pending_bits(void)
{
	return read32(msi_register(PCI_MSI_PENDING_64));
}

static void set_mask(uint32_t mask)
{
	write32(msi_register(PCI_MSI_MASK_64), mask);
}

static void raise(unsigned int vector)
{
	bare_testdev_write(&dev, TESTDEV_TRIGGER, vector);
}

static void expect_count(const char *what, unsigned int vector, unsigned int count)
{
	bare_irq_wait(vector, count);
	bare_irq_linger();
	bare_expect(what, bare_irq_count[vector], count);
}

/*
 * BARE_VECTOR is a multiple of four because the device puts the number of the message into the
 * lowest bits of the vector.
 */
static void start(void)
{
	dev = bare_testdev_start();
	bare_irq_start();
	write32(msi_register(PCI_MSI_ADDRESS_LO), BARE_MSI_ADDRESS);
	write32(msi_register(PCI_MSI_ADDRESS_HI), 0);
	write16(msi_register(PCI_MSI_DATA_64), BARE_VECTOR);
}

/* With one vector, every interrupt of the device comes by it. */
static void check_msi(void)
{
	start();
	set_control(ENABLE);
	for (unsigned int i = 1; i <= 3; i++) {
		raise(0);
		expect_count("interrupts", 0, i);
	}
	raise(3);
	expect_count("interrupts of the only vector", 0, 4);
	raise(TESTDEV_VECTORS);
	raise(0xffffffff);
	bare_irq_linger();
	bare_expect("interrupts of vectors that do not exist", bare_irq_count[0], 4);
	bare_expect("interrupts elsewhere", bare_irq_count[3], 0);
}

static void check_msi_wakes(void)
{
	start();
	set_control(ENABLE);
	__asm__ volatile("cli");
	raise(0);
	bare_expect("interrupts behind cli", bare_irq_count[0], 0);
	__asm__ volatile("sti; hlt" : : : "memory");
	bare_expect("interrupts", bare_irq_count[0], 1);
}

/*
 * First all four vectors, each with a number of its own; then two, which the four interrupts
 * share.
 */
static void check_multi(void)
{
	start();
	set_control(ENABLE | QUEUE(2));
	for (unsigned int vector = 0; vector < TESTDEV_VECTORS; vector++) {
		raise(vector);
		expect_count("interrupts of a vector", vector, 1);
	}
	set_control(0);
	set_control(ENABLE | QUEUE(1));
	raise(2);
	raise(3);
	expect_count("interrupts of vector 0, shared with 2", 0, 2);
	expect_count("interrupts of vector 1, shared with 3", 1, 2);
	bare_expect("interrupts of vector 2", bare_irq_count[2], 1);
}

/*
 * Ask for more vectors than the device offers, and for the reserved numbers. The device grants
 * what it has, and says so.
 */
static void check_queue_clamped(void)
{
	start();
	bare_expect("control", read16(msi_register(PCI_MSI_FLAGS)), WIDE_MASKABLE | 2 << 1);
	for (unsigned int queue = 3; queue < 8; queue++) {
		set_control(QUEUE(queue));
		bare_expect("control afterwards", read16(msi_register(PCI_MSI_FLAGS)),
			    WIDE_MASKABLE | 2 << 1 | QUEUE(2));
	}
	set_control(ENABLE | QUEUE(7));
	raise(3);
	expect_count("interrupts of vector 3", 3, 1);
}

static void check_masked(void)
{
	start();
	set_mask(0xffffffff);
	bare_expect("mask", read32(msi_register(PCI_MSI_MASK_64)), 0xf);
	set_control(ENABLE | QUEUE(2));
	raise(2);
	raise(2);
	raise(1);
	bare_irq_linger();
	bare_expect("interrupts while masked", bare_irq_count[1] + bare_irq_count[2], 0);
	bare_expect("pending bits", pending_bits(), 1u << 1 | 1u << 2);
	set_mask(1u << 1);
	expect_count("interrupts after unmasking", 2, 1);
	bare_expect("interrupts of the other", bare_irq_count[1], 0);
	bare_expect("pending bits of the other", pending_bits(), 1u << 1);
	set_mask(0);
	expect_count("interrupts of the other after unmasking", 1, 1);
	bare_expect("pending bits afterwards", pending_bits(), 0);
}

/* The message is changed while MSI is on. All its vectors move. */
static void check_moves(void)
{
	start();
	write16(msi_register(PCI_MSI_DATA_64), BARE_VECTOR + 2);
	set_control(ENABLE | QUEUE(1));
	raise(1);
	expect_count("interrupts", 3, 1);
	write16(msi_register(PCI_MSI_DATA_64), BARE_VECTOR);
	raise(1);
	expect_count("interrupts at the new vector", 1, 1);
	bare_expect("interrupts at the old vector", bare_irq_count[3], 1);
}

/* MSI-X with one vector, which arrives as BARE_VECTOR + 3. */
static void set_msix(bool on)
{
	uint64_t entry = dev.bar + TESTDEV_MSIX_TABLE;

	write64(entry, BARE_MSI_ADDRESS);
	write64(entry + PCI_MSIX_ENTRY_DATA, BARE_VECTOR + 3);
	write16(bare_testdev_config(&dev, dev.msix + PCI_MSIX_FLAGS),
		on ? PCI_MSIX_FLAGS_ENABLE : 0);
}

static void acknowledge(void)
{
	bare_testdev_write(&dev, TESTDEV_STATUS, TESTDEV_STATUS_INTX);
}

/* At least one: some KVMs deliver one more after the acknowledgement. */
static void expect_pin(void)
{
	unsigned int before = bare_irq_count[0];

	raise(0);
	bare_irq_wait(0, before + 1);
	bare_irq_linger();
	bare_expect("an interrupt by the pin", bare_irq_count[0] > before, 1);
	bare_expect("status", bare_testdev_read(&dev, TESTDEV_STATUS), 0);
}

/* Switch back and forth as drivers do. The pin is what is left when the others are off. */
static void check_kinds(void)
{
	start();
	write16(msi_register(PCI_MSI_DATA_64), BARE_VECTOR + 2);
	bare_irq_hook = acknowledge;
	bare_irq_open_pin(dev.gsi);
	for (unsigned int round = 1; round <= ROUNDS; round++) {
		expect_pin();
		set_control(ENABLE);
		raise(0);
		expect_count("interrupts by MSI", 2, round);
		set_control(0);
		expect_pin();
		set_msix(true);
		raise(0);
		expect_count("interrupts by MSI-X", 3, round);
		set_msix(false);
	}
}

/* No driver does this. The device stays with MSI-X, and falls back when that is switched off. */
static void check_both(void)
{
	start();
	write16(msi_register(PCI_MSI_DATA_64), BARE_VECTOR + 2);
	set_control(ENABLE);
	set_msix(true);
	raise(0);
	expect_count("interrupts by MSI-X", 3, 1);
	bare_expect("interrupts by MSI meanwhile", bare_irq_count[2], 0);
	set_msix(false);
	raise(0);
	expect_count("interrupts by MSI", 2, 1);
	bare_expect("interrupts by MSI-X afterwards", bare_irq_count[3], 1);
}

const struct bare_check bare_checks[] = {
	{ "msi", check_msi },
	{ "msi_wakes", check_msi_wakes },
	{ "multi", check_multi },
	{ "queue_clamped", check_queue_clamped },
	{ "masked", check_masked },
	{ "moves", check_moves },
	{ "kinds", check_kinds },
	{ "both", check_both },
	{ NULL, NULL },
};
