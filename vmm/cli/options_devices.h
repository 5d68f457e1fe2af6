/* SPDX-License-Identifier: MIT */
/*
 * The words of the command line that name devices: --vfio, --vfio-user, and QEMU's -device and
 * -object.
 *
 * Owns their syntax, and the check of what all devices of a guest must have in common. Properties
 * are vfio_options.h's. Each function cuts up `text` in place and returns 0, or -EINVAL for wrong
 * usage (logged, one line).
 */
#ifndef MINIVMM_OPTIONS_DEVICES_H
#define MINIVMM_OPTIONS_DEVICES_H

#include "config.h"

/* Add a device: BDF[,PROPERTY=VALUE]..., fd=N[,...], or demo[,...] */
int options_add_vfio(struct config *config, char *text);

/* SOCKET[,PROPERTY=VALUE]... */
int options_add_socket(struct config *config, char *text);

/* Add QEMU's vfio-pci,host=BDF[,PROPERTY=VALUE]..., or with fd=N instead of host=. */
int options_add_qemu_device(struct config *config, char *text);

/* iommufd,id=ID[,fd=N] */
int options_add_qemu_object(struct config *config, char *text);

/*
 * Check, after all options are read, that all devices are opened by groups or all by iommufd. Sets
 * config->access.
 */
int options_check_devices(struct config *config);

/* Which of all devices, hardware, programs and served ones, the next on the line is; from 0. */
unsigned int options_next_place(const struct config *config);

#endif
