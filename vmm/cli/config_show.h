/* SPDX-License-Identifier: MIT */
/*
 * `minivmm config`: a device's configuration space beside what a guest would see of it, register by
 * register, each difference with its reason.
 *
 * Takes the device's bytes and knows neither where they came from nor a running guest: what is
 * shown is the guest's view at its power-on.
 */
#ifndef MINIVMM_CONFIG_SHOW_H
#define MINIVMM_CONFIG_SHOW_H

#include <stdio.h>

#include "devices/pci.h"

/* What the host knows of the device. */
struct config_shown {
	const char *name; /* full BDF */
	uint8_t bytes[PCI_CONFIG_SIZE];
	unsigned int size;           /* how many of them could be read: 64, 256 or 4096 */
	uint64_t bar_size[PCI_BARS]; /* 0 where there is none */
};

/* 0 or -errno, logged. */
int config_show_text(const struct config_shown *shown, FILE *out);
int config_show_json(const struct config_shown *shown, FILE *out);

#endif
