/* SPDX-License-Identifier: MIT */
/*
 * The contract of a VFIO backend: how a PCI device of the host is reached from user space.
 *
 * Two objects, one table of operations. A space is what a device's DMA sees: a container, an IOAS,
 * a vfio-user connection. A device is regions, interrupts and a reset. Everything that speaks to a
 * particular kernel interface or protocol stands behind this table; everything that knows what a
 * guest is stands in front of it. The backends read as a user-space driver library of their own.
 *
 * Order of calls: space_open, first dev_open, DMA maps, further dev_open ... and the mirror image.
 * (The legacy container takes DMA maps only once a group is attached.)
 *
 * Read beside it: Documentation/driver-api/vfio.rst, include/uapi/linux/vfio.h.
 */
#ifndef MINIVMM_VFIO_H
#define MINIVMM_VFIO_H

#include <linux/vfio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define VFIO_SPARSE_MAX 16
#define VFIO_GROUPS_MAX 32
#define VFIO_NAME_MAX   108 /* "0000:01:00.0", or the path of a socket, and its NUL */

struct vfio_backend;

/* One group of the legacy interface that is attached to the space. */
struct vfio_group {
	int number;
	int fd;
	unsigned int users; /* open devices */
};

struct vfio_space {
	const struct vfio_backend *backend;
	/*
	 * vfio-user: the server's socket, filled in before space_open; or fd is connected to it
	 * already, and path is what to call it. iommufd: fd may be /dev/iommu, open already.
	 */
	const char *path;
	int fd;
	void *priv;    /* the backend's own */
	uint32_t ioas; /* iommufd: its address space in there */
	struct vfio_group groups[VFIO_GROUPS_MAX];
	unsigned int group_count;
};

struct vfio_device {
	const struct vfio_backend *backend;
	struct vfio_space *space;
	/* Filled in before dev_open: */
	char name[VFIO_NAME_MAX]; /* full BDF, or any */
	int group;                /* IOMMU group number, or -1 */
	int cdev;                 /* N of /dev/vfio/devices/vfioN, or -1 */
	const char *vf_token;     /* a UUID as text, or NULL */
	int fd;                   /* iommufd: may be that file, open already; else -1 */

	int kvm_file;  /* what KVM's VFIO device is told of, or -1 */
	bool attached; /* iommufd: to the space */
	/*
	 * Called by dev_open once kvm_file is known and before the device is opened or bound: some
	 * drivers want to know the VM by then. 0 or -errno, logged, which fails dev_open.
	 */
	int (*tell_kvm)(struct vfio_device *device);
	void *priv; /* the backend's own */
};

/* IOVAs that can be mapped; both ends included. */
struct vfio_range {
	uint64_t first;
	uint64_t last;
};

/* A piece of our memory that the device shall reach. All addresses and sizes are in whole pages. */
struct vfio_dma {
	uint64_t iova;
	uint64_t size;
	void *hva;
	int fd; /* what hva maps, or -1 for anonymous memory */
	uint64_t fd_offset;
	bool readonly;
};

struct vfio_area {
	uint64_t offset;
	uint64_t size;
};

struct vfio_region {
	uint32_t index; /* VFIO_PCI_*_REGION_INDEX */
	uint32_t flags; /* VFIO_REGION_INFO_FLAG_READ, _WRITE, _MMAP */
	uint64_t size;  /* 0 if the device has no such region */
	int mmap_fd;    /* for mmap(), with mmap_offset; stays the backend's */
	uint64_t mmap_offset;
	/* What may be mapped, given the MMAP flag: all of it, or where `sparse` is set these. */
	bool sparse;
	unsigned int sparse_count;
	struct vfio_area areas[VFIO_SPARSE_MAX];
};

struct vfio_irq {
	uint32_t flags; /* VFIO_IRQ_INFO_* */
	uint32_t count;
};

/* One VFIO_DEVICE_SET_IRQS. */
struct vfio_irq_request {
	uint32_t index;  /* VFIO_PCI_*_IRQ_INDEX */
	uint32_t action; /* VFIO_IRQ_SET_ACTION_* */
	uint32_t start;
	uint32_t count;
	/* count eventfds, -1 for none; NULL acts at once: with TRIGGER and count 0 it disables. */
	const int *fds;
};

/* All mandatory. Each returns 0 (or what is said) or -errno; a missing feature is -ENOTSUP. */
struct vfio_backend {
	const char *name;
	bool says_lost; /* who signals VFIO_PCI_ERR_IRQ_INDEX has said why */

	/* A space without devices. Logs. */
	int (*space_open)(struct vfio_space *space);
	/* All devices are closed. Accepts a half-opened space; idempotent. */
	void (*space_close)(struct vfio_space *space);
	/*
	 * Fills in at most `max` ranges in ascending order and returns how many there are; 0 when
	 * the kernel does not tell.
	 */
	int (*iova_ranges)(struct vfio_space *space, struct vfio_range *ranges, unsigned int max);
	/* Pins the memory: when it returns, the device may read and (unless readonly) write it. */
	int (*dma_map)(struct vfio_space *space, const struct vfio_dma *dma);
	/* Exactly a range that was mapped. When it returns, the device reaches it no more. */
	int (*dma_unmap)(struct vfio_space *space, uint64_t iova, uint64_t size);

	/*
	 * The device, reset by the kernel if it can. Where it fails, dev_close is still due. Logs.
	 */
	int (*dev_open)(struct vfio_space *space, struct vfio_device *device);
	/* Gives it back; its interrupts must be off. Accepts a half-opened device; idempotent. */
	void (*dev_close)(struct vfio_device *device);
	/* VFIO_DEVICE_FLAGS_*. Logs. */
	int (*get_info)(struct vfio_device *device, uint32_t *flags);
	/* -EINVAL for an index the device does not have. */
	int (*get_region)(struct vfio_device *device, uint32_t index, struct vfio_region *region);
	int (*get_irq)(struct vfio_device *device, uint32_t index, struct vfio_irq *irq);
	/* A positive result is the number of vectors the host could give: nothing was set. */
	int (*set_irqs)(struct vfio_device *device, const struct vfio_irq_request *request);
	/* The function alone. */
	int (*reset)(struct vfio_device *device);
	/* The function's whole bus or slot: possible when all it affects is in this space. */
	int (*hot_reset)(struct vfio_device *device);
	/*
	 * Bytes moved; -EIO for less than `size`; -ETIMEDOUT from a server that is too slow for so
	 * many. Offsets past the region's end are -EINVAL.
	 */
	int (*region_read)(struct vfio_device *device, const struct vfio_region *region,
			   uint64_t offset, void *data, size_t size);
	int (*region_write)(struct vfio_device *device, const struct vfio_region *region,
			    uint64_t offset, const void *data, size_t size);
};

/* /dev/vfio/vfio and one file per IOMMU group. */
extern const struct vfio_backend vfio_backend_group;

/* /dev/iommu and one file per device; Linux 6.6 or later. */
extern const struct vfio_backend vfio_backend_iommufd;

/*
 * A vfio-user server: a device in software, in another process. One space for each device. Losing
 * the server is told as the device's VFIO_PCI_ERR_IRQ_INDEX.
 */
extern const struct vfio_backend vfio_backend_user;

#endif
