/* SPDX-License-Identifier: MIT */
#include "vfio_region.h"

#include <string.h>

/* The part of `area` within a region of `size` bytes; empty if it lies outside or wraps. */
static struct vfio_area region_clip(const struct vfio_area *area, uint64_t size)
{
	uint64_t end;

	if (__builtin_add_overflow(area->offset, area->size, &end) || end > size)
		end = size;
	if (area->offset >= end)
		return (struct vfio_area){ 0, 0 };
	return (struct vfio_area){ area->offset, end - area->offset };
}

/* True if the backend can map the `size` bytes at `offset` as a whole. */
static bool region_is_mappable(const struct vfio_region *region, uint64_t offset, uint64_t size)
{
	if (!(region->flags & VFIO_REGION_INFO_FLAG_MMAP))
		return false;
	if (!region->sparse)
		return true;
	for (unsigned int i = 0; i < region->sparse_count; i++) {
		struct vfio_area area = region_clip(&region->areas[i], region->size);

		if (offset >= area.offset && offset + size <= area.offset + area.size)
			return true;
	}
	return false;
}

static bool region_page_holed(const struct vfio_region *region, const struct vfio_area *holes,
			      unsigned int hole_count, uint64_t offset, uint64_t page)
{
	for (unsigned int i = 0; i < hole_count; i++) {
		struct vfio_area hole = region_clip(&holes[i], region->size);

		if (hole.size && hole.offset < offset + page && offset < hole.offset + hole.size)
			return true;
	}
	return false;
}

/*
 * The next page boundary above `offset` at which that may change, because an area begins or ends.
 */
static uint64_t region_next_edge(const struct vfio_region *region, const struct vfio_area *areas,
				 unsigned int count, uint64_t offset, uint64_t page, uint64_t edge)
{
	for (unsigned int i = 0; i < count; i++) {
		struct vfio_area area = region_clip(&areas[i], region->size);
		uint64_t sides[4] = {
			area.offset & ~(page - 1),
			(area.offset + page - 1) & ~(page - 1),
			(area.offset + area.size) & ~(page - 1),
			(area.offset + area.size + page - 1) & ~(page - 1),
		};

		for (unsigned int s = 0; area.size && s < 4; s++)
			if (sides[s] > offset && sides[s] < edge)
				edge = sides[s];
	}
	return edge;
}

/* Append a piece, or lengthen the last one when it is of the same kind. */
static unsigned int region_append(struct vfio_piece *pieces, unsigned int count,
				  struct vfio_piece piece)
{
	if (count && (pieces[count - 1].mapped == piece.mapped || count == VFIO_PIECES_MAX)) {
		pieces[count - 1].size += piece.size;
		pieces[count - 1].mapped &= piece.mapped;
		return count;
	}
	pieces[count] = piece;
	return count + 1;
}

unsigned int vfio_region_cut(const struct vfio_region *region, const struct vfio_area *holes,
			     unsigned int hole_count, uint64_t page, struct vfio_piece *pieces)
{
	unsigned int count = 0;
	uint64_t offset = 0, edge;

	if (region->size == 0)
		return 0;
	if (region->size % page) {
		bool part = region->size < page && region->mmap_offset % page == 0 &&
			    region_is_mappable(region, 0, region->size) && hole_count == 0;

		pieces[0] = (struct vfio_piece){ 0, region->size, part, part, false };
		return 1;
	}
	for (; offset < region->size; offset = edge) {
		bool mapped = region_is_mappable(region, offset, page) &&
			      !region_page_holed(region, holes, hole_count, offset, page);

		edge = region_next_edge(region, holes, hole_count, offset, page, region->size);
		edge = region_next_edge(region, region->areas, region->sparse_count, offset, page,
					edge);
		count = region_append(
			pieces, count,
			(struct vfio_piece){ offset, edge - offset, mapped, false, false });
	}
	return count;
}

/* Split piece `at` at `offset`: the part from there on becomes a new piece after it. */
static unsigned int region_split(struct vfio_piece *pieces, unsigned int count, unsigned int at,
				 uint64_t offset)
{
	struct vfio_piece *piece = &pieces[at];
	uint64_t end = piece->offset + piece->size;

	if (offset <= piece->offset || offset >= end)
		return count;
	memmove(piece + 1, piece, (count - at) * sizeof(*piece));
	piece[0].size = offset - piece->offset;
	piece[1].offset = offset;
	piece[1].size = end - offset;
	return count + 1;
}

unsigned int vfio_region_loosen(struct vfio_piece *pieces, unsigned int count,
				const struct vfio_area *area, uint64_t page)
{
	uint64_t first = area->offset & ~(page - 1);
	uint64_t end = (area->offset + area->size + page - 1) & ~(page - 1);

	for (unsigned int i = 0; i < count; i++) {
		struct vfio_piece *piece = &pieces[i];

		if (!piece->mapped || piece->offset >= end || first >= piece->offset + piece->size)
			continue;
		if (count + 2 > VFIO_PIECES_MAX) {
			piece->mapped = piece->part = false;
			continue;
		}
		if (first > piece->offset) { /* keep the part before the area unchanged */
			count = region_split(pieces, count, i, first);
			continue;
		}
		count = region_split(pieces, count, i, end);
		piece->loose = true;
	}
	return count;
}
