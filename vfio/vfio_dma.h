/* SPDX-License-Identifier: MIT */
/*
 * What the passed-through devices can reach: guest RAM, mapped for DMA at the same addresses, and,
 * if there are several devices, the mapped pieces of each other's BARs (peer to peer).
 *
 * This is a listener of the memory map in front of a struct vfio_space. Before it maps, it checks
 * against the IOVAs that the IOMMU offers. There is one map for each bank of RAM and one for each
 * piece of a BAR, which moves with the BAR. A device does not work without RAM, but nearly all work
 * without their peers' BARs, so a failure there is a warning.
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
	unsigned int range_count; /* 0: the backend does not tell the ranges */
	bool no_memory;           /* the kernel could not pin RAM: -ENOMEM */
	bool peers;               /* map BARs, too */
	bool peer_refused;        /* said once */
	uint64_t *peer_gpa;       /* the BARs' pieces that are mapped, by guest-physical address */
	size_t peer_count;
};

/*
 * Map all RAM, and with `peers` all BARs, and whatever is added later. The space must have a
 * device. 0 or -errno, logged.
 */
int vfio_dma_start(struct vfio_dma_map *map, struct vfio_space *space, struct memory *memory,
		   bool peers);

/*
 * Ask for the IOVAs again after a device was added to the space, because there may be fewer, and
 * check the RAM that is already mapped. 0, or -errno, logged with both ranges.
 */
int vfio_dma_recheck(struct vfio_dma_map *map);

/* Unmap all. Idempotent; accepts a zeroed map. */
void vfio_dma_stop(struct vfio_dma_map *map);

#endif
