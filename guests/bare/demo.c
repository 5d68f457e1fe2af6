/* SPDX-License-Identifier: MIT */
/*
 * A driver for the demo device, `minivmm --vfio demo`, that tells each step.
 *
 * The device is a program of its own. What happens between it and this guest goes the same ways
 * as with a real device that is passed through.
 */
#include "bare_irq.h"
#include "bare_pci.h"
#include "guests/demo/demo_regs.h"

#define SOURCE BARE_UNTOUCHED
#define TARGET (BARE_UNTOUCHED + 0x2000)
#define WORD   0x0123456789abcdefull
#define VECTOR 1u
#define BOOTS  (BARE_UNTOUCHED + 0x4000)

#define BOOTS_MAGIC 0xb007ull

static struct bare_testdev dev;

static uint64_t memory_bar(void)
{
	return read32(bare_testdev_config(&dev, PCI_BASE_ADDRESS_0 + 4 * DEMO_MEMORY_BAR)) &
	       (uint32_t)PCI_BASE_ADDRESS_MEM_MASK;
}

static void say(const char *what, uint64_t is)
{
	bare_print(what);
	bare_print(" ");
	bare_print_hex(is);
	bare_print("\n");
}

static void set_msix(unsigned int vector, bool masked)
{
	uint64_t entry = dev.bar + TESTDEV_MSIX_TABLE + PCI_MSIX_ENTRY_SIZE * vector;

	write64(entry, BARE_MSI_ADDRESS);
	write32(entry + PCI_MSIX_ENTRY_DATA, BARE_VECTOR + vector);
	write32(entry + PCI_MSIX_ENTRY_VECTOR_CTRL, masked);
}

static void copy(uint64_t source, uint64_t target, uint32_t length, uint32_t flags)
{
	bare_testdev_write(&dev, TESTDEV_SOURCE_LOW, (uint32_t)source);
	bare_testdev_write(&dev, TESTDEV_SOURCE_HIGH, (uint32_t)(source >> 32));
	bare_testdev_write(&dev, TESTDEV_TARGET_LOW, (uint32_t)target);
	bare_testdev_write(&dev, TESTDEV_TARGET_HIGH, (uint32_t)(target >> 32));
	bare_testdev_write(&dev, TESTDEV_LENGTH, length);
	bare_testdev_write(&dev, TESTDEV_COMMAND, TESTDEV_COMMAND_COPY | flags);
}

static void expect_copy(uint32_t flags)
{
	write64(SOURCE, WORD);
	write64(TARGET, 0);
	copy(SOURCE, TARGET, 8, flags);
	bare_expect("status", bare_testdev_read(&dev, TESTDEV_STATUS), TESTDEV_STATUS_COPIED);
	bare_expect("copied word", read64(TARGET), WORD);
}

static void pin_acknowledge(void)
{
	bare_testdev_write(&dev, TESTDEV_STATUS, TESTDEV_STATUS_INTX);
}

/* Use everything that the device has, and print what is seen of it. */
static void check_tour(void)
{
	dev = bare_testdev_start();
	say("found at device number", dev.slot);
	say("  vendor and device", read32(bare_testdev_config(&dev, PCI_VENDOR_ID)));
	say("  BAR 0, registers, at", dev.bar);
	say("  BAR 2, memory, at", memory_bar());
	say("register ID", bare_testdev_read(&dev, TESTDEV_ID));
	write64(memory_bar(), WORD);
	say("memory, written without an exit", read64(memory_bar()));
	say("  as the device sees it, inverted", read64(memory_bar() + DEMO_MIRROR));
	expect_copy(0);
	say("DMA through shared memory", read64(TARGET));
	expect_copy(DEMO_COMMAND_MESSAGES);
	say("DMA by messages", read64(TARGET));
	bare_irq_start();
	bare_irq_hook = pin_acknowledge;
	bare_irq_open_pin(dev.gsi);
	bare_testdev_write(&dev, TESTDEV_TRIGGER, 0);
	bare_irq_wait(0, 1);
	say("interrupts by the pin", bare_irq_count[0] > 0);
	set_msix(VECTOR, false);
	write16(bare_testdev_config(&dev, dev.msix + PCI_MSIX_FLAGS), PCI_MSIX_FLAGS_ENABLE);
	bare_testdev_write(&dev, TESTDEV_TRIGGER, VECTOR);
	bare_irq_wait(VECTOR, 1);
	say("interrupts by MSI-X", bare_irq_count[VECTOR]);
}

static void check_messages(void)
{
	dev = bare_testdev_start();
	expect_copy(DEMO_COMMAND_MESSAGES);
	write64(TARGET, WORD);
	copy(dev.bar, TARGET, 8, DEMO_COMMAND_MESSAGES);
	bare_expect("copy from a BAR", bare_testdev_read(&dev, TESTDEV_STATUS),
		    TESTDEV_STATUS_FAILED);
	copy(SOURCE, UINT64_MAX - 3, 8, DEMO_COMMAND_MESSAGES);
	bare_expect("copy to nowhere", bare_testdev_read(&dev, TESTDEV_STATUS),
		    TESTDEV_STATUS_FAILED);
	bare_expect("target", read64(TARGET), WORD);
	/* The largest copy that one message carries. */
	for (unsigned int i = 0; i < TESTDEV_LENGTH_MAX; i += 4096)
		write64(SOURCE + i, i);
	copy(SOURCE, SOURCE + TESTDEV_LENGTH_MAX, TESTDEV_LENGTH_MAX, DEMO_COMMAND_MESSAGES);
	for (unsigned int i = 0; i < TESTDEV_LENGTH_MAX; i += 4096)
		bare_expect("word of a long copy", read64(SOURCE + TESTDEV_LENGTH_MAX + i), i);
}

/* One half of the BAR is a memory slot; in the other half each access is a message. */
static void check_memory(void)
{
	uint64_t bar;

	dev = bare_testdev_start();
	bar = memory_bar();
	write64(bar + DEMO_MIRROR - 8, WORD);
	bare_expect("memory", read64(bar + DEMO_MIRROR - 8), WORD);
	bare_expect("mirror", read64(bar + DEMO_MEMORY_SIZE - 8), ~WORD);
	bare_expect("mirror, by 1", read8(bar + DEMO_MEMORY_SIZE - 1), (uint8_t) ~(WORD >> 56));
	write64(bar + DEMO_MEMORY_SIZE - 8, 0);
	bare_expect("memory after a write to the mirror", read64(bar + DEMO_MIRROR - 8), WORD);
	write16(bare_testdev_config(&dev, PCI_COMMAND), 0);
	bare_expect("memory switched off", read64(bar + DEMO_MIRROR - 8), UINT64_MAX);
	write16(bare_testdev_config(&dev, PCI_COMMAND), PCI_COMMAND_MEMORY);
	bare_expect("memory switched on", read64(bar + DEMO_MIRROR - 8), WORD);
}

/* An interrupt that was raised before its vector was first unmasked comes with the unmasking. */
static void check_masked(void)
{
	dev = bare_testdev_start();
	bare_irq_start();
	set_msix(VECTOR, true);
	write16(bare_testdev_config(&dev, dev.msix + PCI_MSIX_FLAGS), PCI_MSIX_FLAGS_ENABLE);
	bare_testdev_write(&dev, TESTDEV_TRIGGER, VECTOR);
	bare_irq_linger();
	bare_expect("interrupts while masked", bare_irq_count[VECTOR], 0);
	set_msix(VECTOR, false);
	bare_irq_wait(VECTOR, 1);
	bare_expect("interrupts after unmasking", bare_irq_count[VECTOR], 1);
}

/* Read without end, until the device is gone. */
static void check_polls(void)
{
	dev = bare_testdev_start();
	bare_print("polling\n");
	while (bare_testdev_read(&dev, TESTDEV_ID) == TESTDEV_ID_VALUE)
		;
	bare_print("gone\n");
	bare_halt();
}

/* RAM outlives a reset, so the boots are counted in it. */
static unsigned int count_boot(void)
{
	uint64_t boots =
		read64(BOOTS) >> 32 == BOOTS_MAGIC ? read64(BOOTS) + 1 : (BOOTS_MAGIC << 32) + 1;

	write64(BOOTS, boots);
	return (unsigned int)boots;
}

/* Wait until whoever watches has seen enough, and types something. */
static void wait_for_key(void)
{
	while (!(inb(BARE_SERIAL + 5) & 1))
		continue;
	inb(BARE_SERIAL);
}

/* Listens to the power button, and reads without end once something was typed. */
static void check_listens(void)
{
	dev = bare_testdev_start();
	outb(BARE_BUTTON, 1);
	bare_print("listening\n");
	wait_for_key();
	while (bare_testdev_read(&dev, TESTDEV_ID) == TESTDEV_ID_VALUE)
		;
	bare_halt();
}

/*
 * Use the device in each boot. What minivmm holds is looked at in an early boot and in the last.
 */
static void check_reboots(void)
{
	unsigned int boots = count_boot();

	dev = bare_testdev_start();
	write16(bare_testdev_config(&dev, dev.msix + PCI_MSIX_FLAGS), PCI_MSIX_FLAGS_ENABLE);
	set_msix(0, false);
	expect_copy(0);
	if (boots == 5 || boots == bare_argument()) {
		say("boot", boots);
		wait_for_key();
	}
	if (boots == bare_argument())
		return;
	outb(BARE_RESET, 1);
	bare_halt();
}

const struct bare_check bare_checks[] = {
	{ "tour", check_tour },       { "messages", check_messages },
	{ "memory", check_memory },   { "masked", check_masked },
	{ "polls", check_polls },     { "listens", check_listens },
	{ "reboots", check_reboots }, { NULL, NULL },
};
