/* SPDX-License-Identifier: MIT */
/*
 * `minivmm config`: a device's configuration space beside what a guest would see of it, register by
 * register, each difference with its reason.
 *
 * It takes the device's bytes from the caller and shows the guest's view at power-on. It needs no
 * running guest.
 */
#ifndef MINIVMM_CONFIG_SHOW_H
#define MINIVMM_CONFIG_SHOW_H

#include <stdio.h>

#include "devices/pci.h"

/* The device's bytes and BARs, as the host sees them. */
struct config_shown {
	const char *name; /* full BDF */
	uint8_t bytes[PCI_CONFIG_SIZE];
	unsigned int size;           /* number of bytes that could be read: 64, 256 or 4096 */
	uint64_t bar_size[PCI_BARS]; /* 0 where there is none */
};

/* Print `count` devices as text, or as JSON. 0 or -errno, logged. */
int config_show_text(const struct config_shown *shown, FILE *out);
int config_show_json(const struct config_shown *shown, FILE *out);

#endif
