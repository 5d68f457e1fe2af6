/* SPDX-License-Identifier: MIT */
/*
 * `on-error=guest`: an uncorrectable error of the device is told to the guest, by the root port
 * above the device, and the guest's kernel recovers as far as it can.
 *
 * The kernel's eventfd says no more than that there was an error. How bad it was stands in the
 * device's own registers, which the guest reads as well.
 *
 * Read beside it: PCI Express Base 6.2; Documentation/PCI/pcieaer-howto.rst.
 */
#ifndef MINIVMM_VFIO_ERROR_H
#define MINIVMM_VFIO_ERROR_H

#include "vfio_config.h"

/* Say so if errors of this device can never be told: it has no registers for them. */
void vfio_error_check(const struct vfio_config *config);

/* The device has reported an error. False when the guest cannot be told of it; logged why. */
bool vfio_error_tell_guest(struct vfio_config *config, struct pci_function *function);

#endif
