/* SPDX-License-Identifier: MIT */
#include "bare_pci.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_ENABLE  (1u << 31)

void bare_config_select(unsigned int slot, unsigned int offset)
{
	outl(CONFIG_ADDRESS, CONFIG_ENABLE | slot << 11 | (offset & ~3u));
}

static unsigned int find_capability(unsigned int slot, uint8_t id)
{
	unsigned int offset = read8(bare_ecam(slot, PCI_CAPABILITY_LIST));

	while (offset && read8(bare_ecam(slot, offset)) != id)
		offset = read8(bare_ecam(slot, offset + PCI_CAP_LIST_NEXT));
	return offset;
}

struct bare_testdev bare_testdev_find(void)
{
	struct bare_testdev dev = { .slot = 0 };

	while (read32(bare_ecam(dev.slot, PCI_VENDOR_ID)) !=
	       (TESTDEV_VENDOR | TESTDEV_DEVICE << 16))
		if (++dev.slot == BARE_PCI_SLOTS) {
			bare_print("bad PCI bus: no test device\n");
			bare_poweroff();
		}
	dev.msix = find_capability(dev.slot, PCI_CAP_ID_MSIX);
	dev.msi = find_capability(dev.slot, PCI_CAP_ID_MSI);
	dev.bar = read32(bare_testdev_config(&dev, PCI_BASE_ADDRESS_0)) &
		  (uint32_t)PCI_BASE_ADDRESS_MEM_MASK;
	dev.gsi = BARE_INTX_GSI + dev.slot % BARE_INTX_LINES;
	return dev;
}

struct bare_testdev bare_testdev_start(void)
{
	struct bare_testdev dev = bare_testdev_find();

	write16(bare_testdev_config(&dev, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	bare_expect("identification", bare_testdev_read(&dev, TESTDEV_ID), TESTDEV_ID_VALUE);
	return dev;
}
