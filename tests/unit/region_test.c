/* SPDX-License-Identifier: MIT */
/* vfio/vfio_region.c: BARs are cut as tables say, and every cut is what it must be. */
#include <string.h>

#include "unit.h"
#include "vfio/vfio_region.h"

#define K4   0x1000ull
#define K64  0x10000ull
#define GIB  (1ull << 30)
#define MMAP (VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE | VFIO_REGION_INFO_FLAG_MMAP)
#define TRAP (VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE)

static const struct {
	const char *what;
	struct vfio_region region;
	struct vfio_area holes[2];
	uint64_t page;
	struct {
		uint64_t offset, size;
		bool mapped;
	} pieces[8];
} cuts[] = {
	{ "no BAR", { .flags = MMAP, .size = 0 }, { { 0 } }, K4, { { 0 } } },
	{ "plain", { .flags = MMAP, .size = 0x4000 }, { { 0 } }, K4, { { 0, 0x4000, true } } },
	{ "cannot be mapped",
	  { .flags = TRAP, .size = 0x4000 },
	  { { 0 } },
	  K4,
	  { { 0, 0x4000, false } } },
	{ "below a page", { .flags = MMAP, .size = 256 }, { { 0 } }, K4, { { 0, 256, false } } },
	{ "page size on 64 KiB pages",
	  { .flags = MMAP, .size = 0x4000 },
	  { { 0 } },
	  K64,
	  { { 0, 0x4000, false } } },
	{ "not whole pages",
	  { .flags = MMAP, .size = 0x1800 },
	  { { 0 } },
	  K4,
	  { { 0, 0x1800, false } } },
	{ "table in the middle",
	  { .flags = MMAP, .size = 0x4000 },
	  { { 0x2000, 0x80 } },
	  K4,
	  { { 0, 0x2000, true }, { 0x2000, 0x1000, false }, { 0x3000, 0x1000, true } } },
	{ "table at the start",
	  { .flags = MMAP, .size = 0x4000 },
	  { { 0, 0x80 } },
	  K4,
	  { { 0, 0x1000, false }, { 0x1000, 0x3000, true } } },
	{ "table at the very end",
	  { .flags = MMAP, .size = 0x4000 },
	  { { 0x3ff0, 0x10 } },
	  K4,
	  { { 0, 0x3000, true }, { 0x3000, 0x1000, false } } },
	{ "table across a page boundary",
	  { .flags = MMAP, .size = 0x4000 },
	  { { 0x1ff0, 0x20 } },
	  K4,
	  { { 0, 0x1000, true }, { 0x1000, 0x2000, false }, { 0x3000, 0x1000, true } } },
	{ "table and PBA in the same page",
	  { .flags = MMAP, .size = 0x4000 },
	  { { 0x2000, 0x80 }, { 0x2800, 8 } },
	  K4,
	  { { 0, 0x2000, true }, { 0x2000, 0x1000, false }, { 0x3000, 0x1000, true } } },
	{ "table and PBA in neighbouring pages",
	  { .flags = MMAP, .size = 0x4000 },
	  { { 0x2000, 0x80 }, { 0x3000, 8 } },
	  K4,
	  { { 0, 0x2000, true }, { 0x2000, 0x2000, false } } },
	{ "PBA before the table, apart",
	  { .flags = MMAP, .size = 0x8000 },
	  { { 0x6000, 0x1000 }, { 0x1008, 8 } },
	  K4,
	  { { 0, 0x1000, true },
	    { 0x1000, 0x1000, false },
	    { 0x2000, 0x4000, true },
	    { 0x6000, 0x1000, false },
	    { 0x7000, 0x1000, true } } },
	{ "64 KiB pages take more with the table",
	  { .flags = MMAP, .size = 0x40000 },
	  { { 0x12000, 0x80 } },
	  K64,
	  { { 0, 0x10000, true }, { 0x10000, 0x10000, false }, { 0x20000, 0x20000, true } } },
	{ "128 GiB",
	  { .flags = MMAP, .size = 128 * GIB },
	  { { 127 * GIB + 0x10, 0x8000 } },
	  K4,
	  { { 0, 127 * GIB, true },
	    { 127 * GIB, 0x9000, false },
	    { 127 * GIB + 0x9000, GIB - 0x9000, true } } },
	{ "sparse",
	  { .flags = MMAP,
	    .size = 0x8000,
	    .sparse_count = 2,
	    .sparse = true,
	    .areas = { { 0x1000, 0x2000 }, { 0x6000, 0x1000 } } },
	  { { 0 } },
	  K4,
	  { { 0, 0x1000, false },
	    { 0x1000, 0x2000, true },
	    { 0x3000, 0x3000, false },
	    { 0x6000, 0x1000, true },
	    { 0x7000, 0x1000, false } } },
	{ "sparse areas that end within a page",
	  { .flags = MMAP,
	    .size = 0x8000,
	    .sparse_count = 1,
	    .sparse = true,
	    .areas = { { 0x1800, 0x3000 } } },
	  { { 0 } },
	  K4,
	  { { 0, 0x2000, false }, { 0x2000, 0x2000, true }, { 0x4000, 0x4000, false } } },
	{ "sparse area within one page",
	  { .flags = MMAP,
	    .size = 0x4000,
	    .sparse_count = 1,
	    .sparse = true,
	    .areas = { { 0x1100, 0x100 } } },
	  { { 0 } },
	  K4,
	  { { 0, 0x4000, false } } },
	{ "hole in a sparse area",
	  { .flags = MMAP,
	    .size = 0x8000,
	    .sparse_count = 1,
	    .sparse = true,
	    .areas = { { 0, 0x4000 } } },
	  { { 0x1000, 1 } },
	  K4,
	  { { 0, 0x1000, true },
	    { 0x1000, 0x1000, false },
	    { 0x2000, 0x2000, true },
	    { 0x4000, 0x4000, false } } },
	{ "sparse without a single area",
	  { .flags = MMAP, .size = 0x4000, .sparse = true },
	  { { 0 } },
	  K4,
	  { { 0, 0x4000, false } } },
	{ "sparse but not mappable",
	  { .flags = TRAP,
	    .size = 0x4000,
	    .sparse_count = 1,
	    .sparse = true,
	    .areas = { { 0, 0x4000 } } },
	  { { 0 } },
	  K4,
	  { { 0, 0x4000, false } } },
	{ "areas outside",
	  { .flags = MMAP, .size = 0x4000 },
	  { { 0x4000, 0x1000 }, { UINT64_MAX - 0xfff, 0x800 } },
	  K4,
	  { { 0, 0x4000, true } } },
	{ "area that runs over the end",
	  { .flags = MMAP, .size = 0x4000 },
	  { { 0x3000, 0x8000 } },
	  K4,
	  { { 0, 0x3000, true }, { 0x3000, 0x1000, false } } },
	{ "area that wraps",
	  { .flags = MMAP, .size = 0x4000 },
	  { { 0x2000, UINT64_MAX } },
	  K4,
	  { { 0, 0x2000, true }, { 0x2000, 0x2000, false } } },
	{ "empty area",
	  { .flags = MMAP, .size = 0x4000 },
	  { { 0x2000, 0 } },
	  K4,
	  { { 0, 0x4000, true } } },
};

START_TEST(cut)
{
	struct vfio_piece pieces[VFIO_PIECES_MAX];
	unsigned int expected = 0, count;

	while (expected < 8 && cuts[_i].pieces[expected].size)
		expected++;
	count = vfio_region_cut(&cuts[_i].region, cuts[_i].holes, 2, cuts[_i].page, pieces);
	ck_assert_msg(count == expected, "%s: %u pieces", cuts[_i].what, count);
	for (unsigned int i = 0; i < count; i++)
		ck_assert_msg(pieces[i].offset == cuts[_i].pieces[i].offset &&
				      pieces[i].size == cuts[_i].pieces[i].size &&
				      pieces[i].mapped == cuts[_i].pieces[i].mapped,
			      "%s: piece %u is %#llx + %#llx, %d", cuts[_i].what, i,
			      (unsigned long long)pieces[i].offset,
			      (unsigned long long)pieces[i].size, pieces[i].mapped);
}
END_TEST

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Returns whether byte `at` may be mapped, by the plainest look at the page of the byte. */
static bool mappable(const struct vfio_region *region, const struct vfio_area *holes, uint64_t page)
{
	bool in_area = !region->sparse;

	for (unsigned int i = 0; i < region->sparse_count; i++)
		in_area |= region->areas[i].offset <= page &&
			   page + K4 <= region->areas[i].offset + region->areas[i].size;
	for (unsigned int i = 0; i < 2; i++)
		if (holes[i].size && holes[i].offset < page + K4 &&
		    page < holes[i].offset + holes[i].size)
			return false;
	return in_area;
}

/*
 * What the header promises holds for areas that nobody thought of: whole pages, ascending,
 * without gaps, alternating.
 */
/* Below the page size it is the whole page, or nothing. */
static const struct {
	struct vfio_region region;
	unsigned int holes;
	bool mapped;
} parts[] = {
	{ { .flags = MMAP, .size = 0x400 }, 0, true },
	{ { .flags = TRAP, .size = 0x400 }, 0, false },
	{ { .flags = MMAP, .size = 0x400 }, 1, false },
	{ { .flags = MMAP, .size = 0x400, .mmap_offset = 0x400 }, 0, false },
	{ { .flags = MMAP, .size = 0x400, .sparse = true }, 0, false },
	{ { .flags = MMAP,
	    .size = 0x400,
	    .sparse = true,
	    .sparse_count = 1,
	    .areas = { { 0, 0x400 } } },
	  0,
	  true },
	{ { .flags = MMAP,
	    .size = 0x400,
	    .sparse = true,
	    .sparse_count = 1,
	    .areas = { { 0, 0x1000 } } },
	  0,
	  true },
	{ { .flags = MMAP,
	    .size = 0x400,
	    .sparse = true,
	    .sparse_count = 1,
	    .areas = { { 0, 0x200 } } },
	  0,
	  false },
	{ { .flags = MMAP,
	    .size = 0x400,
	    .sparse = true,
	    .sparse_count = 1,
	    .areas = { { 0x10, 0x3f0 } } },
	  0,
	  false },
	{ { .flags = TRAP,
	    .size = 0x400,
	    .sparse = true,
	    .sparse_count = 1,
	    .areas = { { 0, 0x400 } } },
	  0,
	  false },
	{ { .flags = MMAP, .size = 0x1400 }, 0, false },
};

START_TEST(rule_35_part_of_a_page)
{
	struct vfio_piece pieces[VFIO_PIECES_MAX];
	const struct vfio_area hole = { 0x100, 16 };

	ck_assert_uint_eq(vfio_region_cut(&parts[_i].region, &hole, parts[_i].holes, K4, pieces),
			  1);
	ck_assert_uint_eq(pieces[0].size, parts[_i].region.size);
	ck_assert(pieces[0].mapped == parts[_i].mapped && pieces[0].part == parts[_i].mapped);
}
END_TEST

/* One mapped piece, another one, and what is left of them. */
static const struct {
	struct vfio_area area;
	unsigned int count;
	uint64_t first, size; /* of the loose pieces, together */
} loosened[] = {
	{ { 0x3010, 8 }, 3, 0x3000, 0x1000 },  /* in the middle */
	{ { 0, 8 }, 2, 0, 0x1000 },            /* at the beginning */
	{ { 0x7ff8, 8 }, 2, 0x7000, 0x1000 },  /* at the end */
	{ { 0x3ff8, 16 }, 3, 0x3000, 0x2000 }, /* across two pages */
	{ { 0, 0x8000 }, 1, 0, 0x8000 },       /* all of it */
	{ { 0x9000, 8 }, 1, 0, 0 },            /* elsewhere */
};

START_TEST(rule_34_loose_pages)
{
	struct vfio_piece pieces[VFIO_PIECES_MAX] = { { 0, 0x8000, true, false, false } };
	unsigned int count = vfio_region_loosen(pieces, 1, &loosened[_i].area, K4);
	uint64_t end = 0, size = 0;

	ck_assert_uint_eq(count, loosened[_i].count);
	for (unsigned int i = 0; i < count; i++) {
		ck_assert_uint_eq(pieces[i].offset, end);
		ck_assert(pieces[i].mapped);
		if (pieces[i].loose && !size)
			ck_assert_uint_eq(pieces[i].offset, loosened[_i].first);
		size += pieces[i].loose ? pieces[i].size : 0;
		end += pieces[i].size;
	}
	ck_assert_uint_eq(end, 0x8000);
	ck_assert_uint_eq(size, loosened[_i].size);
}
END_TEST

START_TEST(any_cut_keeps_the_promise)
{
	uint32_t seed = 1;

	for (unsigned int round = 0; round < 3000; round++) {
		struct vfio_region region = { .flags = MMAP, .size = 64 * K4 };
		struct vfio_piece pieces[VFIO_PIECES_MAX];
		struct vfio_area holes[2];
		uint64_t offset = 0;
		unsigned int count;

		region.sparse_count = next(&seed) % (VFIO_SPARSE_MAX + 1);
		region.sparse = region.sparse_count || next(&seed) % 2;
		for (unsigned int i = 0; i < region.sparse_count; i++)
			region.areas[i] = (struct vfio_area){ next(&seed) % region.size & ~0x7full,
							      next(&seed) % 0x8000 };
		for (unsigned int i = 0; i < 2; i++)
			holes[i] = (struct vfio_area){ next(&seed) % region.size,
						       next(&seed) % 0x3000 };
		for (unsigned int i = 0; i < region.sparse_count; i++)
			if (region.areas[i].offset + region.areas[i].size > region.size)
				region.areas[i].size = region.size - region.areas[i].offset;
		count = vfio_region_cut(&region, holes, 2, K4, pieces);
		ck_assert_uint_le(count, VFIO_PIECES_MAX);
		for (unsigned int i = 0; i < count; i++) {
			if (pieces[i].offset != offset || pieces[i].size == 0 ||
			    pieces[i].size % K4 || (i && pieces[i].mapped == pieces[i - 1].mapped))
				ck_abort_msg("round %u, piece %u", round, i);
			for (; offset < pieces[i].offset + pieces[i].size; offset += K4)
				if (mappable(&region, holes, offset) != pieces[i].mapped)
					ck_abort_msg("round %u, page %#llx", round,
						     (unsigned long long)offset);
		}
		ck_assert_uint_eq(offset, region.size);
	}
}
END_TEST

UNIT_MAIN("region", { cut, UNIT_COUNT(cuts) }, { rule_34_loose_pages, UNIT_COUNT(loosened) },
	  { rule_35_part_of_a_page, UNIT_COUNT(parts) }, { any_cut_keeps_the_promise, 0 })
