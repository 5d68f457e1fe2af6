/* SPDX-License-Identifier: MIT */
/*
 * Properties of devices that a line of QEMU's sets apart from the device: -set and -global.
 *
 * Owns their syntax. What a property does is vfio_options.h's.
 */
#ifndef MINIVMM_OPTIONS_SET_H
#define MINIVMM_OPTIONS_SET_H

#include "config.h"

/*
 * Keep `-set device.ID.PROPERTY=VALUE`, or `-global vfio-pci.PROPERTY=VALUE` in either of QEMU's
 * two forms, for options_apply_settings(). What speaks of another device is mentioned and ignored.
 * 0 or -EINVAL, logged. `text` is kept.
 */
int options_add_qemu_set(struct config *config, char *text);
int options_add_qemu_global(struct config *config, char *text);

/*
 * Set, after all options are read, what was kept. 0, logged for an id that no device has; or
 * -EINVAL, logged, for a property that a device has not.
 */
int options_apply_settings(struct config *config);

#endif
