/* SPDX-License-Identifier: MIT */
/*
 * Putting a passed-through device back to its power-on state: when the guest reboots, and at the
 * start where the kernel could not.
 *
 * At first open and last close the kernel does it by itself, if the function can be reset alone.
 * How long it took is in --stats, by ioctl.
 * Read beside it: PCI Express Base 6.6.2 (FLR); Documentation/driver-api/vfio.rst.
 */
#ifndef MINIVMM_VFIO_RESET_H
#define MINIVMM_VFIO_RESET_H

#include <stdbool.h>
#include <stdint.h>

#include "vfio.h"
#include "vfio_config.h"

/*
 * Stop the device's DMA, wake it to D0, and reset it, by the best method there is: the function
 * alone; its bus if all it affects is ours; the function by power states alone. Afterwards it must
 * answer. Interrupts and mappings are off. `info_flags` are VFIO_DEVICE_FLAGS_*. 0; -EIO when it is
 * dead, logged; another -errno when nothing could reset it, which is a warning.
 */
int vfio_reset_device(struct vfio_device *device, uint32_t info_flags, struct vfio_config *config);

/*
 * Whether the reset that the kernel made when it opened the device may leave much as it was. It may
 * have been none, or a mere change of power states: VFIO_DEVICE_FLAGS_RESET tells of either.
 */
bool vfio_reset_is_weak(uint32_t info_flags, struct vfio_config *config);

/*
 * Whether a guest's write to configuration space starts a function-level reset: the bit is set, and
 * the device has the method. PCI Express Base 7.5.3.4; Advanced Capabilities for Conventional PCI.
 */
bool vfio_reset_is_flr(struct vfio_config *config, unsigned int offset, unsigned int size,
		       uint32_t value);

#endif
