/* SPDX-License-Identifier: MIT */
/*
 * Returns a passed-through device to its power-on state when the guest reboots, and at the start if
 * the kernel could not.
 *
 * The kernel does this itself at the first open and the last close, if the function can be reset
 * alone. --stats shows how long it took, by ioctl.
 *
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
 * answer. Interrupts and mappings must be off before. `info_flags` are VFIO_DEVICE_FLAGS_*. 0, -EIO
 * if it is dead (logged), or another -errno if nothing could reset it (logged as a warning).
 */
int vfio_reset_device(struct vfio_device *device, uint32_t info_flags, struct vfio_config *config);

/*
 * True if the kernel's reset at the opening may have left much state. There may have been no reset,
 * or only a change of power states; VFIO_DEVICE_FLAGS_RESET does not distinguish them.
 */
bool vfio_reset_is_weak(uint32_t info_flags, struct vfio_config *config);

/*
 * True if a guest's write to configuration space starts a function-level reset: the bit is set, and
 * the device has the method. PCI Express Base 7.5.3.4; Advanced Capabilities for Conventional PCI.
 */
bool vfio_reset_is_flr(struct vfio_config *config, unsigned int offset, unsigned int size,
		       uint32_t value);

#endif
