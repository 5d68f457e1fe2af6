/* SPDX-License-Identifier: MIT */
/*
 * QEMU's -device for root ports, and for the bridges that minivmm does not have.
 *
 * Owns the properties of a port, which options_places.h then puts where it belongs. A line may
 * name ports, bridges and devices in any order.
 *
 * Read beside it: QEMU's docs/pcie.txt.
 */
#ifndef MINIVMM_OPTIONS_QEMU_PORTS_H
#define MINIVMM_OPTIONS_QEMU_PORTS_H

#include "config.h"

/* Returns whether minivmm makes a root port of this model. */
bool options_is_qemu_port(const char *model);

/* Add a port, `model` and its properties; the words are cut up. 0 or -EINVAL, logged. */
int options_add_qemu_port(struct config *config, const char *model, char *words);

/* Remember the id of a bridge that a guest does without, because devices name its bus. */
void options_add_qemu_bridge(struct config *config, char *words);

#endif
