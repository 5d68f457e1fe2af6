/* SPDX-License-Identifier: MIT */
/*
 * A PCI device as `lspci -xxxx -vv` prints it: the bytes of its configuration space, and the
 * sizes of its regions.
 *
 * If the text does not tell the size of a region, the region is as large as the alignment of its
 * address allows, up to a limit. It is always large enough for the MSI-X table in it.
 */
#ifndef MINIVMM_TESTS_DEVICE_FILE_H
#define MINIVMM_TESTS_DEVICE_FILE_H

#include <linux/pci_regs.h>
#include <stdint.h>

#define DEVICE_REGIONS 7u /* six BARs and the ROM */

struct device_file {
	uint8_t config[PCI_CFG_SPACE_EXP_SIZE];
	unsigned int config_size; /* 256 or 4096 */
	uint64_t sizes[DEVICE_REGIONS];
};

/*
 * Read the first device in the file. Returns 0, -ENODEV if the file has no bytes, or another
 * -errno. Does not log.
 */
int device_file_read(struct device_file *file, const char *path);

uint16_t device_file_word(const struct device_file *file, unsigned int offset);
uint32_t device_file_long(const struct device_file *file, unsigned int offset);

/* Returns the offset of a capability in the first 256 bytes; 0 if it is not there. */
unsigned int device_file_find(const struct device_file *file, uint8_t id);

#endif
