/* SPDX-License-Identifier: MIT */
/* The test device reads and writes the guest's RAM. It refuses what is not RAM. */
#include "bare_irq.h"
#include "bare_pci.h"

#define SOURCE BARE_UNTOUCHED
#define TARGET (BARE_UNTOUCHED + 0x3001) /* on another page, and unaligned */
#define LENGTH 24u
#define GUARD  0xeeeeeeeeeeeeeeeeull

static void copy(const struct bare_testdev *dev, uint64_t source, uint64_t target, uint32_t length,
		 uint32_t flags)
{
	bare_testdev_write(dev, TESTDEV_SOURCE_LOW, (uint32_t)source);
	bare_testdev_write(dev, TESTDEV_SOURCE_HIGH, (uint32_t)(source >> 32));
	bare_testdev_write(dev, TESTDEV_TARGET_LOW, (uint32_t)target);
	bare_testdev_write(dev, TESTDEV_TARGET_HIGH, (uint32_t)(target >> 32));
	bare_testdev_write(dev, TESTDEV_LENGTH, length);
	bare_testdev_write(dev, TESTDEV_COMMAND, TESTDEV_COMMAND_COPY | flags);
}

static void expect_copied(void)
{
	for (unsigned int i = 0; i < LENGTH; i += 8)
		bare_expect("copied word", read64(TARGET + i), 0x1111111111111111ull + i);
	bare_expect("word before", read64(TARGET - 8), GUARD);
	bare_expect("word behind", read64(TARGET + LENGTH), GUARD);
}

static void check_copy(void)
{
	struct bare_testdev dev = bare_testdev_start();

	for (unsigned int i = 0; i < LENGTH; i += 8)
		write64(SOURCE + i, 0x1111111111111111ull + i);
	write64(TARGET - 8, GUARD);
	write64(TARGET + LENGTH, GUARD);
	copy(&dev, SOURCE, TARGET, LENGTH, 0);
	bare_expect("status", bare_testdev_read(&dev, TESTDEV_STATUS), TESTDEV_STATUS_COPIED);
	expect_copied();
	bare_testdev_write(&dev, TESTDEV_STATUS, TESTDEV_STATUS_COPIED);
	bare_expect("status cleared", bare_testdev_read(&dev, TESTDEV_STATUS), 0);
}

static void expect_refused(const struct bare_testdev *dev, const char *what, uint64_t source,
			   uint64_t target, uint32_t length)
{
	copy(dev, source, target, length, 0);
	bare_expect(what, bare_testdev_read(dev, TESTDEV_STATUS), TESTDEV_STATUS_FAILED);
}

static void check_refusals(void)
{
	struct bare_testdev dev = bare_testdev_start();

	write64(TARGET, GUARD);
	expect_refused(&dev, "length", SOURCE, TARGET, TESTDEV_LENGTH_MAX + 1);
	expect_refused(&dev, "largest length", SOURCE, TARGET, 0xffffffff);
	expect_refused(&dev, "from a BAR", dev.bar, TARGET, 8);
	expect_refused(&dev, "from the ECAM", BARE_ECAM, TARGET, 8);
	expect_refused(&dev, "to a BAR", SOURCE, dev.bar, 8);
	expect_refused(&dev, "to the interrupt controller", SOURCE, BARE_MSI_ADDRESS, 8);
	expect_refused(&dev, "from the end of all addresses", UINT64_MAX - 3, TARGET, 8);
	expect_refused(&dev, "to the end of all addresses", SOURCE, UINT64_MAX - 3, 8);
	write16(bare_testdev_config(&dev, PCI_COMMAND), PCI_COMMAND_MEMORY);
	expect_refused(&dev, "without bus mastering", SOURCE, TARGET, 8);
	bare_expect("target", read64(TARGET), GUARD);
}

/*
 * A copy may reach the last byte of low RAM, but not go beyond it. The argument is the size of
 * RAM in MiB.
 */
static void check_end_of_ram(void)
{
	struct bare_testdev dev = bare_testdev_start();
	uint64_t end = bare_argument() << 20;

	write64(SOURCE, GUARD);
	copy(&dev, SOURCE, end - 8, 8, 0);
	bare_expect("status", bare_testdev_read(&dev, TESTDEV_STATUS), TESTDEV_STATUS_COPIED);
	bare_expect("last word of RAM", read64(end - 8), GUARD);
	expect_refused(&dev, "across the end of RAM", SOURCE, end - 4, 8);
	expect_refused(&dev, "from across the end of RAM", end - 4, SOURCE, 8);
	expect_refused(&dev, "behind the end of RAM", SOURCE, end, 8);
}

static void check_notify(void)
{
	struct bare_testdev dev = bare_testdev_start();
	uint64_t entry = dev.bar + TESTDEV_MSIX_TABLE;

	bare_irq_start();
	write64(entry, BARE_MSI_ADDRESS);
	write64(entry + 8, BARE_VECTOR);
	write16(bare_testdev_config(&dev, dev.msix + PCI_MSIX_FLAGS), PCI_MSIX_FLAGS_ENABLE);
	copy(&dev, SOURCE, TARGET, 8, TESTDEV_COMMAND_NOTIFY);
	bare_irq_wait(0, 1);
	bare_expect("interrupts", bare_irq_count[0], 1);
	copy(&dev, dev.bar, TARGET, 8, TESTDEV_COMMAND_NOTIFY);
	bare_irq_wait(0, 2);
	bare_expect("interrupts after a refusal", bare_irq_count[0], 2);
}

const struct bare_check bare_checks[] = {
	{ "copy", check_copy },
	{ "refusals", check_refusals },
	{ "end_of_ram", check_end_of_ram },
	{ "notify", check_notify },
	{ NULL, NULL },
};
