/* SPDX-License-Identifier: MIT */
/*
 * A device's configuration space and BARs as sysfs shows them to everybody, or to root.
 *
 * Only root sees more than the first 64 bytes of configuration space; capabilities lie behind them.
 *
 * Read beside it: PCI Local Bus 3.0, 6.7; PCI Express 4.0, 7.6.1; linux/pci_regs.h.
 */
#ifndef MINIVMM_HOST_PCI_H
#define MINIVMM_HOST_PCI_H

#include <linux/pci_regs.h>
#include <stdbool.h>
#include <stdint.h>

#include "host_sysfs.h"

#define HOST_BARS 7 /* six, and the ROM */
#define HOST_ROM  6

struct host_pci_config {
	uint8_t bytes[4096];
	unsigned int size; /* how many of them the kernel showed; 0 for none */
};

/* As the kernel has it in /sys/.../resource; size 0 for a BAR that is not there. */
struct host_bar {
	uint64_t start;
	uint64_t size;
	bool io;
	bool wide; /* takes a 64-bit address */
	bool assigned;
	bool shadowed; /* of a ROM: the copy that the firmware made at boot */
};

/* Wakes a sleeping device. 0 or -errno, with size 0; not logged. */
int host_read_config(const char *bdf, struct host_pci_config *config);

/*
 * Of a virtual function the words for vendor and device read all-ones, and the BARs 0: fill in what
 * the kernel knows, as VFIO shows them (SR-IOV 1.1, 3.4.1). Whether it is one.
 */
bool host_fill_virtual_function(const struct host_device *device,
				const struct host_bar bars[HOST_BARS],
				struct host_pci_config *config);

uint16_t host_config_word(const struct host_pci_config *config, unsigned int offset);
uint32_t host_config_long(const struct host_pci_config *config, unsigned int offset);

/* Offset of a capability, or of an extended one; 0 when it is not there or cannot be seen. */
unsigned int host_find_capability(const struct host_pci_config *config, uint8_t id);
unsigned int host_find_extended(const struct host_pci_config *config, uint16_t id);

/* The device's BARs and ROM; all of size 0 when the kernel does not tell. */
void host_read_bars(const char *bdf, struct host_bar bars[HOST_BARS]);

#endif
