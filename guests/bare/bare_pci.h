/* SPDX-License-Identifier: MIT */
/*
 * The guest's side of PCI: configuration space by either way, and the test device that `minivmm
 * --testdev` adds.
 *
 * Read beside it: PCI Local Bus 3.0, 3.2.2.3.2 (CF8/CFC); PCI Express Base 7.2.2 (ECAM).
 */
#ifndef MINIVMM_BARE_PCI_H
#define MINIVMM_BARE_PCI_H

#include <linux/pci_regs.h>

#include "bare.h"
#include "devices/testdev_regs.h"

#define BARE_PCI_SLOTS 32u

/* Address of a register in the ECAM. */
static inline uint64_t bare_ecam(unsigned int slot, unsigned int offset)
{
	return BARE_ECAM + (slot << 15) + offset;
}

/* Point CFC..CFF at the dword of configuration space that holds this register. */
void bare_config_select(unsigned int slot, unsigned int offset);

/* The test device. The guest ends if there is none. */
struct bare_testdev {
	unsigned int slot;
	unsigned int msix; /* offset of its MSI-X capability */
	unsigned int msi;  /* and of MSI */
	uint64_t bar;      /* address of its registers */
	unsigned int gsi;  /* of its interrupt pin */
};

/* Find the test device; it decodes nothing yet. */
struct bare_testdev bare_testdev_find(void);

/* Find the test device, and switch its memory and its bus mastering on. */
struct bare_testdev bare_testdev_start(void);

/* Access the test device's registers, and those of its configuration space in the ECAM. */
static inline uint32_t bare_testdev_read(const struct bare_testdev *dev, unsigned int offset)
{
	return read32(dev->bar + offset);
}

static inline void bare_testdev_write(const struct bare_testdev *dev, unsigned int offset,
				      uint32_t value)
{
	write32(dev->bar + offset, value);
}

static inline uint64_t bare_testdev_config(const struct bare_testdev *dev, unsigned int offset)
{
	return bare_ecam(dev->slot, offset);
}

#endif
