/* SPDX-License-Identifier: MIT */
/*
 * Properties that a line of QEMU's sets apart from the device: -set and -global.
 *
 * Owns their syntax. vfio_options.h knows what a property does.
 */
#ifndef MINIVMM_OPTIONS_SET_H
#define MINIVMM_OPTIONS_SET_H

#include "config.h"

/*
 * Keep `-set device.ID.PROPERTY=VALUE`, or `-global vfio-pci.PROPERTY=VALUE` in either of QEMU's
 * two forms, for options_apply_settings(). A setting for a device that minivmm does not have is
 * mentioned and ignored. `text` must live as long as `config`. Returns 0 or -EINVAL, logged.
 */
int options_add_qemu_set(struct config *config, char *text);
int options_add_qemu_global(struct config *config, char *text);

/*
 * Apply the settings that were kept, after all options are read. Returns 0, also (logged) for an
 * id that no device has; or -EINVAL, logged, for a property that a device does not have.
 */
int options_apply_settings(struct config *config);

#endif
