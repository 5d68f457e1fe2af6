/* SPDX-License-Identifier: MIT */
/*
 * The device half of the kernel's VFIO: once a device file is open, group and cdev are the same.
 *
 * Every function implements the operation of the same name in struct vfio_backend; the last two are
 * the common part of reset_reach.
 */
#ifndef MINIVMM_BACKEND_KERNEL_H
#define MINIVMM_BACKEND_KERNEL_H

#include "vfio/vfio.h"

/*
 * State of both backends for a device that is being opened or is open. It begins the priv of their
 * devices.
 */
struct kernel_device {
	int fd; /* the device's file, or -1 */
};

/* The file of a device whose priv is set. */
static inline int kernel_file(const struct vfio_device *device)
{
	return ((const struct kernel_device *)device->priv)->fd;
}

void kernel_hurry(struct vfio_space *space);
bool kernel_is_stalled(struct vfio_space *space);
void kernel_dev_release(struct vfio_space *space, const struct vfio_device_request *request);
int kernel_get_info(struct vfio_device *device, struct vfio_info *info);
int kernel_get_region(struct vfio_device *device, uint32_t index, struct vfio_region *region);
int kernel_get_irq(struct vfio_device *device, uint32_t index, struct vfio_irq *irq);
int kernel_set_irqs(struct vfio_device *device, const struct vfio_irq_request *request);
int kernel_reset(struct vfio_device *device);
int kernel_region_read(struct vfio_device *device, const struct vfio_region *region,
		       uint64_t offset, void *data, size_t size);
int kernel_region_write(struct vfio_device *device, const struct vfio_region *region,
			uint64_t offset, const void *data, size_t size);

/* What -EPERM means where a device gets its IOMMU. */
#define KERNEL_REFUSES_ISOLATION                                                                   \
	"this host has no interrupt remapping, so that the device could forge interrupts to it, "  \
	"or its firmware keeps memory of the device for itself (RMRR): Operation not permitted"

/*
 * The functions that a reset of the bus or slot resets, including the device itself. 0 or -errno,
 * not logged; the caller frees *result.
 */
int kernel_reset_dependents(struct vfio_device *device, struct vfio_pci_hot_reset_info **result);

/* Add one of them to `reach`, with `ours` and the number of its IOMMU group, or -1. */
void kernel_add_reached(struct vfio_reach *reach, const struct vfio_pci_dependent_device *function,
			bool ours, int group);

#endif
