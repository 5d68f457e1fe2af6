/* SPDX-License-Identifier: MIT */
/*
 * QEMU's device for teaching, passed through: registers, DMA both ways, the pin and MSI. No Linux
 * driver knows the device, so this is its driver. It runs in the lab: tests/lab/scenarios/edu.sh.
 *
 * Read beside it: docs/specs/edu of QEMU.
 */
#include "bare_irq.h"
#include "bare_pci.h"

#define EDU_ID 0x11e81234u /* device and vendor */

#define EDU_VERSION    0x00u
#define EDU_LIVENESS   0x04u
#define EDU_FACTORIAL  0x08u
#define EDU_STATUS     0x20u
#define EDU_CAUSE      0x24u
#define EDU_RAISE      0x60u
#define EDU_ACK        0x64u
#define EDU_DMA_SOURCE 0x80u
#define EDU_DMA_TARGET 0x88u
#define EDU_DMA_COUNT  0x90u
#define EDU_DMA_START  0x98u

#define EDU_BUSY   1u
#define EDU_START  1u
#define EDU_TO_RAM 2u
#define EDU_NOTIFY 4u
#define EDU_BUFFER 0x40000u
#define LENGTH     2048u /* of the buffer's 4096: some versions refuse the last byte */

#define SOURCE BARE_UNTOUCHED
#define TARGET (BARE_UNTOUCHED + 0x3000)
#define GUARD  0xeeeeeeeeeeeeeeeeull
#define TRIES  200000u /* a transfer takes the device a tenth of a second */
#define ROUNDS 5u

static unsigned int slot, msi;
static uint64_t bar;

static void find(void)
{
	while (read32(bare_ecam(slot, PCI_VENDOR_ID)) != EDU_ID)
		if (++slot == BARE_PCI_SLOTS) {
			bare_print("bad PCI bus: no edu device\n");
			bare_poweroff();
		}
	msi = read8(bare_ecam(slot, PCI_CAPABILITY_LIST));
	while (msi && read8(bare_ecam(slot, msi)) != PCI_CAP_ID_MSI)
		msi = read8(bare_ecam(slot, msi + PCI_CAP_LIST_NEXT));
	bar = read32(bare_ecam(slot, PCI_BASE_ADDRESS_0)) & (uint32_t)PCI_BASE_ADDRESS_MEM_MASK;
	write16(bare_ecam(slot, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void wait_idle(unsigned int reg, uint32_t busy)
{
	for (unsigned int i = 0; i < TRIES && read32(bar + reg) & busy; i++)
		inb(BARE_PORT_FREE);
	bare_expect("busy", read32(bar + reg) & busy, 0);
}

static void check_registers(void)
{
	find();
	bare_expect("version", read32(bar + EDU_VERSION), 0x010000ed);
	write32(bar + EDU_LIVENESS, 0x12345678);
	bare_expect("complement", read32(bar + EDU_LIVENESS), ~0x12345678u);
	write32(bar + EDU_FACTORIAL, 10);
	wait_idle(EDU_STATUS, EDU_BUSY);
	bare_expect("factorial of 10", read32(bar + EDU_FACTORIAL), 3628800);
}

static void acknowledge(void)
{
	write32(bar + EDU_ACK, read32(bar + EDU_CAUSE));
}

/* The pin works as long as MSI is off. */
static void set_msi(bool on)
{
	write32(bare_ecam(slot, msi + PCI_MSI_ADDRESS_LO), BARE_MSI_ADDRESS);
	write32(bare_ecam(slot, msi + PCI_MSI_ADDRESS_HI), 0);
	write16(bare_ecam(slot, msi + PCI_MSI_DATA_64), BARE_VECTOR + 1);
	write16(bare_ecam(slot, msi + PCI_MSI_FLAGS), on ? PCI_MSI_FLAGS_ENABLE : 0);
}

static void start_interrupts(void)
{
	find();
	bare_irq_start();
	bare_irq_hook = acknowledge;
	bare_irq_open_pin(BARE_INTX_GSI + slot % BARE_INTX_LINES);
}

/* At least one: some KVMs deliver one more after the acknowledgement. */
static void expect_pin(void)
{
	unsigned int before = bare_irq_count[0];

	write32(bar + EDU_RAISE, 2);
	bare_irq_wait(0, before + 1);
	bare_irq_linger();
	bare_expect("an interrupt by the pin", bare_irq_count[0] > before, 1);
	bare_expect("cause afterwards", read32(bar + EDU_CAUSE), 0);
}

static void expect_message(unsigned int count)
{
	write32(bar + EDU_RAISE, 4);
	bare_irq_wait(1, count);
	bare_irq_linger();
	bare_expect("interrupts by MSI", bare_irq_count[1], count);
	acknowledge();
}

static void check_pin(void)
{
	start_interrupts();
	for (unsigned int i = 0; i < ROUNDS; i++)
		expect_pin();
	bare_expect("interrupts by MSI", bare_irq_count[1], 0);
}

static void check_message(void)
{
	start_interrupts();
	bare_expect("MSI is there", msi != 0, 1);
	set_msi(true);
	for (unsigned int i = 1; i <= ROUNDS; i++)
		expect_message(i);
	bare_expect("interrupts by the pin", bare_irq_count[0], 0);
}

/* Switch between them, as drivers do that are loaded and unloaded. */
static void check_both(void)
{
	start_interrupts();
	for (unsigned int i = 1; i <= ROUNDS; i++) {
		expect_pin();
		set_msi(true);
		expect_message(i);
		set_msi(false);
	}
}

static void transfer(uint64_t source, uint64_t target, uint32_t flags)
{
	write64(bar + EDU_DMA_SOURCE, source);
	write64(bar + EDU_DMA_TARGET, target);
	write64(bar + EDU_DMA_COUNT, LENGTH);
	write32(bar + EDU_DMA_START, EDU_START | flags);
	wait_idle(EDU_DMA_START, EDU_START);
}

/*
 * Copy half a page into the device, and from there to another page. The pin tells the end of each
 * copy.
 */
static void check_dma(void)
{
	start_interrupts();
	for (unsigned int i = 0; i < LENGTH; i += 8)
		write64(SOURCE + i, 0x0123456789abcdefull * (i + 1));
	write64(TARGET - 8, GUARD);
	write64(TARGET + LENGTH, GUARD);
	transfer(SOURCE, EDU_BUFFER, EDU_NOTIFY);
	bare_irq_wait(0, 1);
	bare_expect("told of the first", bare_irq_count[0] > 0, 1);
	transfer(EDU_BUFFER, TARGET, EDU_TO_RAM);
	for (unsigned int i = 0; i < LENGTH; i += 8)
		bare_expect("word", read64(TARGET + i), 0x0123456789abcdefull * (i + 1));
	bare_expect("word before", read64(TARGET - 8), GUARD);
	bare_expect("word behind", read64(TARGET + LENGTH), GUARD);
}

const struct bare_check bare_checks[] = {
	{ "registers", check_registers }, { "pin", check_pin }, { "message", check_message },
	{ "both", check_both },           { "dma", check_dma }, { NULL, NULL },
};
