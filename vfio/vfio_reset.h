/* SPDX-License-Identifier: MIT */
/*
 * Putting a passed-through device back to its power-on state, when the guest reboots.
 *
 * At first open and last close the kernel does it by itself.
 * Read beside it: PCI Express Base 6.6.2 (FLR); Documentation/driver-api/vfio.rst.
 */
#ifndef MINIVMM_VFIO_RESET_H
#define MINIVMM_VFIO_RESET_H

#include "vfio.h"
#include "vfio_config.h"

/*
 * Stop the device's DMA, wake it to D0, and reset it: the function alone if it can, else its bus if
 * all it affects is ours. Afterwards it must answer. Interrupts and mappings are off. `info_flags`
 * are VFIO_DEVICE_FLAGS_*, `pm_cap` is where the power management capability lies, or 0. 0;
 * -ENOTSUP when nothing could reset it, which is a warning; -EIO when it is dead, logged.
 */
int vfio_reset_device(struct vfio_device *device, uint32_t info_flags, struct vfio_config *config,
		      unsigned int pm_cap);

#endif
