/* SPDX-License-Identifier: MIT */
/*
 * Options for the GPU of a laptop, whose driver also looks for other parts of the laptop.
 *
 * 0, or -EINVAL, logged in one line.
 */
#ifndef MINIVMM_OPTIONS_LAPTOP_H
#define MINIVMM_OPTIONS_LAPTOP_H

#include "config.h"

/*
 * Read QEMU's -cpu MODEL[,kvm=off]...: kvm=off hides KVM, and options_qemu.h judges the other
 * words.
 */
int options_set_qemu_cpu(struct config *config, char *text);

/* Check that this architecture supports the options, and that they can be combined. */
int options_check_laptop(const struct config *config);

#endif
