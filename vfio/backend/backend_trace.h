/* SPDX-License-Identifier: MIT */
/*
 * The VFIO and IOMMU ioctls that the backends make, and what things are called in a trace.
 *
 * What each call means, and why a backend makes it, is in backend_trace.c, in the order of the
 * table of struct vfio_backend. vfio-user's messages, in user_trace.c, use the same names.
 *
 * Read beside it: include/uapi/linux/vfio.h, include/uapi/linux/iommufd.h.
 */
#ifndef MINIVMM_BACKEND_TRACE_H
#define MINIVMM_BACKEND_TRACE_H

#include <linux/vfio.h>

#include "vmm/trace/trace.h"

/* clang-format off */
#define VFIO_CALLS(X)                                                                              \
	X(VFIO_GET_API_VERSION) X(VFIO_CHECK_EXTENSION) X(VFIO_SET_IOMMU)                          \
	X(VFIO_GROUP_GET_STATUS) X(VFIO_GROUP_SET_CONTAINER) X(VFIO_GROUP_UNSET_CONTAINER)         \
	X(VFIO_GROUP_GET_DEVICE_FD) X(VFIO_DEVICE_GET_INFO) X(VFIO_DEVICE_GET_REGION_INFO)         \
	X(VFIO_DEVICE_GET_IRQ_INFO) X(VFIO_DEVICE_SET_IRQS) X(VFIO_DEVICE_RESET)                   \
	X(VFIO_DEVICE_GET_PCI_HOT_RESET_INFO) X(VFIO_DEVICE_PCI_HOT_RESET)                         \
	X(VFIO_IOMMU_GET_INFO) X(VFIO_IOMMU_MAP_DMA) X(VFIO_IOMMU_UNMAP_DMA)                       \
	X(IOMMU_IOAS_ALLOC) X(IOMMU_DESTROY) X(IOMMU_IOAS_IOVA_RANGES) X(IOMMU_IOAS_MAP)           \
	X(IOMMU_IOAS_MAP_FILE) X(IOMMU_IOAS_UNMAP) X(VFIO_DEVICE_BIND_IOMMUFD)                     \
	X(VFIO_DEVICE_ATTACH_IOMMUFD_PT) X(VFIO_DEVICE_DETACH_IOMMUFD_PT)

VFIO_CALLS(TRACE_DECLARE)
/* clang-format on */

extern const struct trace_calls vfio_calls;

/* Names by region index and by interrupt index; both tables end with a row without a name. */
extern const struct trace_name backend_region_names[];
extern const struct trace_name backend_irq_names[];

/* The trace's detail of a VFIO_DEVICE_BIND_IOMMUFD, because the call does not name the device. */
struct backend_binding {
	const struct vfio_device_bind_iommufd *bind;
	const char *name;
};

#endif
