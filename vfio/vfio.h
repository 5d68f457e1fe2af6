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

#define VFIO_SPARSE_MAX    16
#define VFIO_NAME_MAX      108 /* "0000:01:00.0", or the path of a socket, and its NUL */
#define VFIO_BUS_FUNCTIONS 256 /* a bus holds no more */

#define VFIO_CDEV_PATH "/dev/vfio/devices/vfio%d"

struct opener;
struct thread_guard;
struct vfio_backend;

/* Where the DMA of devices goes. The caller sets all but `priv`. */
struct vfio_space {
	const struct vfio_backend *backend;
	const struct thread_guard *guard; /* for a thread that the backend makes, or NULL */
	const struct opener *opener;      /* who opens devices' files, or NULL */
	void *priv; /* the backend's own state; NULL while the space is closed */
};

/* How to reach a space. Each backend looks at what it needs. */
struct vfio_space_request {
	/* vfio-user: the server's socket, or what to call it. Must outlive the space. */
	const char *path;
	/*
	 * A file that is open already, or -1: iommufd's /dev/iommu, or vfio-user's socket,
	 * connected. The space closes it, whether it could be opened or not.
	 */
	int fd;
};

/* The caller sets all but `space` and `priv`, with kvm_file at -1. */
struct vfio_device {
	const struct vfio_backend *backend;
	struct vfio_space *space;
	char name[VFIO_NAME_MAX]; /* full BDF, or any; for messages */
	int kvm_file;             /* the file that KVM's VFIO device is told of, or -1 for none */
	/*
	 * Called by dev_open once kvm_file is known and before the device is opened or bound: some
	 * drivers want to know the VM by then. 0 or -errno, logged, which fails dev_open.
	 */
	int (*tell_kvm)(struct vfio_device *device);
	void *priv; /* the backend's own state; NULL while the device is closed */
};

/* Which device to open. Each backend looks at what it needs. */
struct vfio_device_request {
	const char *name;     /* becomes struct vfio_device's */
	int group;            /* IOMMU group number, or -1 */
	int cdev;             /* N of /dev/vfio/devices/vfioN, or -1 */
	int fd;               /* that file, open already, which the device closes; or -1 */
	const char *vf_token; /* a UUID as text, or NULL */
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

struct vfio_info {
	uint32_t flags; /* VFIO_DEVICE_FLAGS_* */
	/*
	 * Atomic operations of 4, 8 and 16 bytes, a bit each, that the host completes for the
	 * device: all that is on the way to RAM knows them.
	 */
	uint32_t atomics;
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

/* A function of somebody else that a reset of the bus would take along. */
struct vfio_bystander {
	uint16_t segment;
	uint8_t bus;
	uint8_t devfn;
	int group; /* IOMMU group number, or -1 where it is not told */
};

struct vfio_bystanders {
	unsigned int count;
	struct vfio_bystander list[VFIO_BUS_FUNCTIONS];
};

/*
 * All are mandatory. Each returns 0 (or what is said) or -errno; a missing feature is -ENOTSUP.
 *
 * Who logs: space_open and dev_open log why they failed, for they take many steps and only they
 * know which step it was. No other operation logs: its caller knows what it was for. (A vfio-user
 * server that is lost is no operation's failure; it is said once, when it happens.)
 */
struct vfio_backend {
	const char *name;
	/*
	 * Its devices are programs, not hardware: they have no power state, and when
	 * VFIO_PCI_ERR_IRQ_INDEX is signalled the backend has said in words what happened.
	 */
	bool programs;

	/* A space without devices. After a failure space_close is still due. */
	int (*space_open)(struct vfio_space *space, const struct vfio_space_request *request);
	/* All devices are closed. Accepts a half-opened space; idempotent. */
	void (*space_close)(struct vfio_space *space);
	/*
	 * The machine is being taken down: no operation waits for long any more, not even one that
	 * waits now. From any thread; the space is open.
	 */
	void (*hurry)(struct vfio_space *space);
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
	 * The device, reset by the kernel if it can. After a failure dev_close is still due. A
	 * device that was closed can be opened again, and finds the DMA maps as they were.
	 */
	int (*dev_open)(struct vfio_space *space, struct vfio_device *device,
			const struct vfio_device_request *request);
	/* Gives it back; its interrupts must be off. Accepts a half-opened device; idempotent. */
	void (*dev_close)(struct vfio_device *device);
	int (*get_info)(struct vfio_device *device, struct vfio_info *info);
	/*
	 * A device that is closed will not be opened again: give up what was kept for it. The space
	 * has other devices, but none of the same IOMMU group.
	 */
	void (*dev_release)(struct vfio_space *space, const struct vfio_device_request *request);
	/* -EINVAL for an index the device does not have. */
	int (*get_region)(struct vfio_device *device, uint32_t index, struct vfio_region *region);
	int (*get_irq)(struct vfio_device *device, uint32_t index, struct vfio_irq *irq);
	/* A positive result is the number of vectors the host could give: nothing was set. */
	int (*set_irqs)(struct vfio_device *device, const struct vfio_irq_request *request);
	/* The function alone. */
	int (*reset)(struct vfio_device *device);
	/*
	 * The function's whole bus or slot: possible when all it affects is in this space. Fills in
	 * who else would be affected; -EPERM if there is anybody, and nothing was done.
	 */
	int (*hot_reset)(struct vfio_device *device, struct vfio_bystanders *others);
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
