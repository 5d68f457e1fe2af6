/* SPDX-License-Identifier: MIT */
/*
 * For `make bench`: things done many times between two marks for the plugin that counts
 * instructions, under minivmm and under QEMU q35 alike. So nothing here knows where a machine has
 * its BARs, its ECAM or its interrupt lines.
 */
#include "bare_irq.h"
#include "bare_pci.h"
#include "bench_mark.h"

#define CONFIG_DATA   0xcfc
#define PCI_FUNCTIONS 8u
#define EDU_ID        0x11e81234u
#define NVME_ID       0x00101b36u
#define EDU_CAUSE     0x24u
#define EDU_RAISE     0x60u
#define EDU_ACK       0x64u

#define I8042_COMMAND 0x64
#define I8042_RESET   0xfe

/* A mark before each piece: what the emulator loses spoils one of them, and the median is right. */
#define PIECE         100u
#define PIECES        20u
#define BOOTS         5u
#define SPIN          2000u
#define IOAPIC_BOTTOM 10u
#define IOAPIC_TOP    24u
#define BOOT_MAGIC    0xb0070000u

static unsigned int slot;
static uint64_t bar;

static uint32_t config_read(unsigned int offset)
{
	bare_config_select(slot, offset);
	return inl(CONFIG_DATA);
}

static void config_write(unsigned int offset, uint32_t value)
{
	bare_config_select(slot, offset);
	outl(CONFIG_DATA, value);
}

/* Find the device, and put its first BAR where no machine has anything. */
static void find(uint32_t id)
{
	while (config_read(PCI_VENDOR_ID) != id)
		if (++slot == BARE_PCI_SLOTS) {
			bare_print("bad PCI bus: no such device\n");
			bare_halt();
		}
	bar = BARE_MMIO_FREE;
	config_write(PCI_COMMAND, 0);
	config_write(PCI_BASE_ADDRESS_0, (uint32_t)bar);
	if (id == NVME_ID)
		config_write(PCI_BASE_ADDRESS_1, 0);
	config_write(PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static unsigned int find_capability(uint8_t id)
{
	unsigned int offset = config_read(PCI_CAPABILITY_LIST) & 0xff;

	while (offset && (config_read(offset) & 0xff) != id)
		offset = config_read(offset) >> 8 & 0xff;
	return offset;
}

/*
 * The interrupt is there soon, and no exit may be added to it. If it takes longer, the emulator has
 * lost it, and the CPU sleeps until another one brings it along.
 */
static void wait(unsigned int n, unsigned int count)
{
	for (unsigned int i = 0; i < SPIN && bare_irq_count[n] < count; i++)
		__asm__ volatile("pause");
	while (bare_irq_count[n] < count)
		__asm__ volatile("hlt");
}

static void acknowledge(void)
{
	write32(bar + EDU_ACK, read32(bar + EDU_CAUSE));
}

static void count_interrupts(unsigned int n)
{
	BENCH_MARK(BENCH_MARK_PROFILE);
	for (unsigned int i = 0; i < PIECE * PIECES; i++) {
		unsigned int before = bare_irq_count[n];

		if (i % PIECE == 0)
			BENCH_MARK(BENCH_MARK_GUEST);
		write32(bar + EDU_RAISE, 1);
		wait(n, before + 1);
		if (n)
			acknowledge();
	}
	BENCH_MARK(BENCH_MARK_WRITE);
}

static void check_pin(void)
{
	find(EDU_ID);
	bare_irq_start();
	bare_irq_hook = acknowledge;
	/* The firmware of q35 sends the pin to one of the lines that the older controllers have. */
	for (unsigned int gsi = IOAPIC_BOTTOM; gsi < IOAPIC_TOP; gsi++)
		bare_irq_open_pin(gsi);
	count_interrupts(0);
}

static void check_message(void)
{
	unsigned int msi;

	find(EDU_ID);
	bare_irq_start();
	msi = find_capability(PCI_CAP_ID_MSI);
	config_write(msi + PCI_MSI_ADDRESS_LO, BARE_MSI_ADDRESS);
	config_write(msi + PCI_MSI_ADDRESS_HI, 0);
	config_write(msi + PCI_MSI_DATA_64, BARE_VECTOR + 1);
	config_write(msi, config_read(msi) | PCI_MSI_FLAGS_ENABLE << 16);
	count_interrupts(1);
}

/* A vector of MSI-X, masked and unmasked around nothing. */
static void check_masks(void)
{
	unsigned int msix;
	uint64_t entry;

	find(NVME_ID);
	bare_irq_start();
	msix = find_capability(PCI_CAP_ID_MSIX);
	entry = bar + (config_read(msix + PCI_MSIX_TABLE) & (uint32_t)PCI_MSIX_TABLE_OFFSET);
	config_write(msix, config_read(msix) | (uint32_t)PCI_MSIX_FLAGS_ENABLE << 16);
	write32(entry + PCI_MSIX_ENTRY_LOWER_ADDR, BARE_MSI_ADDRESS);
	write32(entry + PCI_MSIX_ENTRY_UPPER_ADDR, 0);
	write32(entry + PCI_MSIX_ENTRY_DATA, BARE_VECTOR + 1);
	for (unsigned int i = 0; i < PIECE * PIECES; i++) {
		if (i % PIECE == 0)
			BENCH_MARK(BENCH_MARK_GUEST);
		write32(entry + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
		write32(entry + PCI_MSIX_ENTRY_VECTOR_CTRL, PCI_MSIX_ENTRY_CTRL_MASKBIT);
	}
}

/* From one start of the guest to the next; RAM remembers which one it is. */
static void check_boots(void)
{
	uint32_t word = read32(BARE_UNTOUCHED);
	unsigned int boots = (word & 0xffff0000) == BOOT_MAGIC ? (word & 0xffff) + 1 : 1;

	BENCH_MARK(BENCH_MARK_GUEST);
	write32(BARE_UNTOUCHED, BOOT_MAGIC | boots);
	if (boots < BOOTS)
		outb(I8042_COMMAND, I8042_RESET);
	else
		bare_print("counted\n");
	bare_halt();
}

/* Every function there is: BARs are mapped, taken away, and mapped again, once in each boot. */
static void switch_all(uint32_t command)
{
	for (slot = 1; slot < BARE_PCI_SLOTS; slot++)
		for (unsigned int function = 0; function < PCI_FUNCTIONS; function++) {
			bare_config_select(slot, PCI_VENDOR_ID | function << 8);
			if (inl(CONFIG_DATA) == UINT32_MAX)
				continue;
			bare_config_select(slot, PCI_COMMAND | function << 8);
			outl(CONFIG_DATA, command);
		}
}

static void check_all(void)
{
	BENCH_MARK(BENCH_MARK_GUEST);
	switch_all(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	switch_all(0);
	switch_all(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	check_boots();
}

const struct bare_check bare_checks[] = {
	{ "pin", check_pin },     { "message", check_message }, { "masks", check_masks },
	{ "boots", check_boots }, { "all", check_all },         { NULL, NULL },
};
