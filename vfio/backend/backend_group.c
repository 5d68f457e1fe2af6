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

#include "backend_kernel.h"
#include "vfio_calls.h"
#include "vmm/trace/log.h"

#define GROUP_CONTAINER "/dev/vfio/vfio"

static void group_space_close(struct vfio_space *space)
{
	if (space->fd >= 0)
		close(space->fd);
	space->fd = -1;
}

static int group_space_open(struct vfio_space *space)
{
	int version, ret;

	space->fd = open(GROUP_CONTAINER, O_RDWR | O_CLOEXEC);
	if (space->fd < 0) {
		ret = log_errno(GROUP_CONTAINER, -errno, "open");
		if (ret == -ENOENT || ret == -ENODEV)
			log_fix("sudo modprobe vfio-pci");
		return ret;
	}
	version = trace_ioctl(space->fd, VFIO_GET_API_VERSION, 0);
	if (version != VFIO_API_VERSION) {
		log_error(GROUP_CONTAINER, "VFIO API version %d, expected %d", version,
			  VFIO_API_VERSION);
		return -ENOTSUP;
	}
	if (trace_ioctl(space->fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) <= 0) {
		log_error(GROUP_CONTAINER, "this kernel has no VFIO driver for its IOMMU");
		log_fix("sudo modprobe vfio_iommu_type1");
		return -ENOTSUP;
	}
	return 0;
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
	size_t size = 4096; /* one answer for all but the strangest of reserved regions */
	struct vfio_iommu_type1_info *info = calloc(1, size);
	int ret;

	if (!info)
		return -ENOMEM;
	info->argsz = (uint32_t)size;
	ret = trace_ioctl(space->fd, VFIO_IOMMU_GET_INFO, info);
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

	return trace_ioctl(space->fd, VFIO_IOMMU_MAP_DMA, &map);
}

static int group_dma_unmap(struct vfio_space *space, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = size,
	};
	int ret = trace_ioctl(space->fd, VFIO_IOMMU_UNMAP_DMA, &unmap);

	return ret < 0 ? ret : 0;
}

/* ---- groups ---- */

static int group_open_file(struct vfio_group *group)
{
	char path[32];
	int ret;

	snprintf(path, sizeof(path), "/dev/vfio/%d", group->number);
	group->fd = open(path, O_RDWR | O_CLOEXEC);
	if (group->fd >= 0)
		return 0;
	ret = -errno;
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

static int group_check_viable(const struct vfio_group *group)
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

/* The first group decides which IOMMU driver the container gets; later ones must suit it. */
static int group_log_attach(const struct vfio_group *group, int err, const char *call)
{
	char name[32];

	snprintf(name, sizeof(name), "IOMMU group %d", group->number);
	if (err != -EPERM)
		return log_errno(name, err, "%s", call);
	log_error(name, "%s: refused: " KERNEL_REFUSES_ISOLATION, call);
	return err;
}

static int group_attach(struct vfio_space *space, struct vfio_group *group)
{
	int ret = group_check_viable(group);

	if (ret < 0)
		return ret;
	ret = trace_ioctl(group->fd, VFIO_GROUP_SET_CONTAINER, &space->fd);
	if (ret < 0)
		return group_log_attach(group, ret, "VFIO_GROUP_SET_CONTAINER");
	if (space->group_count)
		return 0;
	ret = trace_ioctl(space->fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	return ret < 0 ? group_log_attach(group, ret, "VFIO_SET_IOMMU") : 0;
}

static struct vfio_group *group_find(struct vfio_space *space, int number)
{
	for (unsigned int i = 0; i < space->group_count; i++)
		if (space->groups[i].number == number)
			return &space->groups[i];
	return NULL;
}

/* The group, attached; a group is opened once and shared by its devices. */
static int group_get(struct vfio_space *space, int number, struct vfio_group **result)
{
	struct vfio_group *group = &space->groups[space->group_count];
	int ret;

	*result = group_find(space, number);
	if (*result)
		return 0;
	if (space->group_count == VFIO_GROUPS_MAX)
		return log_errno(GROUP_CONTAINER, -ENOSPC, "attach one more group");
	*group = (struct vfio_group){ .number = number, .fd = -1 };
	ret = group_open_file(group);
	if (ret == 0)
		ret = group_attach(space, group);
	if (ret < 0) {
		if (group->fd >= 0)
			close(group->fd);
		return ret;
	}
	space->group_count++;
	*result = group;
	return 0;
}

static void group_put(struct vfio_space *space, int number)
{
	struct vfio_group *group = group_find(space, number);

	if (!group || (group->users && --group->users))
		return;
	trace_ioctl(group->fd, VFIO_GROUP_UNSET_CONTAINER, 0);
	close(group->fd);
	*group = space->groups[--space->group_count];
}

/* ---- devices ---- */

/* How the kernel's names for what is wrong with a token tell it. */
static int group_log_device(const struct vfio_device *device, int err)
{
	log_errno(device->name, err, "VFIO_GROUP_GET_DEVICE_FD");
	if (err == -EACCES && device->vf_token)
		log_fix("vf-token= must be the UUID that the physical function was opened with");
	else if (err == -EACCES)
		log_fix("--vfio %s,vf-token=UUID   # its physical function is driven by vfio-pci, "
			"opened with that UUID",
			device->name);
	else if (err == -EINVAL && device->vf_token)
		log_fix("--vfio %s   # without vf-token=: only SR-IOV functions take one, a "
			"virtual one if its physical function is driven by vfio-pci",
			device->name);
	return err;
}

/*
 * The token comes with the name. A virtual function shows its physical function's; a physical one,
 * opened for the first time, is given it, as VFIO_DEVICE_FEATURE_PCI_VF_TOKEN would do afterwards.
 */
static int group_get_device(const struct vfio_group *group, struct vfio_device *device)
{
	char name[VFIO_NAME_MAX + sizeof(" vf_token=") + 36];
	int ret;

	snprintf(name, sizeof(name), "%s%s%s", device->name, device->vf_token ? " vf_token=" : "",
		 device->vf_token ? device->vf_token : "");
	ret = trace_ioctl(group->fd, VFIO_GROUP_GET_DEVICE_FD, name);
	if (ret < 0)
		return group_log_device(device, ret);
	device->fd = ret;
	return 0;
}

static int group_dev_open(struct vfio_space *space, struct vfio_device *device)
{
	struct vfio_group *group = NULL;
	int ret = group_get(space, device->group, &group);

	device->space = space;
	device->fd = device->kvm_file = -1;
	if (ret < 0)
		return ret;
	device->kvm_file = group->fd;
	group->users++;
	ret = device->tell_kvm(device);
	return ret < 0 ? ret : group_get_device(group, device);
}

static void group_dev_close(struct vfio_device *device)
{
	if (device->fd >= 0)
		close(device->fd);
	if (device->kvm_file >= 0)
		group_put(device->space, device->group);
	device->fd = device->kvm_file = -1;
}

/* ---- hot reset ---- */

/* A device of somebody else would be reset under its driver: refused, and said which. */
static int group_check_dependents(const struct vfio_device *device,
				  const struct vfio_pci_hot_reset_info *info)
{
	int ret = 0;

	for (uint32_t i = 0; i < info->count; i++) {
		const struct vfio_pci_dependent_device *other = &info->devices[i];

		if (group_find(device->space, (int)other->group_id))
			continue;
		log_warn(device->name,
			 KERNEL_TAKES_ALONG " of IOMMU group %u, which is not passed through",
			 other->segment, other->bus, other->devfn >> 3, other->devfn & 7,
			 other->group_id);
		ret = -EPERM;
	}
	return ret;
}

static bool group_is_dependent(const struct vfio_pci_hot_reset_info *info, int number)
{
	for (uint32_t i = 0; i < info->count; i++)
		if (info->devices[i].group_id == (uint32_t)number)
			return true;
	return false;
}

/*
 * The files of the groups prove that everything the reset touches is ours. No others: the kernel
 * refuses more files than there are devices to reset.
 */
static int group_hot_reset(struct vfio_device *device)
{
	const struct vfio_space *space = device->space;
	union {
		struct vfio_pci_hot_reset head;
		uint8_t bytes[sizeof(struct vfio_pci_hot_reset) +
			      VFIO_GROUPS_MAX * sizeof(int32_t)];
	} request = { .head.count = 0 };
	struct vfio_pci_hot_reset_info *info;
	int ret = kernel_reset_dependents(device, &info);

	if (ret < 0)
		return ret;
	ret = group_check_dependents(device, info);
	for (unsigned int i = 0; i < space->group_count; i++)
		if (group_is_dependent(info, space->groups[i].number))
			request.head.group_fds[request.head.count++] = space->groups[i].fd;
	free(info);
	if (ret < 0)
		return ret;
	request.head.argsz =
		(uint32_t)(sizeof(request.head) + request.head.count * sizeof(int32_t));
	return trace_ioctl(device->fd, VFIO_DEVICE_PCI_HOT_RESET, &request);
}

const struct vfio_backend vfio_backend_group = {
	.name = "group",
	.space_open = group_space_open,
	.space_close = group_space_close,
	.iova_ranges = group_iova_ranges,
	.dma_map = group_dma_map,
	.dma_unmap = group_dma_unmap,
	.dev_open = group_dev_open,
	.dev_close = group_dev_close,
	.get_info = kernel_get_info,
	.get_region = kernel_get_region,
	.get_irq = kernel_get_irq,
	.set_irqs = kernel_set_irqs,
	.reset = kernel_reset,
	.hot_reset = group_hot_reset,
	.region_read = kernel_region_read,
	.region_write = kernel_region_write,
};
