/* SPDX-License-Identifier: MIT */
/*
 * What the passed-through devices can reach: guest RAM, mapped for DMA at the same addresses, and
 * where there are several devices the mapped pieces of each other's BARs (peer to peer).
 *
 * A listener of the memory map in front of a struct vfio_space. Checks before it maps, against the
 * IOVAs that the IOMMU offers. One map for each bank of RAM;
 * one for each piece of a BAR, which follows it when the guest moves it. Without RAM a device does
 * not work; without its peers' BARs nearly all do: that is a warning.
 *
 * Read beside it: Documentation/driver-api/vfio.rst; VFIO_IOMMU_MAP_DMA in linux/vfio.h.
 */
#ifndef MINIVMM_VFIO_DMA_H
#define MINIVMM_VFIO_DMA_H

#include "vfio.h"
#include "vmm/core/memory.h"

#define VFIO_RANGES_MAX 64

struct vfio_dma_map {
	struct memory_listener listener;
	struct memory *memory; /* NULL while not listening */
	struct vfio_space *space;
	struct vfio_range ranges[VFIO_RANGES_MAX];
	unsigned int range_count; /* 0: the backend does not tell */
	bool peers;               /* map BARs, too */
	bool peer_refused;        /* said once */
	uint64_t *peer_gpa;       /* those that are mapped */
	size_t peer_count;
};

/*
 * Map all RAM - and, for `peers`, BARs - and what is added later. The space must have a device. 0
 * or -errno, logged.
 */
int vfio_dma_start(struct vfio_dma_map *map, struct vfio_space *space, struct memory *memory,
		   bool peers);

/*
 * A device was added to the space, which may map fewer addresses since: ask again, and check the
 * RAM that is mapped already. 0; or -errno, logged with both ranges.
 */
int vfio_dma_recheck(struct vfio_dma_map *map);

/* Unmap all. Idempotent; accepts a zeroed map. */
void vfio_dma_stop(struct vfio_dma_map *map);

#endif
