/* SPDX-License-Identifier: MIT */
#include "backend_trace.h"

#include <inttypes.h>
#include <stdio.h>

#include "iommufd_abi.h"
#include "vfio/vfio.h"

#define FILE_CONTAINER "container"
#define FILE_GROUP     "group"
#define FILE_DEVICE    "device"
#define FILE_IOMMU     "iommufd"

const struct trace_name backend_region_names[] = {
	{ VFIO_PCI_BAR0_REGION_INDEX, "BAR 0" },
	{ VFIO_PCI_BAR1_REGION_INDEX, "BAR 1" },
	{ VFIO_PCI_BAR2_REGION_INDEX, "BAR 2" },
	{ VFIO_PCI_BAR3_REGION_INDEX, "BAR 3" },
	{ VFIO_PCI_BAR4_REGION_INDEX, "BAR 4" },
	{ VFIO_PCI_BAR5_REGION_INDEX, "BAR 5" },
	{ VFIO_PCI_ROM_REGION_INDEX, "expansion ROM" },
	{ VFIO_PCI_CONFIG_REGION_INDEX, "configuration space" },
	{ VFIO_PCI_VGA_REGION_INDEX, "VGA" },
	{ 0, NULL },
};

const struct trace_name backend_irq_names[] = {
	{ VFIO_PCI_INTX_IRQ_INDEX, "INTx" },   { VFIO_PCI_MSI_IRQ_INDEX, "MSI" },
	{ VFIO_PCI_MSIX_IRQ_INDEX, "MSI-X" },  { VFIO_PCI_ERR_IRQ_INDEX, "error" },
	{ VFIO_PCI_REQ_IRQ_INDEX, "request" }, { 0, NULL },
};

static const struct trace_name trace_iommus[] = {
	{ VFIO_TYPE1_IOMMU, "VFIO_TYPE1_IOMMU" },
	{ VFIO_TYPE1v2_IOMMU, "VFIO_TYPE1v2_IOMMU" },
	{ 0, NULL },
};

/* ---- the container ---- */

static void trace_decode_iommu(struct trace_fields *fields, const void *arg, int result)
{
	(void)result;
	trace_put_name(fields, "extension", (uintptr_t)arg, trace_iommus);
}

static void trace_decode_iommu_info(struct trace_fields *fields, const void *arg, int result)
{
	static const struct trace_name flags[] = {
		{ VFIO_IOMMU_INFO_PGSIZES, "PGSIZES" },
		{ VFIO_IOMMU_INFO_CAPS, "CAPS" },
		{ 0, NULL },
	};
	const struct vfio_iommu_type1_info *info = arg;

	if (result < 0)
		return;
	trace_put_flags(fields, "flags", info->flags, flags);
	trace_put(fields, "page sizes", "%#" PRIx64, (uint64_t)info->iova_pgsizes);
}

static void trace_decode_map(struct trace_fields *fields, const void *arg, int result)
{
	static const struct trace_name flags[] = {
		{ VFIO_DMA_MAP_FLAG_READ, "READ" },
		{ VFIO_DMA_MAP_FLAG_WRITE, "WRITE" },
		{ 0, NULL },
	};
	const struct vfio_iommu_type1_dma_map *map = arg;

	(void)result;
	trace_put(fields, "iova", "%#" PRIx64, (uint64_t)map->iova);
	trace_put_size(fields, "size", map->size);
	trace_put(fields, "hva", "%#" PRIx64, (uint64_t)map->vaddr);
	trace_put_flags(fields, "flags", map->flags, flags);
}

static void trace_decode_unmap(struct trace_fields *fields, const void *arg, int result)
{
	const struct vfio_iommu_type1_dma_unmap *unmap = arg;

	(void)result;
	trace_put(fields, "iova", "%#" PRIx64, (uint64_t)unmap->iova);
	trace_put_size(fields, "size", unmap->size);
}

TRACE_ABOUT(VFIO_GET_API_VERSION, vfio, FILE_CONTAINER, NULL,
	    "the first question to VFIO, whose only version is 0");
TRACE_ABOUT(VFIO_CHECK_EXTENSION, vfio, FILE_CONTAINER, trace_decode_iommu,
	    "is there an IOMMU driver behind it that maps and unmaps page by page?");
TRACE_ABOUT(VFIO_SET_IOMMU, dma, FILE_CONTAINER, trace_decode_iommu,
	    "with a first group in it, the container gets an IOMMU: from now on DMA can be mapped");
TRACE_ABOUT(VFIO_IOMMU_GET_INFO, dma, FILE_CONTAINER, trace_decode_iommu_info,
	    "which addresses can a device use at all? RAM must lie inside");
TRACE_ABOUT(VFIO_IOMMU_MAP_DMA, dma, FILE_CONTAINER, trace_decode_map,
	    "the device finds guest RAM at the guest's own addresses; the pages are pinned: DMA "
	    "cannot wait");
TRACE_ABOUT(VFIO_IOMMU_UNMAP_DMA, dma, FILE_CONTAINER, trace_decode_unmap,
	    "the device reaches this memory no more, before it is given back");

/* ---- groups ---- */

static void trace_decode_status(struct trace_fields *fields, const void *arg, int result)
{
	static const struct trace_name flags[] = {
		{ VFIO_GROUP_FLAGS_VIABLE, "VIABLE" },
		{ VFIO_GROUP_FLAGS_CONTAINER_SET, "CONTAINER_SET" },
		{ 0, NULL },
	};
	const struct vfio_group_status *status = arg;

	if (result >= 0)
		trace_put_flags(fields, "flags", status->flags, flags);
}

static void trace_decode_set_container(struct trace_fields *fields, const void *arg, int result)
{
	(void)result;
	trace_put(fields, "container fd", "%d", *(const int *)arg);
}

static void trace_decode_device_fd(struct trace_fields *fields, const void *arg, int result)
{
	const char *name = arg;

	trace_put(fields, "device", "%s", name);
	if (result < 0)
		return;
	trace_put_result(fields, "fd %d", result);
	snprintf(fields->opened, sizeof(fields->opened), "%s", name);
}

TRACE_ABOUT(VFIO_GROUP_GET_STATUS, vfio, FILE_GROUP, trace_decode_status,
	    "viable: no device of the group is bound to a host driver");
TRACE_ABOUT(VFIO_GROUP_SET_CONTAINER, vfio, FILE_GROUP, trace_decode_set_container,
	    "the group's devices see the container's memory and no other");
TRACE_ABOUT(VFIO_GROUP_UNSET_CONTAINER, vfio, FILE_GROUP, NULL,
	    "its last device is closed: the group leaves, and can be used by somebody else");
TRACE_ABOUT(VFIO_GROUP_GET_DEVICE_FD, vfio, FILE_GROUP, trace_decode_device_fd,
	    "the device itself, by its address; the kernel resets it if it can");

/* ---- the device ---- */

static void trace_decode_info(struct trace_fields *fields, const void *arg, int result)
{
	static const struct trace_name flags[] = {
		{ VFIO_DEVICE_FLAGS_RESET, "RESET" },
		{ VFIO_DEVICE_FLAGS_PCI, "PCI" },
		{ VFIO_DEVICE_FLAGS_CAPS, "CAPS" },
		{ 0, NULL },
	};
	const struct vfio_device_info *info = arg;

	if (result < 0)
		return;
	trace_put_flags(fields, "flags", info->flags, flags);
	trace_put(fields, "regions", "%u", info->num_regions);
	trace_put(fields, "interrupts", "%u kinds", info->num_irqs);
}

static const char *trace_region_reason(const struct vfio_region_info *info)
{
	if (info->index == VFIO_PCI_CONFIG_REGION_INDEX)
		return "where in the device's file its configuration space is read and written";
	if (info->size == 0)
		return "asked in vain: the device has no such region";
	if (info->cap_offset)
		return "asked again with room for the rest: which parts of it may be mapped";
	return "how large the BAR is, and whether it may be mapped: then it needs no exits";
}

static void trace_decode_region(struct trace_fields *fields, const void *arg, int result)
{
	static const struct trace_name flags[] = {
		{ VFIO_REGION_INFO_FLAG_READ, "READ" },
		{ VFIO_REGION_INFO_FLAG_WRITE, "WRITE" },
		{ VFIO_REGION_INFO_FLAG_MMAP, "MMAP" },
		{ VFIO_REGION_INFO_FLAG_CAPS, "CAPS" },
		{ 0, NULL },
	};
	const struct vfio_region_info *info = arg;

	trace_put_name(fields, "region", info->index, backend_region_names);
	if (result < 0)
		return;
	trace_put_size(fields, "size", info->size);
	trace_put_flags(fields, "flags", info->flags, flags);
	trace_put(fields, "file offset", "%#" PRIx64, (uint64_t)info->offset);
	fields->why = trace_region_reason(info);
}

static void trace_decode_irq_info(struct trace_fields *fields, const void *arg, int result)
{
	static const struct trace_name flags[] = {
		{ VFIO_IRQ_INFO_EVENTFD, "EVENTFD" },
		{ VFIO_IRQ_INFO_MASKABLE, "MASKABLE" },
		{ VFIO_IRQ_INFO_AUTOMASKED, "AUTOMASKED" },
		{ VFIO_IRQ_INFO_NORESIZE, "NORESIZE" },
		{ 0, NULL },
	};
	const struct vfio_irq_info *info = arg;

	trace_put_name(fields, "kind", info->index, backend_irq_names);
	if (result < 0)
		return;
	trace_put(fields, "vectors", "%u", info->count);
	trace_put_flags(fields, "flags", info->flags, flags);
}

static const char *trace_irq_reason(const struct vfio_irq_set *set)
{
	bool disable = set->count == 0;

	if (set->flags & VFIO_IRQ_SET_ACTION_UNMASK)
		return "the guest's acknowledgement reaches the device by this eventfd, through "
		       "the "
		       "kernel alone";
	switch (set->index) {
	case VFIO_PCI_ERR_IRQ_INDEX:
		return disable ? "nobody listens for errors any more"
			       : "a fatal error of the device must stop the guest";
	case VFIO_PCI_REQ_IRQ_INDEX:
		return disable ? "nobody listens for the host's request any more"
			       : "the host may want its device back";
	case VFIO_PCI_INTX_IRQ_INDEX:
		return disable ? "the pin is let go: VFIO allows one kind of interrupt at a time"
			       : "the device's pin writes this eventfd, which KVM listens to";
	default:
		return disable ? "all vectors off, the device's enable bit with them"
			       : "the device's vectors write these eventfds; -1: enabled, but "
				 "nobody "
				 "listens yet";
	}
}

static void trace_decode_set_irqs(struct trace_fields *fields, const void *arg, int result)
{
	static const struct trace_name flags[] = {
		{ VFIO_IRQ_SET_DATA_NONE, "DATA_NONE" },
		{ VFIO_IRQ_SET_DATA_BOOL, "DATA_BOOL" },
		{ VFIO_IRQ_SET_DATA_EVENTFD, "DATA_EVENTFD" },
		{ VFIO_IRQ_SET_ACTION_MASK, "ACTION_MASK" },
		{ VFIO_IRQ_SET_ACTION_UNMASK, "ACTION_UNMASK" },
		{ VFIO_IRQ_SET_ACTION_TRIGGER, "ACTION_TRIGGER" },
		{ 0, NULL },
	};
	const struct vfio_irq_set *set = arg;
	const int32_t *fds = (const void *)set->data;

	trace_put_name(fields, "kind", set->index, backend_irq_names);
	trace_put_flags(fields, "flags", set->flags, flags);
	trace_put(fields, "start", "%u", set->start);
	trace_put(fields, "count", "%u", set->count);
	if (set->flags & VFIO_IRQ_SET_DATA_EVENTFD)
		for (uint32_t i = 0; i < set->count && i < 4; i++)
			trace_put(fields, "eventfd", "%d", fds[i]);
	if (result > 0)
		trace_put_result(fields, "%d, which is how many can be had: nothing was set",
				 result);
	fields->why = trace_irq_reason(set);
}

static void trace_decode_reset_info(struct trace_fields *fields, const void *arg, int result)
{
	const struct vfio_pci_hot_reset_info *info = arg;

	(void)result;
	trace_put(fields, "devices", "%u", info->count);
}

static void trace_decode_hot_reset(struct trace_fields *fields, const void *arg, int result)
{
	const struct vfio_pci_hot_reset *reset = arg;

	(void)result;
	for (uint32_t i = 0; i < reset->count; i++)
		trace_put(fields, "group fd", "%d", reset->group_fds[i]);
}

TRACE_ABOUT(VFIO_DEVICE_GET_INFO, vfio, FILE_DEVICE, trace_decode_info,
	    "is it a PCI device, and can it be reset?");
TRACE_ABOUT(VFIO_DEVICE_GET_REGION_INFO, vfio, FILE_DEVICE, trace_decode_region,
	    "the device may not have this region");
TRACE_ABOUT(VFIO_DEVICE_GET_IRQ_INFO, irq, FILE_DEVICE, trace_decode_irq_info,
	    "how many vectors of this kind, and what can be done with them");
TRACE_ABOUT(VFIO_DEVICE_SET_IRQS, irq, FILE_DEVICE, trace_decode_set_irqs, NULL);
TRACE_ABOUT(VFIO_DEVICE_RESET, vfio, FILE_DEVICE, NULL,
	    "the guest reboots: its device starts as after power-on");
TRACE_ABOUT(VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, vfio, FILE_DEVICE, trace_decode_reset_info,
	    "it cannot be reset alone: who else is on its bus?");
TRACE_ABOUT(VFIO_DEVICE_PCI_HOT_RESET, vfio, FILE_DEVICE, trace_decode_hot_reset,
	    "the whole bus is reset; the group files prove that all on it are ours");

/* ---- iommufd ---- */

static void trace_decode_ioas_alloc(struct trace_fields *fields, const void *arg, int result)
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

static void trace_decode_ioas_ranges(struct trace_fields *fields, const void *arg, int result)
{
	const struct iommu_ioas_iova_ranges *query = arg;

	trace_put(fields, "IOAS", "%u", query->ioas_id);
	if (result >= 0)
		trace_put(fields, "ranges", "%u", query->num_iovas);
}

static const struct trace_name ioas_map_flags[] = {
	{ IOMMU_IOAS_MAP_FIXED_IOVA, "FIXED_IOVA" },
	{ IOMMU_IOAS_MAP_WRITEABLE, "WRITEABLE" },
	{ IOMMU_IOAS_MAP_READABLE, "READABLE" },
	{ 0, NULL },
};

static void trace_decode_ioas_map(struct trace_fields *fields, const void *arg, int result)
{
	const struct iommu_ioas_map *map = arg;

	(void)result;
	trace_put(fields, "IOAS", "%u", map->ioas_id);
	trace_put(fields, "iova", "%#" PRIx64, (uint64_t)map->iova);
	trace_put_size(fields, "size", map->length);
	trace_put(fields, "hva", "%#" PRIx64, (uint64_t)map->user_va);
	trace_put_flags(fields, "flags", map->flags, ioas_map_flags);
}

static void trace_decode_ioas_map_file(struct trace_fields *fields, const void *arg, int result)
{
	const struct iommu_ioas_map_file *map = arg;

	(void)result;
	trace_put(fields, "IOAS", "%u", map->ioas_id);
	trace_put(fields, "iova", "%#" PRIx64, (uint64_t)map->iova);
	trace_put_size(fields, "size", map->length);
	trace_put(fields, "file", "fd %d", map->fd);
	trace_put(fields, "file offset", "%#" PRIx64, (uint64_t)map->start);
	trace_put_flags(fields, "flags", map->flags, ioas_map_flags);
}

static void trace_decode_ioas_unmap(struct trace_fields *fields, const void *arg, int result)
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

TRACE_ABOUT(IOMMU_IOAS_ALLOC, dma, FILE_IOMMU, trace_decode_ioas_alloc,
	    "an empty address space for devices, in the place of a container");
TRACE_ABOUT(IOMMU_DESTROY, dma, FILE_IOMMU, trace_decode_destroy,
	    "who gave us the file may keep it open: our address space goes");
TRACE_ABOUT(IOMMU_IOAS_IOVA_RANGES, dma, FILE_IOMMU, trace_decode_ioas_ranges,
	    "which addresses can a device use at all? RAM must lie inside");
TRACE_ABOUT(IOMMU_IOAS_MAP, dma, FILE_IOMMU, trace_decode_ioas_map,
	    "the device finds guest RAM at the guest's own addresses; the pages are pinned: DMA "
	    "cannot wait");
TRACE_ABOUT(IOMMU_IOAS_MAP_FILE, dma, FILE_IOMMU, trace_decode_ioas_map_file,
	    "the same by the file that guest RAM is: a huge page is pinned in one step");
TRACE_ABOUT(IOMMU_IOAS_UNMAP, dma, FILE_IOMMU, trace_decode_ioas_unmap,
	    "the device reaches this memory no more, before it is given back");
TRACE_ABOUT(VFIO_DEVICE_BIND_IOMMUFD, vfio, FILE_DEVICE, trace_decode_bind,
	    "the device is ours from now on; the kernel resets it if it can");
TRACE_ABOUT(VFIO_DEVICE_ATTACH_IOMMUFD_PT, vfio, FILE_DEVICE, trace_decode_attach,
	    "the device sees this address space and no other");
TRACE_ABOUT(VFIO_DEVICE_DETACH_IOMMUFD_PT, vfio, FILE_DEVICE, NULL,
	    "who gave us the file may keep it open: the device leaves the address space");

TRACE_DEFINE_CALLS(vfio_calls, VFIO_CALLS);
