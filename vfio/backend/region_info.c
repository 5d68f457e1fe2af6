/* SPDX-License-Identifier: MIT */
#include "region_info.h"

/* A capability list that is longer is taken for a loop. */
#define REGION_INFO_CAPS_MAX 32

static void region_info_parse_sparse(const struct vfio_region_info_cap_sparse_mmap *cap,
				     size_t space, struct vfio_region *region)
{
	size_t room = (space - sizeof(*cap)) / sizeof(cap->areas[0]);

	region->sparse = true;
	for (uint32_t i = 0; i < cap->nr_areas && i < room; i++) {
		if (region->sparse_count == VFIO_SPARSE_MAX)
			return;
		region->areas[region->sparse_count++] =
			(struct vfio_area){ cap->areas[i].offset, cap->areas[i].size };
	}
}

/* The list is chained by offsets from the start of info; each is checked before it is followed. */
static void region_info_parse_caps(const struct vfio_region_info *info, size_t size,
				   struct vfio_region *region)
{
	uint32_t offset = info->flags & VFIO_REGION_INFO_FLAG_CAPS ? info->cap_offset : 0;

	for (unsigned int n = 0; offset && n < REGION_INFO_CAPS_MAX; n++) {
		const struct vfio_info_cap_header *cap;

		if (offset % sizeof(uint64_t) || offset > size || size - offset < sizeof(*cap))
			return;
		cap = (const void *)((const char *)info + offset);
		if (cap->id == VFIO_REGION_INFO_CAP_SPARSE_MMAP &&
		    size - offset >= sizeof(struct vfio_region_info_cap_sparse_mmap))
			region_info_parse_sparse((const void *)cap, size - offset, region);
		offset = cap->next;
	}
}

void region_info_parse(const struct vfio_region_info *info, size_t size, struct vfio_region *region)
{
	*region = (struct vfio_region){
		.index = info->index,
		.flags = info->flags,
		.size = info->size,
		.mmap_fd = -1,
		.mmap_offset = info->offset,
	};
	region_info_parse_caps(info, size, region);
}
