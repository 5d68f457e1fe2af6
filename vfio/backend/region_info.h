/* SPDX-License-Identifier: MIT */
/*
 * What a struct vfio_region_info says of a region, whoever sent it: the kernel, or a vfio-user
 * server, which speaks the same structure and is not trusted.
 *
 * Read beside it: struct vfio_region_info and VFIO_REGION_INFO_CAP_* in linux/vfio.h.
 */
#ifndef MINIVMM_REGION_INFO_H
#define MINIVMM_REGION_INFO_H

#include <stddef.h>

#include "vfio/vfio.h"

/*
 * Fill in *region, all but its mmap_fd, from `info` and the capabilities behind it: `size` bytes in
 * all, at least those of the structure. Whatever they hold, nothing outside them is looked at.
 */
void region_info_parse(const struct vfio_region_info *info, size_t size,
		       struct vfio_region *region);

#endif
