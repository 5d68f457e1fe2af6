/* SPDX-License-Identifier: MIT */
/*
 * Which VFIO driver is the best for a device: vfio-pci takes any, and since Linux 5.15 some vendors
 * have one that knows more of theirs.
 *
 * Such a module has aliases that begin with "vfio_pci:" in place of "pci:"; the one that names the
 * device most exactly is meant for it.
 *
 * Read beside it: Documentation/driver-api/vfio-pci-device-specific-driver-acceptance.rst.
 */
#ifndef MINIVMM_HOST_VFIO_DRIVER_H
#define MINIVMM_HOST_VFIO_DRIVER_H

#include "host_sysfs.h"

/* The module of that driver; false when it is vfio-pci. */
bool host_find_vfio_module(const char *bdf, char module[HOST_DRIVER_MAX]);

/* The name under which a loaded module's driver is known to the PCI bus; false if it has none. */
bool host_find_module_driver(const char *module, char driver[HOST_DRIVER_MAX]);

#endif
