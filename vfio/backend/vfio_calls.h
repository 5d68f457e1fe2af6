/* SPDX-License-Identifier: MIT */
/*
 * The VFIO and IOMMU ioctls that the backends make. What each means is in backend_trace.c and
 * iommufd_trace.c.
 *
 * Read beside it: include/uapi/linux/vfio.h, include/uapi/linux/iommufd.h.
 */
#ifndef MINIVMM_VFIO_CALLS_H
#define MINIVMM_VFIO_CALLS_H

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
	X(IOMMU_IOAS_UNMAP) X(VFIO_DEVICE_BIND_IOMMUFD) X(VFIO_DEVICE_ATTACH_IOMMUFD_PT)           \
	X(VFIO_DEVICE_DETACH_IOMMUFD_PT)

VFIO_CALLS(TRACE_DECLARE)
/* clang-format on */

extern const struct trace_calls vfio_calls;

#endif
