/* SPDX-License-Identifier: MIT */
/* vfio/backend/region_info.c: capability lists as they are, and as they should not be. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "vfio/backend/region_info.h"

#define CAPS VFIO_REGION_INFO_FLAG_CAPS
#define INFO 32 /* sizeof(struct vfio_region_info) */

/*
 * Behind the structure there are capabilities as 32-bit words. A header is id | version << 16,
 * then next.
 */
#define SPARSE(next, count) 1 | 1 << 16, next, count, 0
#define OTHER(next)         2 | 1 << 16, next

static const struct {
	const char *what;
	uint32_t flags, cap_offset;
	unsigned int words; /* that are there */
	uint32_t caps[24];
	bool sparse;
	unsigned int areas;
} lists[] = {
	{ "none", 0, 0, 0, { 0 }, false, 0 },
	{ "a flag and no offset", CAPS, 0, 0, { 0 }, false, 0 },
	{ "an offset and no flag", 0, INFO, 8, { SPARSE(0, 1), 0, 0, 0x1000, 0 }, false, 0 },
	{ "one area", CAPS, INFO, 8, { SPARSE(0, 1), 0, 0, 0x1000, 0 }, true, 1 },
	{ "sparse without areas", CAPS, INFO, 4, { SPARSE(0, 0) }, true, 0 },
	{ "behind another",
	  CAPS,
	  INFO,
	  10,
	  { OTHER(INFO + 8), SPARSE(0, 1), 0, 0, 1, 0 },
	  true,
	  1 },
	{ "fewer areas than it says", CAPS, INFO, 8, { SPARSE(0, 3) }, true, 1 },
	{ "half an area", CAPS, INFO, 6, { SPARSE(0, 1) }, true, 0 },
	{ "billions of areas", CAPS, INFO, 12, { SPARSE(0, 0xffffffff) }, true, 2 },
	{ "cut in its header", CAPS, INFO, 1, { SPARSE(0, 1) }, false, 0 },
	{ "cut in its count", CAPS, INFO, 3, { SPARSE(0, 1) }, false, 0 },
	{ "at the end", CAPS, INFO + 8, 2, { 0 }, false, 0 },
	{ "behind the end", CAPS, 4096, 2, { 0 }, false, 0 },
	{ "far behind the end", CAPS, 0xfffffff8, 2, { 0 }, false, 0 },
	{ "not aligned", CAPS, INFO + 4, 10, { 0, SPARSE(0, 1) }, false, 0 },
	{ "next is not aligned", CAPS, INFO, 4, { OTHER(INFO + 1) }, false, 0 },
	{ "a loop of one", CAPS, INFO, 2, { OTHER(INFO) }, false, 0 },
	{ "a loop of two", CAPS, INFO, 4, { OTHER(INFO + 8), OTHER(INFO) }, false, 0 },
	{ "the structure itself", CAPS, 8, 2, { 0 }, false, 0 },
};

START_TEST(capabilities)
{
	size_t size = INFO + lists[_i].words * sizeof(uint32_t);
	/* The memory has exactly this size, so that a byte too many is seen. */
	struct vfio_region_info *info = malloc(size);
	struct vfio_region region;

	*info = (struct vfio_region_info){ .argsz = 0xffffffff,
					   .index = 3,
					   .flags = lists[_i].flags | VFIO_REGION_INFO_FLAG_READ,
					   .cap_offset = lists[_i].cap_offset,
					   .size = 0x4000,
					   .offset = 0x8000 };
	memcpy(info + 1, lists[_i].caps, size - INFO);
	region_info_parse(info, size, &region);
	ck_assert_msg(region.sparse == lists[_i].sparse, "%s: sparse", lists[_i].what);
	ck_assert_msg(region.sparse_count == lists[_i].areas, "%s: %u areas", lists[_i].what,
		      region.sparse_count);
	ck_assert_uint_eq(region.index, 3);
	ck_assert_uint_eq(region.size, 0x4000);
	ck_assert_uint_eq(region.mmap_offset, 0x8000);
	ck_assert_int_eq(region.mmap_fd, -1);
	free(info);
}
END_TEST

UNIT_MAIN("region_info", { capabilities, UNIT_COUNT(lists) })
