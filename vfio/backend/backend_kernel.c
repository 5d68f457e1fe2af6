/* SPDX-License-Identifier: MIT */
#include "backend_kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device_info.h"
#include "region_info.h"
#include "backend_trace.h"

/* More than a kernel ever needs to describe a region; a larger answer is not believed. */
#define KERNEL_INFO_SIZE_MAX (64u << 10)

/* No call to the kernel waits for long. */
void kernel_hurry(struct vfio_space *space)
{
	(void)space;
}

bool kernel_is_stalled(struct vfio_space *space)
{
	(void)space;
	return false;
}

/* A device that is opened by a file of its own leaves nothing behind. */
void kernel_dev_release(struct vfio_space *space, const struct vfio_device_request *request)
{
	(void)space;
	(void)request;
}

/* There is room for all known capabilities, and more. One that does not fit is ignored. */
int kernel_get_info(struct vfio_device *device, struct vfio_info *info)
{
	struct kernel_info {
		struct vfio_device_info head;
		uint64_t caps[32];
	} answer = { .head.argsz = sizeof(answer) };
	int ret = trace_ioctl(kernel_file(device), VFIO_DEVICE_GET_INFO, &answer.head);

	if (ret < 0)
		return ret;
	*info = (struct vfio_info){ answer.head.flags, 0 };
	if (answer.head.argsz <= sizeof(answer))
		info->atomics = device_info_atomics(&answer.head, answer.head.argsz);
	return 0;
}

/*
 * Ask a second time if the answer is longer than the plain struct; the kernel says in argsz how
 * long it is.
 */
static int kernel_region_info(struct vfio_device *device, uint32_t index,
			      struct vfio_region_info **result)
{
	struct vfio_region_info plain = { .argsz = sizeof(plain), .index = index }, *info;
	int ret = trace_ioctl(kernel_file(device), VFIO_DEVICE_GET_REGION_INFO, &plain);
	uint32_t argsz = plain.argsz;

	if (ret < 0)
		return ret;
	if (argsz < sizeof(plain) || argsz > KERNEL_INFO_SIZE_MAX)
		argsz = sizeof(plain);
	info = calloc(1, argsz);
	if (!info)
		return -ENOMEM;
	*info = plain;
	info->argsz = argsz;
	if (argsz > sizeof(plain))
		ret = trace_ioctl(kernel_file(device), VFIO_DEVICE_GET_REGION_INFO, info);
	if (ret < 0 || info->argsz > argsz) {
		free(info);
		return ret < 0 ? ret : -EIO;
	}
	*result = info;
	return 0;
}

int kernel_get_region(struct vfio_device *device, uint32_t index, struct vfio_region *region)
{
	struct vfio_region_info *info = NULL;
	int ret = kernel_region_info(device, index, &info);

	*region = (struct vfio_region){ .index = index, .mmap_fd = kernel_file(device) };
	if (ret < 0)
		return ret;
	region_info_parse(info, info->argsz, region);
	region->mmap_fd = kernel_file(device);
	free(info);
	return 0;
}

int kernel_get_irq(struct vfio_device *device, uint32_t index, struct vfio_irq *irq)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };
	int ret = trace_ioctl(kernel_file(device), VFIO_DEVICE_GET_IRQ_INFO, &info);

	if (ret < 0)
		return ret;
	*irq = (struct vfio_irq){ info.flags, info.count };
	return 0;
}

int kernel_set_irqs(struct vfio_device *device, const struct vfio_irq_request *request)
{
	size_t data = request->fds ? request->count * sizeof(int32_t) : 0;
	struct vfio_irq_set *set = calloc(1, sizeof(*set) + data);
	int ret;

	if (!set)
		return -ENOMEM;
	set->argsz = (uint32_t)(sizeof(*set) + data);
	set->flags = request->action |
		     (request->fds ? VFIO_IRQ_SET_DATA_EVENTFD : VFIO_IRQ_SET_DATA_NONE);
	set->index = request->index;
	set->start = request->start;
	set->count = request->count;
	if (data)
		memcpy(set->data, request->fds, data);
	ret = trace_ioctl(kernel_file(device), VFIO_DEVICE_SET_IRQS, set);
	free(set);
	return ret;
}

int kernel_reset(struct vfio_device *device)
{
	return trace_ioctl(kernel_file(device), VFIO_DEVICE_RESET, 0);
}

static bool kernel_access_valid(const struct vfio_region *region, uint64_t offset, size_t size)
{
	return size <= region->size && offset <= region->size - size;
}

int kernel_region_read(struct vfio_device *device, const struct vfio_region *region,
		       uint64_t offset, void *data, size_t size)
{
	ssize_t n;

	if (!kernel_access_valid(region, offset, size))
		return -EINVAL;
	n = pread(kernel_file(device), data, size, (off_t)(region->mmap_offset + offset));
	if (n < 0)
		return -errno;
	return (size_t)n == size ? (int)n : -EIO;
}

int kernel_region_write(struct vfio_device *device, const struct vfio_region *region,
			uint64_t offset, const void *data, size_t size)
{
	ssize_t n;

	if (!kernel_access_valid(region, offset, size))
		return -EINVAL;
	n = pwrite(kernel_file(device), data, size, (off_t)(region->mmap_offset + offset));
	if (n < 0)
		return -errno;
	return (size_t)n == size ? (int)n : -EIO;
}

/*
 * Ask twice, because the first answer tells how many functions there are. If there are more by the
 * second time, one has just come.
 */
int kernel_reset_dependents(struct vfio_device *device, struct vfio_pci_hot_reset_info **result)
{
	struct vfio_pci_hot_reset_info head = { .argsz = sizeof(head) }, *info;
	int ret = trace_ioctl(kernel_file(device), VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &head);
	size_t size;

	if (ret < 0 && ret != -ENOSPC)
		return ret;
	if (head.count > VFIO_BUS_FUNCTIONS)
		return -E2BIG;
	size = sizeof(head) + head.count * sizeof(head.devices[0]);
	info = calloc(1, size);
	if (!info)
		return -ENOMEM;
	info->argsz = (uint32_t)size;
	ret = trace_ioctl(kernel_file(device), VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, info);
	if (ret < 0 || info->count > head.count) {
		free(info);
		return ret < 0 && ret != -ENOSPC ? ret : -EAGAIN;
	}
	*result = info;
	return 0;
}

void kernel_add_reached(struct vfio_reach *reach, const struct vfio_pci_dependent_device *function,
			bool ours, int group)
{
	reach->list[reach->count++] = (struct vfio_reached){ .segment = function->segment,
							     .bus = function->bus,
							     .devfn = function->devfn,
							     .ours = ours,
							     .group = group };
}
