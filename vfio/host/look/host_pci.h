/* SPDX-License-Identifier: MIT */
/*
 * A device's configuration space and BARs, as sysfs shows them to everybody or only to root.
 *
 * Only root sees more than the first 64 bytes of configuration space. Capabilities lie behind
 * them.
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
	unsigned int size; /* how many bytes the kernel showed; 0 for none */
};

/* A BAR as the kernel has it in /sys/.../resource; size 0 for a BAR that is not there. */
struct host_bar {
	uint64_t start;
	uint64_t size;
	bool io;
	bool wide; /* the BAR takes a 64-bit address */
	bool prefetch;
	bool assigned;
	bool shadowed; /* a ROM: the kernel shows the copy that the firmware made at boot */
};

/*
 * Read the device's configuration space, which wakes a sleeping device. Returns 0, or -errno with
 * a size of 0. Does not log.
 */
int host_read_config(const char *bdf, struct host_pci_config *config);

/*
 * A virtual function's vendor and device words read all-ones, and its BARs 0. It has no pin,
 * although some say that they have one. Fill in what the kernel knows, as VFIO shows it to a
 * guest (SR-IOV 1.1, 3.4.1). Returns whether the device is a virtual function.
 */
bool host_fill_virtual_function(const struct host_device *device,
				const struct host_bar bars[HOST_BARS],
				struct host_pci_config *config);

uint16_t host_config_word(const struct host_pci_config *config, unsigned int offset);
uint32_t host_config_long(const struct host_pci_config *config, unsigned int offset);

/*
 * Returns the offset of a capability or an extended capability; 0 if it is not there or cannot be
 * seen.
 */
unsigned int host_find_capability(const struct host_pci_config *config, uint8_t id);
unsigned int host_find_extended(const struct host_pci_config *config, uint16_t id);

/* Read the device's BARs and its ROM; all have a size of 0 if the kernel does not tell. */
void host_read_bars(const char *bdf, struct host_bar bars[HOST_BARS]);

#endif
