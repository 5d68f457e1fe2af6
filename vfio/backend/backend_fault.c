/* SPDX-License-Identifier: MIT */
#include "backend_fault.h"

#include <string.h>

#include "vmm/trace/macros.h"
#include "vmm/trace/trace.h"

/* A device that has died reads all-ones, because the bus answers in its place; no call fails. */
static int fault_region_read(struct vfio_device *device, const struct vfio_region *region,
			     uint64_t offset, void *data, size_t size)
{
	const struct backend_fault *fault =
		container_of(device->backend, struct backend_fault, backend);
	int ret = fault->inner->region_read(device, region, offset, data, size);

	if (region->index == VFIO_PCI_CONFIG_REGION_INDEX && trace_config_fault())
		memset(data, 0xff, size);
	return ret;
}

const struct vfio_backend *backend_fault_wrap(struct backend_fault *fault,
					      const struct vfio_backend *inner)
{
	fault->inner = inner;
	fault->backend = *inner;
	fault->backend.region_read = fault_region_read;
	return &fault->backend;
}
