/* SPDX-License-Identifier: MIT */
/*
 * What a struct vfio_region_info says about a region. The kernel sends it, or a vfio-user server,
 * which uses the same structure and is not trusted.
 *
 * Read beside it: struct vfio_region_info and VFIO_REGION_INFO_CAP_* in linux/vfio.h.
 */
#ifndef MINIVMM_REGION_INFO_H
#define MINIVMM_REGION_INFO_H

#include <stddef.h>

#include "vfio/vfio.h"

/*
 * Fill in *region, except its mmap_fd, from `info` and the capabilities after it: `size` bytes in
 * all, at least those of the structure. Nothing outside them is read, whatever they contain.
 */
void region_info_parse(const struct vfio_region_info *info, size_t size,
		       struct vfio_region *region);

#endif
