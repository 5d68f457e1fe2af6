/* SPDX-License-Identifier: MIT */
/*
 * Which VFIO driver is the best for a device. vfio-pci takes any device; since Linux 5.15 some
 * vendors have a VFIO driver that knows more of theirs.
 *
 * The module of such a driver has aliases that begin with "vfio_pci:" in place of "pci:". The
 * module whose alias names the device most exactly is meant for it.
 *
 * Read beside it: Documentation/driver-api/vfio-pci-device-specific-driver-acceptance.rst.
 */
#ifndef MINIVMM_HOST_VFIO_DRIVER_H
#define MINIVMM_HOST_VFIO_DRIVER_H

#include "host_sysfs.h"

/* Find the module of the vendor's driver. Returns false if vfio-pci is the best one. */
bool host_find_vfio_module(const char *bdf, char module[HOST_DRIVER_MAX]);

/*
 * Find the name under which the PCI bus knows a loaded module's driver. Returns false if it has
 * none.
 */
bool host_find_module_driver(const char *module, char driver[HOST_DRIVER_MAX]);

#endif
