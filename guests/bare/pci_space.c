/* SPDX-License-Identifier: MIT */
/* Configuration space by both of its ways, and BARs that are sized, moved and switched off. */
#include "bare_pci.h"

#define CONFIG_DATA   0xcfc
#define CONFIG_SIZE   256u /* buses that CF8/CFC reach */
#define BRIDGE_SLOT   0u
#define EMPTY_SLOT    31u
#define BAR_ELSEWHERE BARE_MMIO_FREE
#define BAR_IN_RAM    BARE_UNTOUCHED
#define RAM_WORD      0x600df00du

static void compare_ways(unsigned int slot)
{
	for (unsigned int offset = 0; offset < CONFIG_SIZE; offset += 4) {
		uint32_t dword = read32(bare_ecam(slot, offset));

		bare_config_select(slot, offset);
		bare_expect("dword by port", inl(CONFIG_DATA), dword);
		for (unsigned int byte = 0; byte < 4; byte++) {
			uint8_t wanted = (uint8_t)(dword >> (8 * byte));

			bare_expect("byte by port", inb((uint16_t)(CONFIG_DATA + byte)), wanted);
			bare_expect("byte in the ECAM", read8(bare_ecam(slot, offset + byte)),
				    wanted);
		}
		bare_expect("word by port", inw(CONFIG_DATA + 2), dword >> 16);
		bare_expect("word in the ECAM", read16(bare_ecam(slot, offset)), dword & 0xffff);
	}
}

static void check_bridge(void)
{
	bare_expect("class", read16(bare_ecam(BRIDGE_SLOT, PCI_CLASS_DEVICE)), 0x0600);
	compare_ways(BRIDGE_SLOT);
}

static void check_testdev(void)
{
	compare_ways(bare_testdev_find().slot);
}

static void check_nobody(void)
{
	bare_expect("empty slot", read32(bare_ecam(EMPTY_SLOT, 0)), 0xffffffff);
	bare_config_select(EMPTY_SLOT, 0);
	bare_expect("empty slot by port", inl(CONFIG_DATA), 0xffffffff);
	outl(0xcf8, 0x80010000);
	bare_expect("bus 1", inl(CONFIG_DATA), 0xffffffff);
	outl(0xcf8, 0);
	bare_expect("disabled", inl(CONFIG_DATA), 0xffffffff);
	write32(bare_ecam(BRIDGE_SLOT, PCI_VENDOR_ID), 0);
	bare_expect("read-only register", read32(bare_ecam(BRIDGE_SLOT, PCI_VENDOR_ID)) != 0, 1);
}

static void check_bar_size(void)
{
	struct bare_testdev dev = bare_testdev_find();
	uint64_t bar = bare_testdev_config(&dev, PCI_BASE_ADDRESS_0);
	uint32_t before = read32(bar);

	write32(bar, 0xffffffff);
	bare_expect("size", read32(bar), (uint32_t)-TESTDEV_BAR_SIZE);
	write32(bar, before);
	bare_expect("address", read32(bar), before);
	write32(bar + 4, 0xffffffff);
	bare_expect("a BAR that is not there", read32(bar + 4), 0);
	write16(bare_testdev_config(&dev, PCI_COMMAND), PCI_COMMAND_MEMORY);
	bare_expect("register", bare_testdev_read(&dev, TESTDEV_ID), TESTDEV_ID_VALUE);
}

static void check_bar_move(void)
{
	struct bare_testdev dev = bare_testdev_start();
	uint64_t bar = bare_testdev_config(&dev, PCI_BASE_ADDRESS_0);

	bare_testdev_write(&dev, TESTDEV_SCRATCH, 0x12345678);
	write32(bar, BAR_ELSEWHERE);
	bare_expect("old place", bare_testdev_read(&dev, TESTDEV_ID), 0xffffffff);
	bare_expect("new place", read32(BAR_ELSEWHERE + TESTDEV_SCRATCH), 0x12345678);
	write16(bare_testdev_config(&dev, PCI_COMMAND), 0);
	bare_expect("switched off", read32(BAR_ELSEWHERE), 0xffffffff);
	write32(bar, (uint32_t)dev.bar);
	write16(bare_testdev_config(&dev, PCI_COMMAND), PCI_COMMAND_MEMORY);
	bare_expect("back again", bare_testdev_read(&dev, TESTDEV_SCRATCH), 0x12345678);
}

/* The guest may write any address. Where nothing can decode it, nothing happens. */
static void check_bar_misplaced(void)
{
	struct bare_testdev dev = bare_testdev_start();
	uint64_t bar = bare_testdev_config(&dev, PCI_BASE_ADDRESS_0);
	uint32_t bridge = read32(bare_ecam(BRIDGE_SLOT, PCI_VENDOR_ID));

	write32(BAR_IN_RAM, RAM_WORD);
	write32(bar, BAR_IN_RAM);
	bare_expect("RAM below a BAR", read32(BAR_IN_RAM), RAM_WORD);
	write32(bar, BARE_ECAM);
	bare_expect("ECAM below a BAR", read32(bare_ecam(BRIDGE_SLOT, PCI_VENDOR_ID)), bridge);
	write32(bar, 0xffffe000);
	bare_expect("end of 4 GiB", read32(0xffffe000), 0xffffffff);
	write32(bar, (uint32_t)dev.bar);
	bare_expect("back again", bare_testdev_read(&dev, TESTDEV_ID), TESTDEV_ID_VALUE);
}

/* Accesses of widths and at offsets that the device does not know. */
static void check_bar_widths(void)
{
	struct bare_testdev dev = bare_testdev_start();

	write8(dev.bar + TESTDEV_SCRATCH, 1);
	write16(dev.bar + TESTDEV_SCRATCH, 1);
	write64(dev.bar + TESTDEV_SCRATCH - 4, UINT64_MAX);
	bare_expect("untouched register", bare_testdev_read(&dev, TESTDEV_SCRATCH), 0);
	bare_expect("one byte", read8(dev.bar), 0xff);
	bare_expect("two bytes", read16(dev.bar), 0xffff);
	bare_expect("eight bytes", read64(dev.bar), UINT64_MAX);
	bare_expect("unaligned", read32(dev.bar + 2), 0xffffffff);
	bare_expect("no register", read32(dev.bar + TESTDEV_REGISTERS), 0xffffffff);
	bare_expect("behind the table", read32(dev.bar + TESTDEV_MSIX_TABLE + 0x40), 0xffffffff);
	bare_expect("table by 8 bytes", read64(dev.bar + TESTDEV_MSIX_TABLE + 8), 1ull << 32);
	bare_expect("behind the PBA", read32(dev.bar + TESTDEV_MSIX_PBA + 8), 0xffffffff);
}

const struct bare_check bare_checks[] = {
	{ "bridge", check_bridge },         { "testdev", check_testdev },
	{ "nobody", check_nobody },         { "bar_size", check_bar_size },
	{ "bar_move", check_bar_move },     { "bar_misplaced", check_bar_misplaced },
	{ "bar_widths", check_bar_widths }, { NULL, NULL },
};
