/* SPDX-License-Identifier: MIT */
/*
 * Which bits of a device's configuration space a write changes, as Linux's vfio-pci lets writes
 * through. Outside capabilities these are the driver's. In capabilities they are those that
 * concern the function alone.
 *
 * This is not a copy of minivmm's tables, because vfio/vfio_policy.c is under test here.
 *
 * Read beside it: drivers/vfio/pci/vfio_pci_config.c of Linux.
 */
#ifndef MINIVMM_TESTS_DEVICE_BITS_H
#define MINIVMM_TESTS_DEVICE_BITS_H

#include "device_file.h"

struct device_bits {
	uint8_t writable[PCI_CFG_SPACE_EXP_SIZE];
	uint8_t w1c[PCI_CFG_SPACE_EXP_SIZE]; /* writing 1 clears the bit */
};

void device_bits_find(struct device_bits *bits, const struct device_file *file);

#endif
