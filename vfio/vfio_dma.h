/* SPDX-License-Identifier: MIT */
/*
 * What the passed-through devices can reach: guest RAM, mapped for DMA at the same addresses.
 *
 * A listener of the memory map in front of a struct vfio_space. Checks before it maps: against the
 * IOVAs that the IOMMU offers and against the locked-memory limit. One map for each bank of RAM.
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
};

/*
 * Make sure that `need` bytes can be pinned: raises the locked-memory limit when allowed; with
 * CAP_IPC_LOCK there is none. 0, or -ENOMEM with need, limit and the lines that raise it printed.
 */
int vfio_dma_check_memlock(uint64_t need);

/* Map all RAM, and what is added later. The space must have a device. 0 or -errno, logged. */
int vfio_dma_start(struct vfio_dma_map *map, struct vfio_space *space, struct memory *memory);

/* Unmap all. Idempotent; accepts a zeroed map. */
void vfio_dma_stop(struct vfio_dma_map *map);

#endif
