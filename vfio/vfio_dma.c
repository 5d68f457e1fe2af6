/* SPDX-License-Identifier: MIT */
#include "vfio_dma.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "vmm/trace/macros.h"
#include "vmm/trace/log.h"

static struct vfio_dma_map *dma_map_of(struct memory_listener *listener)
{
	return container_of(listener, struct vfio_dma_map, listener);
}

static void dma_log_ranges(const struct vfio_dma_map *map)
{
	for (unsigned int i = 0; i < map->range_count; i++)
		log_error(NULL, "  the IOMMU maps %#" PRIx64 "-%#" PRIx64, map->ranges[i].first,
			  map->ranges[i].last);
}

static bool dma_in_range(const struct vfio_dma_map *map, const struct memory_region *region)
{
	uint64_t last = region->gpa + region->size - 1;

	for (unsigned int i = 0; i < map->range_count; i++)
		if (region->gpa >= map->ranges[i].first && last <= map->ranges[i].last)
			return true;
	return map->range_count == 0;
}

static int dma_check_range(const struct vfio_dma_map *map, const struct memory_region *region)
{
	if (dma_in_range(map, region))
		return 0;
	log_error("guest RAM", "%#" PRIx64 "-%#" PRIx64 " cannot be mapped for DMA", region->gpa,
		  region->gpa + region->size - 1);
	dma_log_ranges(map);
	return -EINVAL;
}

static int dma_map_region(struct vfio_dma_map *map, const struct memory_region *region)
{
	struct vfio_dma dma = {
		.iova = region->gpa,
		.size = region->size,
		.hva = region->hva,
		.fd = region->fd,
		.fd_offset = region->fd_offset,
		.memfd = region->kind == MEMORY_RAM && region->fd >= 0,
		.readonly = region->readonly,
	};

	return map->space->backend->dma_map(map->space, &dma);
}

/* ---- BARs of other devices ---- */

static int dma_map_peer(struct vfio_dma_map *map, const struct memory_region *region)
{
	uint64_t *grown;
	int ret;

	if (!dma_in_range(map, region))
		return -ERANGE;
	grown = realloc(map->peer_gpa, (map->peer_count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	map->peer_gpa = grown;
	ret = dma_map_region(map, region);
	if (ret == 0)
		map->peer_gpa[map->peer_count++] = region->gpa;
	return ret;
}

static void dma_add_peer(struct vfio_dma_map *map, const struct memory_region *region)
{
	int ret = map->peers ? dma_map_peer(map, region) : 0;

	if (ret == 0 || map->peer_refused)
		return;
	map->peer_refused = true;
	log_warn("peer to peer",
		 "the BAR at %#" PRIx64 " + %#" PRIx64 " cannot be mapped for DMA: %s: devices "
		 "cannot reach each other directly; all else works",
		 region->gpa, region->size, log_reason(ret));
}

/* Unmap a BAR only if it was mapped. */
static void dma_del_peer(struct vfio_dma_map *map, const struct memory_region *region)
{
	for (size_t i = 0; i < map->peer_count; i++)
		if (map->peer_gpa[i] == region->gpa) {
			map->peer_gpa[i] = map->peer_gpa[--map->peer_count];
			map->space->backend->dma_unmap(map->space, region->gpa, region->size);
			return;
		}
}

/* ---- the listener ---- */

static int dma_region_add(struct memory_listener *listener, const struct memory_region *region)
{
	struct vfio_dma_map *map = dma_map_of(listener);
	int ret;

	if (region->kind == MEMORY_DEVICE) {
		dma_add_peer(map, region);
		return 0;
	}
	if (region->kind == MEMORY_ROM)
		return 0;
	ret = dma_check_range(map, region);
	if (ret < 0)
		return ret;
	ret = dma_map_region(map, region);
	map->no_memory |= ret == -ENOMEM;
	if (ret < 0)
		log_errno("guest RAM", ret, "map %#" PRIx64 " + %#" PRIx64 " for DMA", region->gpa,
			  region->size);
	return ret;
}

static void dma_region_del(struct memory_listener *listener, const struct memory_region *region)
{
	struct vfio_dma_map *map = dma_map_of(listener);

	if (region->kind == MEMORY_DEVICE)
		dma_del_peer(map, region);
	else if (region->kind == MEMORY_RAM)
		map->space->backend->dma_unmap(map->space, region->gpa, region->size);
}

static int dma_ask_ranges(struct vfio_dma_map *map)
{
	int ret = map->space->backend->iova_ranges(map->space, map->ranges, VFIO_RANGES_MAX);

	if (ret < 0)
		return log_errno("IOMMU", ret, "ask which addresses it maps");
	map->range_count = (unsigned int)ret;
	return 0;
}

int vfio_dma_start(struct vfio_dma_map *map, struct vfio_space *space, struct memory *memory,
		   bool peers)
{
	int ret;

	*map = (struct vfio_dma_map){ .listener = { dma_region_add, dma_region_del },
				      .space = space,
				      .peers = peers };
	ret = dma_ask_ranges(map);
	if (ret < 0)
		return ret;
	ret = memory_add_listener(memory, &map->listener);
	if (ret == 0)
		map->memory = memory;
	return ret;
}

/* A listener that only checks. When it is added, it is told of all regions. */
struct dma_check {
	struct memory_listener listener;
	const struct vfio_dma_map *map;
};

static int dma_check_add(struct memory_listener *listener, const struct memory_region *region)
{
	const struct dma_check *check = container_of(listener, struct dma_check, listener);

	return region->kind == MEMORY_RAM ? dma_check_range(check->map, region) : 0;
}

static void dma_check_del(struct memory_listener *listener, const struct memory_region *region)
{
	(void)listener;
	(void)region;
}

int vfio_dma_recheck(struct vfio_dma_map *map)
{
	struct dma_check check = { { dma_check_add, dma_check_del }, map };
	int ret = dma_ask_ranges(map);

	if (ret < 0)
		return ret;
	ret = memory_add_listener(map->memory, &check.listener);
	if (ret == 0)
		memory_del_listener(map->memory, &check.listener);
	return ret;
}

void vfio_dma_stop(struct vfio_dma_map *map)
{
	if (map->memory)
		memory_del_listener(map->memory, &map->listener);
	map->memory = NULL;
	free(map->peer_gpa);
	map->peer_gpa = NULL;
	map->peer_count = 0;
}
