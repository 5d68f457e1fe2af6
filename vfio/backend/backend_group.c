/* SPDX-License-Identifier: MIT */
/*
 * The legacy interface: a container (/dev/vfio/vfio) is the space, a group (/dev/vfio/N) the unit
 * that is attached to it, and a group hands out device files by name.
 *
 * Documentation/driver-api/vfio.rst, "VFIO Usage Example".
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend_group.h"
#include "backend_trace.h"
#include "vmm/base/opener.h"
#include "vmm/trace/log.h"

#define GROUP_CONTAINER "/dev/vfio/vfio"

static struct group_space *group_space_of(const struct vfio_space *space)
{
	return space->priv;
}

static void group_space_close(struct vfio_space *space)
{
	struct group_space *own = group_space_of(space);

	if (!own)
		return;
	for (unsigned int i = own->count; i--;) {
		trace_ioctl(own->groups[i].fd, VFIO_GROUP_UNSET_CONTAINER, 0);
		close(own->groups[i].fd);
	}
	if (own->container >= 0)
		close(own->container);
	free(own);
	space->priv = NULL;
}

static int group_open_container(struct group_space *own, const struct opener *opener)
{
	int ret;

	own->container = opener_open(opener, GROUP_CONTAINER);
	if (own->container >= 0)
		return 0;
	ret = log_errno(GROUP_CONTAINER, own->container, "open");
	if (ret == -ENOENT || ret == -ENODEV)
		log_fix("sudo modprobe vfio-pci");
	return ret;
}

static int group_check_container(int container)
{
	int version = trace_ioctl(container, VFIO_GET_API_VERSION, 0), found;

	if (version < 0)
		return log_errno(GROUP_CONTAINER, version, "VFIO_GET_API_VERSION");
	if (version != VFIO_API_VERSION) {
		log_error(GROUP_CONTAINER, "VFIO API version %d, expected %d", version,
			  VFIO_API_VERSION);
		return -ENOTSUP;
	}
	found = trace_ioctl(container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU);
	if (found < 0)
		return log_errno(GROUP_CONTAINER, found, "VFIO_CHECK_EXTENSION");
	if (!found) {
		log_error(GROUP_CONTAINER, "this kernel has no VFIO driver for its IOMMU");
		log_fix("sudo modprobe vfio_iommu_type1");
		return -ENOTSUP;
	}
	return 0;
}

static int group_space_open(struct vfio_space *space, const struct vfio_space_request *request)
{
	struct group_space *own = calloc(1, sizeof(*own));
	int ret;

	(void)request;
	if (!own)
		return log_errno(GROUP_CONTAINER, -ENOMEM, "allocate");
	space->priv = own;
	ret = group_open_container(own, space->opener);
	return ret < 0 ? ret : group_check_container(own->container);
}

/* ---- DMA ---- */

static unsigned int group_parse_ranges(const struct vfio_iommu_type1_info *info,
				       struct vfio_range *ranges, unsigned int max)
{
	uint32_t offset = info->flags & VFIO_IOMMU_INFO_CAPS ? info->cap_offset : 0;

	for (unsigned int n = 0; offset && n < 32; n++) {
		const struct vfio_iommu_type1_info_cap_iova_range *cap;
		size_t room = info->argsz - offset;
		unsigned int count = 0;

		if (offset > info->argsz || room < sizeof(cap->header))
			return 0;
		cap = (const void *)((const char *)info + offset);
		offset = cap->header.next;
		if (cap->header.id != VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE || room < sizeof(*cap))
			continue;
		room = (room - sizeof(*cap)) / sizeof(cap->iova_ranges[0]);
		for (; count < cap->nr_iovas && count < max && count < room; count++)
			ranges[count] = (struct vfio_range){ cap->iova_ranges[count].start,
							     cap->iova_ranges[count].end };
		return count;
	}
	return 0;
}

static int group_iova_ranges(struct vfio_space *space, struct vfio_range *ranges, unsigned int max)
{
	size_t size = 4096; /* large enough for all but very unusual lists of ranges */
	struct vfio_iommu_type1_info *info = calloc(1, size);
	int ret;

	if (!info)
		return -ENOMEM;
	info->argsz = (uint32_t)size;
	ret = trace_ioctl(group_space_of(space)->container, VFIO_IOMMU_GET_INFO, info);
	if (ret >= 0)
		ret = info->argsz <= size ? (int)group_parse_ranges(info, ranges, max) : 0;
	free(info);
	return ret;
}

static int group_dma_map(struct vfio_space *space, const struct vfio_dma *dma)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | (dma->readonly ? 0 : VFIO_DMA_MAP_FLAG_WRITE),
		.vaddr = (uintptr_t)dma->hva,
		.iova = dma->iova,
		.size = dma->size,
	};

	return trace_ioctl(group_space_of(space)->container, VFIO_IOMMU_MAP_DMA, &map);
}

static int group_dma_unmap(struct vfio_space *space, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = size,
	};
	int ret = trace_ioctl(group_space_of(space)->container, VFIO_IOMMU_UNMAP_DMA, &unmap);

	return ret < 0 ? ret : 0;
}

/* ---- groups ---- */

static int group_open_file(struct group *group, const struct opener *opener)
{
	char path[32];
	int ret;

	snprintf(path, sizeof(path), "/dev/vfio/%d", group->number);
	group->fd = opener_open(opener, path);
	if (group->fd >= 0)
		return 0;
	ret = group->fd;
	if (ret == -EBUSY)
		log_error(path, "IOMMU group %d is in use by another process: %s", group->number,
			  "Device or resource busy");
	else
		log_errno(path, ret, "open");
	if (ret == -EBUSY)
		log_fix("sudo fuser -v %s   # shows which", path);
	else if (ret == -EACCES)
		log_fix("sudo chown $USER %s", path);
	return ret;
}

static int group_check_viable(const struct group *group)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char name[32];
	int ret = trace_ioctl(group->fd, VFIO_GROUP_GET_STATUS, &status);

	snprintf(name, sizeof(name), "IOMMU group %d", group->number);
	if (ret < 0)
		return log_errno(name, ret, "VFIO_GROUP_GET_STATUS");
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE)) {
		log_error(name, "not viable: a device of it is bound to a host driver");
		return -EPERM;
	}
	return 0;
}

/* The first group decides which IOMMU driver the container gets; later groups must work with it. */
static int group_log_attach(const struct group *group, int err, const char *call)
{
	char name[32];

	snprintf(name, sizeof(name), "IOMMU group %d", group->number);
	if (err != -EPERM)
		return log_errno(name, err, "%s", call);
	log_error(name, "%s: refused: " KERNEL_REFUSES_ISOLATION, call);
	return err;
}

static int group_attach(struct group_space *own, struct group *group)
{
	int ret = group_check_viable(group);

	if (ret < 0)
		return ret;
	ret = trace_ioctl(group->fd, VFIO_GROUP_SET_CONTAINER, &own->container);
	if (ret < 0)
		return group_log_attach(group, ret, "VFIO_GROUP_SET_CONTAINER");
	if (own->count)
		return 0;
	ret = trace_ioctl(own->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	return ret < 0 ? group_log_attach(group, ret, "VFIO_SET_IOMMU") : 0;
}

static struct group *group_find(struct group_space *own, int number)
{
	for (unsigned int i = 0; i < own->count; i++)
		if (own->groups[i].number == number)
			return &own->groups[i];
	return NULL;
}

/* The group, attached; a group is opened once and shared by its devices. */
static int group_get(struct vfio_space *space, int number, struct group **result)
{
	struct group_space *own = group_space_of(space);
	struct group *group = &own->groups[own->count];
	int ret;

	*result = group_find(own, number);
	if (*result)
		return 0;
	if (own->count == GROUPS_MAX)
		return log_errno(GROUP_CONTAINER, -ENOSPC, "attach one more group");
	*group = (struct group){ .number = number, .fd = -1 };
	ret = group_open_file(group, space->opener);
	if (ret == 0)
		ret = group_attach(own, group);
	if (ret < 0) {
		if (group->fd >= 0)
			close(group->fd);
		return ret;
	}
	own->count++;
	*result = group;
	return 0;
}

/* ---- devices ---- */

/* Explain the kernel's error numbers for a wrong token. */
static int group_log_device(const struct vfio_device_request *request, int err)
{
	log_errno(request->name, err, "VFIO_GROUP_GET_DEVICE_FD");
	if (err == -EACCES && request->vf_token)
		log_fix("vf-token= must be the UUID that the physical function was opened with");
	else if (err == -EACCES)
		log_fix("--vfio %s,vf-token=UUID   # its physical function is driven by vfio-pci, "
			"opened with that UUID",
			request->name);
	else if (err == -EINVAL && request->vf_token)
		log_fix("--vfio %s   # without vf-token=: only SR-IOV functions take one, a "
			"virtual one if its physical function is driven by vfio-pci",
			request->name);
	return err;
}

/*
 * The token is passed with the name. A virtual function must show its physical function's token. A
 * physical function that is opened for the first time takes the token as its own, as
 * VFIO_DEVICE_FEATURE_PCI_VF_TOKEN would do later.
 */
static int group_get_device(const struct group *group, const struct vfio_device_request *request,
			    int *fd)
{
	char name[VFIO_NAME_MAX + sizeof(" vf_token=") + 36];
	const char *token = request->vf_token;
	int ret;

	snprintf(name, sizeof(name), "%s%s%s", request->name, token ? " vf_token=" : "",
		 token ? token : "");
	ret = trace_ioctl(group->fd, VFIO_GROUP_GET_DEVICE_FD, name);
	if (ret < 0)
		return group_log_device(request, ret);
	*fd = ret;
	return 0;
}

static int group_dev_open(struct vfio_space *space, struct vfio_device *device,
			  const struct vfio_device_request *request)
{
	struct kernel_device *own = malloc(sizeof(*own));
	struct group *group = NULL;
	int ret;

	device->space = space;
	device->priv = own;
	if (!own)
		return log_errno(request->name, -ENOMEM, "allocate");
	own->fd = -1;
	ret = group_get(space, request->group, &group);
	if (ret < 0)
		return ret;
	device->kvm_file = group->fd;
	ret = device->tell_kvm(device);
	return ret < 0 ? ret : group_get_device(group, request, &own->fd);
}

static void group_dev_close(struct vfio_device *device)
{
	struct kernel_device *own = device->priv;

	if (!own)
		return;
	if (own->fd >= 0)
		close(own->fd);
	free(own);
	device->priv = NULL;
	device->kvm_file = -1;
}

static void group_dev_release(struct vfio_space *space, const struct vfio_device_request *request)
{
	struct group_space *own = group_space_of(space);
	struct group *group = group_find(own, request->group);

	if (!group)
		return;
	trace_ioctl(group->fd, VFIO_GROUP_UNSET_CONTAINER, 0);
	close(group->fd);
	*group = own->groups[--own->count];
}

/* ---- hot reset ---- */

static int group_reset_reach(struct vfio_device *device, struct vfio_reach *reach)
{
	struct group_space *own = group_space_of(device->space);
	struct vfio_pci_hot_reset_info *info;
	int ret = kernel_reset_dependents(device, &info);

	reach->count = 0;
	if (ret < 0)
		return ret;
	for (uint32_t i = 0; i < info->count; i++) {
		int number = (int)info->devices[i].group_id;

		kernel_add_reached(reach, &info->devices[i], group_find(own, number), number);
	}
	free(info);
	return 0;
}

static bool group_is_reached(const struct vfio_reach *reach, int number)
{
	for (unsigned int i = 0; i < reach->count; i++)
		if (reach->list[i].group == number)
			return true;
	return false;
}

/*
 * The groups' files prove that minivmm owns everything that the reset touches. Only the groups
 * concerned are given, because the kernel refuses more files than there are devices to reset.
 */
static int group_hot_reset(struct vfio_device *device, const struct vfio_reach *reach)
{
	const struct group_space *own = group_space_of(device->space);
	union {
		struct vfio_pci_hot_reset head;
		uint8_t bytes[sizeof(struct vfio_pci_hot_reset) + GROUPS_MAX * sizeof(int32_t)];
	} request = { .head.count = 0 };

	for (unsigned int i = 0; i < own->count; i++)
		if (group_is_reached(reach, own->groups[i].number))
			request.head.group_fds[request.head.count++] = own->groups[i].fd;
	request.head.argsz =
		(uint32_t)(sizeof(request.head) + request.head.count * sizeof(int32_t));
	return trace_ioctl(kernel_file(device), VFIO_DEVICE_PCI_HOT_RESET, &request);
}

const struct vfio_backend vfio_backend_group = {
	.name = "group",
	.space_open = group_space_open,
	.space_close = group_space_close,
	.hurry = kernel_hurry,
	.is_stalled = kernel_is_stalled,
	.iova_ranges = group_iova_ranges,
	.dma_map = group_dma_map,
	.dma_unmap = group_dma_unmap,
	.dev_open = group_dev_open,
	.dev_close = group_dev_close,
	.dev_release = group_dev_release,
	.get_info = kernel_get_info,
	.get_region = kernel_get_region,
	.get_irq = kernel_get_irq,
	.set_irqs = kernel_set_irqs,
	.reset = kernel_reset,
	.reset_reach = group_reset_reach,
	.hot_reset = group_hot_reset,
	.region_read = kernel_region_read,
	.region_write = kernel_region_write,
};
