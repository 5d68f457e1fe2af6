/* SPDX-License-Identifier: MIT */
/*
 * Cuts a BAR into pieces: those that the guest may access directly, and those that minivmm must
 * see.
 *
 * These are pure functions of numbers. A piece is mapped when the backend can map it and nothing
 * emulated (MSI-X table, PBA) shares a page with it; everything else is trapped. Pieces are whole
 * pages, ascending, without gaps, and neighbours differ in kind.
 */
#ifndef MINIVMM_VFIO_REGION_H
#define MINIVMM_VFIO_REGION_H

#include <stdbool.h>
#include <stdint.h>

#include "vfio.h"

#define VFIO_PIECES_MAX (2 * VFIO_SPARSE_MAX + 16)

struct vfio_piece {
	uint64_t offset; /* in the BAR */
	uint64_t size;
	bool mapped;
	bool part;  /* smaller than a page; mapped as a whole page if nothing else lies in it */
	bool loose; /* mapped part of the time, see vfio_region_loosen() */
};

/*
 * Cut `region` in pages of `page` bytes, leaving the `hole_count` areas of `holes` trapped. Returns
 * the number of pieces written to `pieces`, which holds VFIO_PIECES_MAX. Areas that lie outside the
 * region are ignored. A region of size 0 has no piece. A region smaller than a page is one piece,
 * mapped as a part of a page if the backend can map it and there are no holes. A larger region
 * whose size is not a multiple of the page size is one trapped piece.
 */
unsigned int vfio_region_cut(const struct vfio_region *region, const struct vfio_area *holes,
			     unsigned int hole_count, uint64_t page, struct vfio_piece *pieces);

/*
 * Make the mapped pages that `area` touches separate pieces, because they are mapped only part of
 * the time. Returns the new number of pieces, at most VFIO_PIECES_MAX; a piece that cannot be cut
 * for lack of room is trapped.
 */
unsigned int vfio_region_loosen(struct vfio_piece *pieces, unsigned int count,
				const struct vfio_area *area, uint64_t page);

#endif
