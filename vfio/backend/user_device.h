/* SPDX-License-Identifier: MIT */
/*
 * A device behind a vfio-user socket: what backend_user.c keeps for it, and how its bytes are read
 * and written.
 *
 * Read beside it: docs/interop/vfio-user.rst of the QEMU project, VFIO_USER_REGION_READ.
 */
#ifndef MINIVMM_USER_DEVICE_H
#define MINIVMM_USER_DEVICE_H

#include "user_link.h"
#include "user_message.h"
#include "vfio/vfio.h"

/* The regions that can be BARs of a function, and its ROM. */
#define USER_REGION_FILES (VFIO_PCI_ROM_REGION_INDEX + 1)

struct user_device {
	struct user_device_info info;
	struct vfio_region config;
	unsigned int msi_cap, msix_cap;    /* offsets in configuration space, or 0 */
	int region_fds[USER_REGION_FILES]; /* files that the server gave to map, or -1 */
};

static inline struct user_device *user_device_of(const struct vfio_device *device)
{
	return device->priv;
}

static inline struct user_link *user_device_link(const struct vfio_device *device)
{
	return device->space->priv;
}

/*
 * Ask a question whose payload and reply are the same structure, with nothing after it. 0 or -errno
 * as of user_link_call().
 */
int user_ask(struct vfio_device *device, enum user_command command, void *info, size_t size);

/* The operations of these names in struct vfio_backend. */
int user_region_read(struct vfio_device *device, const struct vfio_region *region, uint64_t offset,
		     void *data, size_t size);
int user_region_write(struct vfio_device *device, const struct vfio_region *region, uint64_t offset,
		      const void *data, size_t size);

/*
 * Access two bytes of configuration space, as a part of a request that must be over at `until`. 0
 * or -errno.
 */
int user_config_read(struct vfio_device *device, unsigned int offset, uint16_t *value,
		     const struct timespec *until);
int user_config_write(struct vfio_device *device, unsigned int offset, uint16_t value,
		      const struct timespec *until);

#endif
