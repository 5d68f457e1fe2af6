/* SPDX-License-Identifier: MIT */
/*
 * What each ioctl of backend_iommufd.c means, and why it is made; those of a device that is open
 * are in backend_trace.c.
 *
 * Read beside it: Documentation/userspace-api/iommufd.rst.
 */
#include <inttypes.h>
#include <stdio.h>

#include "backend_names.h"
#include "iommufd_abi.h"
#include "vfio_calls.h"

#define FILE_IOMMU  "iommufd"
#define FILE_DEVICE "device"

static void trace_decode_alloc(struct trace_fields *fields, const void *arg, int result)
{
	const struct iommu_ioas_alloc *alloc = arg;

	if (result >= 0)
		trace_put(fields, "IOAS", "%u", alloc->out_ioas_id);
}

static void trace_decode_destroy(struct trace_fields *fields, const void *arg, int result)
{
	const struct iommu_destroy *destroy = arg;

	(void)result;
	trace_put(fields, "object", "%u", destroy->id);
}

static void trace_decode_ranges(struct trace_fields *fields, const void *arg, int result)
{
	const struct iommu_ioas_iova_ranges *query = arg;

	trace_put(fields, "IOAS", "%u", query->ioas_id);
	if (result >= 0)
		trace_put(fields, "ranges", "%u", query->num_iovas);
}

static void trace_decode_map(struct trace_fields *fields, const void *arg, int result)
{
	static const struct trace_name flags[] = {
		{ IOMMU_IOAS_MAP_FIXED_IOVA, "FIXED_IOVA" },
		{ IOMMU_IOAS_MAP_WRITEABLE, "WRITEABLE" },
		{ IOMMU_IOAS_MAP_READABLE, "READABLE" },
		{ 0, NULL },
	};
	const struct iommu_ioas_map *map = arg;

	(void)result;
	trace_put(fields, "IOAS", "%u", map->ioas_id);
	trace_put(fields, "iova", "%#" PRIx64, (uint64_t)map->iova);
	trace_put_size(fields, "size", map->length);
	trace_put(fields, "hva", "%#" PRIx64, (uint64_t)map->user_va);
	trace_put_flags(fields, "flags", map->flags, flags);
}

static void trace_decode_unmap(struct trace_fields *fields, const void *arg, int result)
{
	const struct iommu_ioas_unmap *unmap = arg;

	(void)result;
	trace_put(fields, "IOAS", "%u", unmap->ioas_id);
	trace_put(fields, "iova", "%#" PRIx64, (uint64_t)unmap->iova);
	trace_put_size(fields, "size", unmap->length);
}

static void trace_decode_bind(struct trace_fields *fields, const void *arg, int result)
{
	const struct backend_binding *binding = arg;

	snprintf(fields->file, sizeof(fields->file), "%s", binding->name);
	trace_put(fields, "iommufd", "%d", binding->bind->iommufd);
	if (result >= 0)
		trace_put(fields, "device", "%u", binding->bind->out_devid);
}

static void trace_decode_attach(struct trace_fields *fields, const void *arg, int result)
{
	const struct vfio_device_attach_iommufd_pt *attach = arg;

	(void)result;
	trace_put(fields, "IOAS", "%u", attach->pt_id);
}

TRACE_ABOUT(IOMMU_IOAS_ALLOC, dma, FILE_IOMMU, trace_decode_alloc,
	    "an address space for devices, empty: what a container was");
TRACE_ABOUT(IOMMU_DESTROY, dma, FILE_IOMMU, trace_decode_destroy,
	    "who gave us the file may keep it open: our address space goes");
TRACE_ABOUT(IOMMU_IOAS_IOVA_RANGES, dma, FILE_IOMMU, trace_decode_ranges,
	    "which addresses can a device use at all? RAM must lie inside");
TRACE_ABOUT(IOMMU_IOAS_MAP, dma, FILE_IOMMU, trace_decode_map,
	    "the device finds guest RAM at the guest's own addresses; the pages are pinned: DMA "
	    "cannot wait");
TRACE_ABOUT(IOMMU_IOAS_UNMAP, dma, FILE_IOMMU, trace_decode_unmap,
	    "the device reaches this memory no more, before it is given back");
TRACE_ABOUT(VFIO_DEVICE_BIND_IOMMUFD, vfio, FILE_DEVICE, trace_decode_bind,
	    "the device is ours from now on; the kernel resets it if it can");
TRACE_ABOUT(VFIO_DEVICE_ATTACH_IOMMUFD_PT, vfio, FILE_DEVICE, trace_decode_attach,
	    "the device sees this address space and no other");
TRACE_ABOUT(VFIO_DEVICE_DETACH_IOMMUFD_PT, vfio, FILE_DEVICE, NULL,
	    "who gave us the file may keep it open: the device leaves the address space");
