/* SPDX-License-Identifier: MIT */
#include "device_info.h"

/* A capability list that is longer is taken for a loop. */
#define DEVICE_INFO_CAPS_MAX 32

uint32_t device_info_atomics(const struct vfio_device_info *info, size_t size)
{
	const struct vfio_device_info_cap_pci_atomic_comp *cap;
	size_t offset = info->flags & VFIO_DEVICE_FLAGS_CAPS ? info->cap_offset : 0;

	for (unsigned int i = 0; offset && i < DEVICE_INFO_CAPS_MAX;
	     i++, offset = cap->header.next) {
		if (offset % sizeof(uint64_t) || offset > size || size - offset < sizeof(*cap))
			return 0;
		cap = (const void *)((const char *)info + offset);
		if (cap->header.id == VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP)
			return cap->flags & 7;
	}
	return 0;
}
