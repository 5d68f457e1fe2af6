/* SPDX-License-Identifier: MIT */
/*
 * Options for the GPU of a laptop, whose driver looks for more of the laptop than the GPU.
 *
 * 0, or -EINVAL, logged in one line.
 */
#ifndef MINIVMM_OPTIONS_LAPTOP_H
#define MINIVMM_OPTIONS_LAPTOP_H

#include "config.h"

/* QEMU's -cpu MODEL[,kvm=off]...: kvm=off hides KVM, the rest is for options_qemu.h to judge. */
int options_set_qemu_cpu(struct config *config, char *text);

/* Whether what was asked for can be had on this architecture, and goes together. */
int options_check_laptop(const struct config *config);

#endif
