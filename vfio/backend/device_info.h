/* SPDX-License-Identifier: MIT */
/*
 * What the capabilities after a struct vfio_device_info say about a device.
 *
 * Read beside it: struct vfio_device_info and VFIO_DEVICE_INFO_CAP_* in linux/vfio.h.
 */
#ifndef MINIVMM_DEVICE_INFO_H
#define MINIVMM_DEVICE_INFO_H

#include <linux/vfio.h>
#include <stddef.h>
#include <stdint.h>

/* Newer than Debian 12's linux/vfio.h. */
#ifndef VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP
#define VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP 5
struct vfio_device_info_cap_pci_atomic_comp {
	struct vfio_info_cap_header header;
	__u32 flags; /* 1: 4 bytes, 2: 8 bytes, 4: 16 bytes */
	__u32 reserved;
};
#endif

/*
 * The atomic operations that the host completes, as in struct vfio_info; 0 if the kernel does not
 * say. Reads no more than `size` bytes of `info` and what follows, whatever they contain.
 */
uint32_t device_info_atomics(const struct vfio_device_info *info, size_t size);

#endif
