/* SPDX-License-Identifier: MIT */
/*
 * Why devices share an IOMMU group: which part of the way up to the CPU cannot keep them apart.
 *
 * Read beside it: PCI Express 4.0, 6.12 (Access Control Services).
 */
#ifndef MINIVMM_HOST_ACS_H
#define MINIVMM_HOST_ACS_H

#include "host_finding.h"
#include "vfio/host/look/host_sysfs.h"

/*
 * Find the reason why the device shares its group, and write the port or bridge above that is to
 * blame, or "" if there is none. Without root the capabilities of a port cannot be seen, and the
 * reason says that.
 */
enum host_sharing host_find_sharing(const char *bdf, char port[HOST_BDF_MAX]);

#endif
