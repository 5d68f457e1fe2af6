/* SPDX-License-Identifier: MIT */
/*
 * The interface without groups: /dev/iommu holds address spaces (IOAS), and each device is a file
 * of its own, /dev/vfio/devices/vfioN, that is bound to it and attached to one of them. A program
 * that is handed the two files needs no right to open them. Compare it with backend_group.c; what
 * both do once a device file is open is in backend_kernel.c. Documentation/driver-api/vfio.rst,
 * "IOMMUFD and VFIO device cdev".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend_kernel.h"
#include "iommufd_abi.h"
#include "backend_trace.h"
#include "vmm/base/opener.h"
#include "vmm/trace/log.h"

#define IOMMUFD_FILE "/dev/iommu"

#define IOMMUFD_RANGES_MAX 64 /* more ranges of addresses than any IOMMU has */

/* A space's priv. */
struct iommufd_space {
	int fd;        /* /dev/iommu, or -1 */
	uint32_t ioas; /* the address space in there; 0 for none */
};

/* A device's priv. */
struct iommufd_device {
	struct kernel_device kernel;
	bool attached; /* to the space */
};

static struct iommufd_space *iommufd_space_of(const struct vfio_space *space)
{
	return space->priv;
}

/* ---- the space ---- */

static int iommufd_open_file(struct iommufd_space *own, const struct opener *opener)
{
	int ret;

	if (own->fd >= 0)
		return 0;
	own->fd = opener_open(opener, IOMMUFD_FILE);
	if (own->fd >= 0)
		return 0;
	ret = log_errno(IOMMUFD_FILE, own->fd, "open");
	if (ret == -ENOENT || ret == -ENODEV)
		log_fix("sudo modprobe iommufd   # or iommufd=off: not every kernel has it");
	else if (ret == -EACCES)
		log_fix("sudo chown $USER %s", IOMMUFD_FILE);
	return ret;
}

/* Another program may keep the file open, so what minivmm made in it is destroyed. */
static void iommufd_space_close(struct vfio_space *space)
{
	struct iommufd_space *own = iommufd_space_of(space);
	struct iommu_destroy destroy = { .size = sizeof(destroy) };

	if (!own)
		return;
	destroy.id = own->ioas;
	if (own->ioas)
		trace_ioctl(own->fd, IOMMU_DESTROY, &destroy);
	if (own->fd >= 0)
		close(own->fd);
	free(own);
	space->priv = NULL;
}

static int iommufd_space_open(struct vfio_space *space, const struct vfio_space_request *request)
{
	struct iommufd_space *own = malloc(sizeof(*own));
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	int ret;

	space->priv = own;
	if (!own) {
		if (request->fd >= 0)
			close(request->fd);
		return log_errno(IOMMUFD_FILE, -ENOMEM, "allocate");
	}
	*own = (struct iommufd_space){ .fd = request->fd };
	ret = iommufd_open_file(own, space->opener);
	if (ret < 0)
		return ret;
	ret = trace_ioctl(own->fd, IOMMU_IOAS_ALLOC, &alloc);
	if (ret < 0)
		return log_errno(IOMMUFD_FILE, ret, "IOMMU_IOAS_ALLOC");
	own->ioas = alloc.out_ioas_id;
	return 0;
}

/* ---- DMA ---- */

static int iommufd_iova_ranges(struct vfio_space *space, struct vfio_range *ranges,
			       unsigned int max)
{
	struct iommu_iova_range found[IOMMUFD_RANGES_MAX] = { 0 };
	struct iommu_ioas_iova_ranges query = {
		.size = sizeof(query),
		.ioas_id = iommufd_space_of(space)->ioas,
		.num_iovas = IOMMUFD_RANGES_MAX,
		.allowed_iovas = (uintptr_t)found,
	};
	int ret = trace_ioctl(iommufd_space_of(space)->fd, IOMMU_IOAS_IOVA_RANGES, &query);

	/* -EMSGSIZE: there are more ranges than fit, but the first ones are filled in. */
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

static uint32_t iommufd_map_flags(const struct vfio_dma *dma)
{
	return IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
	       (dma->readonly ? 0 : IOMMU_IOAS_MAP_WRITEABLE);
}

/*
 * Map guest RAM by its file. The kernel then takes each huge page in one step; by an address it
 * looks at every 4 KiB of it, which costs 4 % more for a GiB (tests/README.md).
 *
 * The pages must be there before. Where one is missing, the kernel would take it from the pool of
 * huge pages by itself: of any NUMA node, and some kernels before Linux 6.18 without clearing it
 * (memfd_alloc_folio() in mm/memfd.c), so that the guest could read what others left in there.
 */
static int iommufd_map_file(struct vfio_space *space, const struct vfio_dma *dma)
{
	struct iommu_ioas_map_file map = {
		.size = sizeof(map),
		.flags = iommufd_map_flags(dma),
		.ioas_id = iommufd_space_of(space)->ioas,
		.fd = dma->fd,
		.start = dma->fd_offset,
		.length = dma->size,
		.iova = dma->iova,
	};

	if (madvise(dma->hva, dma->size, MADV_POPULATE_WRITE) < 0)
		return -errno;
	return trace_ioctl(iommufd_space_of(space)->fd, IOMMU_IOAS_MAP_FILE, &map);
}

static int iommufd_map_memory(struct vfio_space *space, const struct vfio_dma *dma)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = iommufd_map_flags(dma),
		.ioas_id = iommufd_space_of(space)->ioas,
		.user_va = (uintptr_t)dma->hva,
		.length = dma->size,
		.iova = dma->iova,
	};

	return trace_ioctl(iommufd_space_of(space)->fd, IOMMU_IOAS_MAP, &map);
}

/* -ENOTTY: Linux before 6.13. -EINVAL: the kernel cannot pin a file of this kind. */
static int iommufd_dma_map(struct vfio_space *space, const struct vfio_dma *dma)
{
	int ret = dma->memfd ? iommufd_map_file(space, dma) : -ENOTTY;

	return ret == -ENOTTY || ret == -EINVAL ? iommufd_map_memory(space, dma) : ret;
}

static int iommufd_dma_unmap(struct vfio_space *space, uint64_t iova, uint64_t size)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = iommufd_space_of(space)->ioas,
		.iova = iova,
		.length = size,
	};
	int ret = trace_ioctl(iommufd_space_of(space)->fd, IOMMU_IOAS_UNMAP, &unmap);

	return ret < 0 ? ret : 0;
}

/* ---- devices ---- */

static int iommufd_open_device(struct iommufd_device *own, const struct opener *opener,
			       const struct vfio_device_request *request)
{
	char path[48];
	int ret;

	if (own->kernel.fd >= 0)
		return 0;
	snprintf(path, sizeof(path), VFIO_CDEV_PATH, request->cdev);
	ret = opener_open(opener, path);
	if (ret >= 0) {
		own->kernel.fd = ret;
		return 0;
	}
	log_errno(path, ret, "open");
	if (ret == -EACCES)
		log_fix("sudo chown $USER %s", path);
	return ret;
}

/*
 * From here on the device is minivmm's: the kernel resets it if it can, and refuses other programs.
 */
static int iommufd_bind(struct vfio_device *device, const struct vfio_device_request *request)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind),
		.iommufd = iommufd_space_of(device->space)->fd,
	};
	const struct backend_binding binding = { &bind, device->name };
	int ret =
		trace_ioctl_detail(kernel_file(device), VFIO_DEVICE_BIND_IOMMUFD, &bind, &binding);

	if (ret >= 0)
		return 0;
	log_errno(device->name, ret, "VFIO_DEVICE_BIND_IOMMUFD");
	if (ret == -EBUSY)
		log_fix("sudo fuser -v /dev/vfio/%d /dev/vfio/devices/*   # who else has it or its "
			"IOMMU group open?",
			request->group);
	else if (ret == -EINVAL)
		log_fix("open /dev/vfio/devices/vfio%d anew for each start: a file can be bound "
			"only once",
			request->cdev);
	return ret;
}

static int iommufd_attach(struct vfio_device *device)
{
	struct iommufd_device *own = device->priv;
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.pt_id = iommufd_space_of(device->space)->ioas,
	};
	int ret = trace_ioctl(own->kernel.fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);

	own->attached = ret >= 0;
	if (ret == -EPERM)
		log_error(device->name,
			  "VFIO_DEVICE_ATTACH_IOMMUFD_PT: refused: " KERNEL_REFUSES_ISOLATION);
	else if (ret < 0)
		log_errno(device->name, ret, "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
	return ret < 0 ? ret : 0;
}

static int iommufd_take(struct vfio_device *device, const struct vfio_device_request *request)
{
	struct iommufd_device *own = device->priv;
	int ret;

	if (request->vf_token) {
		log_error(device->name, "vf-token= is not for a device that is opened by iommufd");
		log_fix("--vfio %s,iommufd=off,vf-token=%s", device->name, request->vf_token);
		return -ENOTSUP;
	}
	ret = iommufd_open_device(own, device->space->opener, request);
	if (ret < 0)
		return ret;
	device->kvm_file = own->kernel.fd;
	ret = device->tell_kvm(device);
	if (ret == 0)
		ret = iommufd_bind(device, request);
	return ret < 0 ? ret : iommufd_attach(device);
}

static int iommufd_dev_open(struct vfio_space *space, struct vfio_device *device,
			    const struct vfio_device_request *request)
{
	struct iommufd_device *own = malloc(sizeof(*own));

	device->space = space;
	device->priv = own;
	if (!own) {
		if (request->fd >= 0)
			close(request->fd);
		return log_errno(request->name, -ENOMEM, "allocate");
	}
	*own = (struct iommufd_device){ .kernel.fd = request->fd };
	return iommufd_take(device, request);
}

/* Closing would do, were the file ours alone. */
static void iommufd_dev_close(struct vfio_device *device)
{
	struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof(detach) };
	struct iommufd_device *own = device->priv;

	if (!own)
		return;
	if (own->attached)
		trace_ioctl(own->kernel.fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach);
	if (own->kernel.fd >= 0)
		close(own->kernel.fd);
	free(own);
	device->priv = NULL;
	device->kvm_file = -1;
}

/* ---- hot reset ---- */

/*
 * In the place of group_id is the device's identity in this iommufd, or a value that says that it
 * has none.
 */
static int iommufd_reset_reach(struct vfio_device *device, struct vfio_reach *reach)
{
	struct vfio_pci_hot_reset_info *info;
	bool all_ours = true, owned;
	int ret = kernel_reset_dependents(device, &info);

	reach->count = 0;
	if (ret < 0)
		return ret;
	for (uint32_t i = 0; i < info->count; i++) {
		bool ours = info->devices[i].group_id != (uint32_t)VFIO_PCI_DEVID_NOT_OWNED;

		kernel_add_reached(reach, &info->devices[i], ours, -1);
		all_ours &= ours;
	}
	owned = info->flags & VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED;
	free(info);
	return all_ours && !owned ? -EPERM : 0;
}

/* The kernel asks for no files, because it knows which devices are bound to this iommufd. */
static int iommufd_hot_reset(struct vfio_device *device, const struct vfio_reach *reach)
{
	struct vfio_pci_hot_reset request = { .argsz = sizeof(request) };

	(void)reach;
	return trace_ioctl(kernel_file(device), VFIO_DEVICE_PCI_HOT_RESET, &request);
}

const struct vfio_backend vfio_backend_iommufd = {
	.name = "iommufd",
	.space_open = iommufd_space_open,
	.space_close = iommufd_space_close,
	.hurry = kernel_hurry,
	.is_stalled = kernel_is_stalled,
	.iova_ranges = iommufd_iova_ranges,
	.dma_map = iommufd_dma_map,
	.dma_unmap = iommufd_dma_unmap,
	.dev_open = iommufd_dev_open,
	.dev_close = iommufd_dev_close,
	.dev_release = kernel_dev_release,
	.get_info = kernel_get_info,
	.get_region = kernel_get_region,
	.get_irq = kernel_get_irq,
	.set_irqs = kernel_set_irqs,
	.reset = kernel_reset,
	.reset_reach = iommufd_reset_reach,
	.hot_reset = iommufd_hot_reset,
	.region_read = kernel_region_read,
	.region_write = kernel_region_write,
};
