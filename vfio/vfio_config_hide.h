/* SPDX-License-Identifier: MIT */
/*
 * Which capabilities of a device a guest cannot use, beside those that the tables of vfio_policy.h
 * hide: what the kernel would not show, what is cut off, what there is twice, what has no vectors.
 */
#ifndef MINIVMM_VFIO_CONFIG_HIDE_H
#define MINIVMM_VFIO_CONFIG_HIDE_H

#include "vfio_config.h"

/*
 * Mark them as hidden in config->caps, each with the reason. `function` still has the device's own
 * bytes. Logs a warning for a capability without vectors.
 */
void vfio_config_hide(struct vfio_config *config, const struct pci_function *function);

/* PCI_EXP_TYPE_* of the PCI Express capability at `cap`. */
unsigned int vfio_config_exp_type(const struct pci_function *function, unsigned int cap);

#endif
