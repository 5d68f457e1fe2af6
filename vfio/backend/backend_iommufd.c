/* SPDX-License-Identifier: MIT */
/*
 * The interface without groups: /dev/iommu holds address spaces (IOAS), and each device is a file
 * of its own, /dev/vfio/devices/vfioN, that is bound to it and attached to one of them. Whoever is
 * handed the two files needs no right of his own to open them.
 *
 * Beside backend_group.c: what is the same after a device file is open, is backend_kernel.c's.
 * Documentation/driver-api/vfio.rst, "IOMMUFD and VFIO device cdev".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend_kernel.h"
#include "backend_names.h"
#include "iommufd_abi.h"
#include "vfio_calls.h"
#include "vmm/trace/log.h"

#define IOMMUFD_FILE "/dev/iommu"

#define IOMMUFD_RANGES_MAX 64 /* more regions of addresses than any IOMMU keeps apart */

/* ---- the space ---- */

static int iommufd_open_file(struct vfio_space *space)
{
	int ret;

	if (space->fd >= 0)
		return 0;
	space->fd = open(IOMMUFD_FILE, O_RDWR | O_CLOEXEC);
	if (space->fd >= 0)
		return 0;
	ret = log_errno(IOMMUFD_FILE, -errno, "open");
	if (ret == -ENOENT || ret == -ENODEV)
		log_fix("sudo modprobe iommufd   # or iommufd=off: not every kernel has it");
	else if (ret == -EACCES)
		log_fix("sudo chown $USER %s", IOMMUFD_FILE);
	return ret;
}

/* The file may be somebody else's too, who keeps it open: what is ours in it does not stay. */
static void iommufd_space_close(struct vfio_space *space)
{
	struct iommu_destroy destroy = { .size = sizeof(destroy), .id = space->ioas };

	if (space->ioas)
		trace_ioctl(space->fd, IOMMU_DESTROY, &destroy);
	if (space->fd >= 0)
		close(space->fd);
	space->ioas = 0;
	space->fd = -1;
}

static int iommufd_space_open(struct vfio_space *space)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	int ret = iommufd_open_file(space);

	if (ret < 0)
		return ret;
	ret = trace_ioctl(space->fd, IOMMU_IOAS_ALLOC, &alloc);
	if (ret < 0)
		return log_errno(IOMMUFD_FILE, ret, "IOMMU_IOAS_ALLOC");
	space->ioas = alloc.out_ioas_id;
	return 0;
}

/* ---- DMA ---- */

static int iommufd_iova_ranges(struct vfio_space *space, struct vfio_range *ranges,
			       unsigned int max)
{
	struct iommu_iova_range found[IOMMUFD_RANGES_MAX] = { 0 };
	struct iommu_ioas_iova_ranges query = {
		.size = sizeof(query),
		.ioas_id = space->ioas,
		.num_iovas = IOMMUFD_RANGES_MAX,
		.allowed_iovas = (uintptr_t)found,
	};
	int ret = trace_ioctl(space->fd, IOMMU_IOAS_IOVA_RANGES, &query);

	/* -EMSGSIZE: there are more; the first are told all the same. */
	if (ret < 0 && ret != -EMSGSIZE)
		return ret;
	if (max > IOMMUFD_RANGES_MAX)
		max = IOMMUFD_RANGES_MAX;
	if (max > query.num_iovas)
		max = query.num_iovas;
	for (unsigned int i = 0; i < max; i++)
		ranges[i] = (struct vfio_range){ found[i].start, found[i].last };
	return (int)max;
}

static int iommufd_dma_map(struct vfio_space *space, const struct vfio_dma *dma)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 (dma->readonly ? 0 : IOMMU_IOAS_MAP_WRITEABLE),
		.ioas_id = space->ioas,
		.user_va = (uintptr_t)dma->hva,
		.length = dma->size,
		.iova = dma->iova,
	};

	return trace_ioctl(space->fd, IOMMU_IOAS_MAP, &map);
}

static int iommufd_dma_unmap(struct vfio_space *space, uint64_t iova, uint64_t size)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = space->ioas,
		.iova = iova,
		.length = size,
	};
	int ret = trace_ioctl(space->fd, IOMMU_IOAS_UNMAP, &unmap);

	return ret < 0 ? ret : 0;
}

/* ---- devices ---- */

static int iommufd_open_device(struct vfio_device *device)
{
	char path[48];
	int ret;

	if (device->fd >= 0)
		return 0;
	snprintf(path, sizeof(path), "/dev/vfio/devices/vfio%d", device->cdev);
	device->fd = open(path, O_RDWR | O_CLOEXEC);
	if (device->fd >= 0)
		return 0;
	ret = log_errno(path, -errno, "open");
	if (ret == -EACCES)
		log_fix("sudo chown $USER %s", path);
	return ret;
}

/* From here on the device is ours: the kernel resets it if it can, and refuses others. */
static int iommufd_bind(struct vfio_device *device)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind),
		.iommufd = device->space->fd,
	};
	const struct backend_binding binding = { &bind, device->name };
	int ret = trace_ioctl_detail(device->fd, VFIO_DEVICE_BIND_IOMMUFD, &bind, &binding);

	if (ret >= 0)
		return 0;
	log_errno(device->name, ret, "VFIO_DEVICE_BIND_IOMMUFD");
	if (ret == -EBUSY)
		log_fix("sudo fuser -v /dev/vfio/%d /dev/vfio/devices/*   # who else has it or its "
			"IOMMU group open?",
			device->group);
	else if (ret == -EINVAL)
		log_fix("open /dev/vfio/devices/vfio%d anew for each start: a file is bound once",
			device->cdev);
	return ret;
}

static int iommufd_attach(struct vfio_device *device)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.pt_id = device->space->ioas,
	};
	int ret = trace_ioctl(device->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);

	device->attached = ret >= 0;
	if (ret == -EPERM)
		log_error(device->name,
			  "VFIO_DEVICE_ATTACH_IOMMUFD_PT: refused: " KERNEL_REFUSES_ISOLATION);
	else if (ret < 0)
		log_errno(device->name, ret, "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
	return ret < 0 ? ret : 0;
}

static int iommufd_dev_open(struct vfio_space *space, struct vfio_device *device)
{
	int ret;

	device->space = space;
	device->kvm_file = -1;
	if (device->vf_token) {
		log_error(device->name, "vf-token= is not for a device that is opened by iommufd");
		log_fix("--vfio %s,iommufd=off,vf-token=%s", device->name, device->vf_token);
		return -ENOTSUP;
	}
	ret = iommufd_open_device(device);
	if (ret < 0)
		return ret;
	device->kvm_file = device->fd;
	ret = device->tell_kvm(device);
	if (ret == 0)
		ret = iommufd_bind(device);
	return ret < 0 ? ret : iommufd_attach(device);
}

/* Closing would do, were the file ours alone. */
static void iommufd_dev_close(struct vfio_device *device)
{
	struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof(detach) };

	if (device->attached)
		trace_ioctl(device->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach);
	device->attached = false;
	if (device->fd >= 0)
		close(device->fd);
	device->fd = device->kvm_file = -1;
}

/* ---- hot reset ---- */

static int iommufd_check_dependents(const struct vfio_device *device,
				    const struct vfio_pci_hot_reset_info *info)
{
	if (info->flags & VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED)
		return 0;
	for (uint32_t i = 0; i < info->count; i++) {
		const struct vfio_pci_dependent_device *other = &info->devices[i];

		/* By group_id's place: an identity in our space, or that it has none. */
		if (other->group_id == (uint32_t)VFIO_PCI_DEVID_NOT_OWNED)
			log_warn(device->name, KERNEL_TAKES_ALONG ", which is not passed through",
				 other->segment, other->bus, other->devfn >> 3, other->devfn & 7);
	}
	return -EPERM;
}

/* The space proves that everything the reset touches is ours: the kernel asks for no files. */
static int iommufd_hot_reset(struct vfio_device *device)
{
	struct vfio_pci_hot_reset request = { .argsz = sizeof(request) };
	struct vfio_pci_hot_reset_info *info;
	int ret = kernel_reset_dependents(device, &info);

	if (ret < 0)
		return ret;
	ret = iommufd_check_dependents(device, info);
	free(info);
	return ret < 0 ? ret : trace_ioctl(device->fd, VFIO_DEVICE_PCI_HOT_RESET, &request);
}

const struct vfio_backend vfio_backend_iommufd = {
	.name = "iommufd",
	.space_open = iommufd_space_open,
	.space_close = iommufd_space_close,
	.iova_ranges = iommufd_iova_ranges,
	.dma_map = iommufd_dma_map,
	.dma_unmap = iommufd_dma_unmap,
	.dev_open = iommufd_dev_open,
	.dev_close = iommufd_dev_close,
	.get_info = kernel_get_info,
	.get_region = kernel_get_region,
	.get_irq = kernel_get_irq,
	.set_irqs = kernel_set_irqs,
	.reset = kernel_reset,
	.hot_reset = iommufd_hot_reset,
	.region_read = kernel_region_read,
	.region_write = kernel_region_write,
};
