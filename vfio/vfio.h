/* SPDX-License-Identifier: MIT */
/*
 * The contract of a VFIO backend: how a PCI device of the host is reached from user space.
 *
 * Two objects, one table of operations. A space is what a device's DMA sees: a container, an IOAS,
 * a vfio-user connection. A device is regions, interrupts and a reset. All code for a particular
 * kernel interface or protocol is behind this table, and all code that knows what a guest is, is in
 * front of it. The backends read as a separate user-space driver library.
 *
 * Order of calls: space_open, first dev_open, DMA maps, further dev_open ... and the same in
 * reverse. (The legacy container takes DMA maps only once a group is attached.)
 *
 * Read beside it: Documentation/driver-api/vfio.rst, include/uapi/linux/vfio.h.
 */
#ifndef MINIVMM_VFIO_H
#define MINIVMM_VFIO_H

#include <linux/vfio.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define VFIO_SPARSE_MAX    16
#define VFIO_NAME_MAX      108 /* "0000:01:00.0", or the path of a socket, with its NUL */
#define VFIO_BUS_FUNCTIONS 256 /* a bus holds no more */

#define VFIO_CDEV_PATH "/dev/vfio/devices/vfio%d"

struct opener;
struct thread_guard;
struct vfio_backend;
struct vfio_reset;

/* The address space of devices' DMA. The caller sets `backend`, `guard`, `opener` and the lock. */
struct vfio_space {
	const struct vfio_backend *backend;
	const struct thread_guard *guard; /* confines a thread that the backend makes, or NULL */
	const struct opener *opener;      /* opens devices' files, or NULL */
	void *priv; /* the backend's own state; NULL while the space is closed */
	pthread_mutex_t resets_lock;
	struct vfio_reset *resets; /* of its open devices: vfio_reset.h */
};

/* How to reach a space. Each backend uses the members that it needs. */
struct vfio_space_request {
	/*
	 * vfio-user: the path of the server's socket, or a name for messages. Must outlive the
	 * space.
	 */
	const char *path;
	/*
	 * A file that is already open, or -1: /dev/iommu for iommufd, a connected socket for
	 * vfio-user. The space closes it, whether or not space_open succeeds.
	 */
	int fd;
};

/* A device of a space. The caller sets all members but `space` and `priv`, with kvm_file at -1. */
struct vfio_device {
	const struct vfio_backend *backend;
	struct vfio_space *space;
	char name[VFIO_NAME_MAX]; /* the full BDF or any other name, for messages */
	int kvm_file;             /* the file to register with KVM's VFIO device, or -1 */
	/*
	 * Called by dev_open once kvm_file is known and before the device is opened or bound: some
	 * drivers want to know the VM by then. 0 or -errno, logged, which fails dev_open.
	 */
	int (*tell_kvm)(struct vfio_device *device);
	void *priv; /* the backend's own state; NULL while the device is closed */
};

/* Which device to open. Each backend uses the members that it needs. */
struct vfio_device_request {
	const char *name;     /* becomes the name in struct vfio_device */
	int group;            /* IOMMU group number, or -1 */
	int cdev;             /* N of /dev/vfio/devices/vfioN, or -1 */
	int fd;               /* that file if it is already open; the device closes it; or -1 */
	const char *vf_token; /* a UUID as text, or NULL */
};

/* IOVAs that can be mapped; both ends included. */
struct vfio_range {
	uint64_t first;
	uint64_t last;
};

/*
 * A piece of minivmm's memory that the device may reach. Addresses and sizes are multiples of the
 * page size, in bytes.
 */
struct vfio_dma {
	uint64_t iova;
	uint64_t size;
	void *hva;
	int fd; /* what hva maps, or -1 for anonymous memory */
	uint64_t fd_offset;
	bool memfd; /* fd is guest RAM, by memfd_create(2), and not a BAR */
	bool readonly;
};

struct vfio_info {
	uint32_t flags; /* VFIO_DEVICE_FLAGS_* */
	/*
	 * Atomic operations of 4, 8 and 16 bytes, a bit each, that the host completes for the
	 * device, because every bridge on the way to RAM supports them.
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
	int mmap_fd;    /* file for mmap(), with mmap_offset; it stays the backend's */
	uint64_t mmap_offset;
	/*
	 * What may be mapped if the MMAP flag is set: the whole region, or these areas if `sparse`
	 * is set.
	 */
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

/* A function that a reset of a bus or slot reaches. */
struct vfio_reached {
	uint16_t segment; /* the low 16 bits: VFIO tells no more */
	uint8_t bus;
	uint8_t devfn;
	bool ours; /* its IOMMU group is in this space, so nobody else has it */
	int group; /* IOMMU group number, or -1 if it is not known */
};

struct vfio_reach {
	unsigned int count;
	struct vfio_reached list[VFIO_BUS_FUNCTIONS];
};

/*
 * All operations are mandatory. Each returns 0 (or what its comment says) or -errno; a missing
 * feature is -ENOTSUP.
 *
 * Who logs: space_open and dev_open log why they failed, because they take many steps and only they
 * know which one failed. No other operation logs, because its caller knows its purpose. (If a
 * vfio-user server is lost, that is logged once, when it happens; operations return -LOG_TOLD.)
 */
struct vfio_backend {
	const char *name;
	/*
	 * Devices are programs, not hardware: they have no power state, and when
	 * VFIO_PCI_ERR_IRQ_INDEX is signalled, the backend has already logged what happened.
	 */
	bool programs;

	/* Open a space without devices. space_close must be called even after a failure. */
	int (*space_open)(struct vfio_space *space, const struct vfio_space_request *request);
	/* Close a space whose devices are all closed. Accepts a half-opened space; idempotent. */
	void (*space_close)(struct vfio_space *space);
	/*
	 * The machine is being taken down, so operations must not wait for long any more, including
	 * those that wait now. May be called from any thread while the space is open.
	 */
	void (*hurry)(struct vfio_space *space);
	/*
	 * True if an operation has waited for half a second: the guest's CPU that wants it cannot
	 * go on. May be called from any thread while the space is open; does not wait.
	 */
	bool (*is_stalled)(struct vfio_space *space);
	/*
	 * Fills in at most `max` ranges in ascending order and returns how many there are; 0 if the
	 * kernel does not tell.
	 */
	int (*iova_ranges)(struct vfio_space *space, struct vfio_range *ranges, unsigned int max);
	/* Pins the memory: when it returns, the device may read and (unless readonly) write it. */
	int (*dma_map)(struct vfio_space *space, const struct vfio_dma *dma);
	/*
	 * Unmaps exactly one range that was mapped. When it returns, the device can no longer reach
	 * it.
	 */
	int (*dma_unmap)(struct vfio_space *space, uint64_t iova, uint64_t size);

	/*
	 * Opens a device, which the kernel resets if it can. dev_close must be called even after a
	 * failure. A device that was closed can be opened again, with the same DMA maps.
	 */
	int (*dev_open)(struct vfio_space *space, struct vfio_device *device,
			const struct vfio_device_request *request);
	/*
	 * Closes the device, whose interrupts must be off. Accepts a half-opened device;
	 * idempotent.
	 */
	void (*dev_close)(struct vfio_device *device);
	int (*get_info)(struct vfio_device *device, struct vfio_info *info);
	/*
	 * Frees what is kept for a closed device that will not be opened again. The space has other
	 * devices, but none of the same IOMMU group.
	 */
	void (*dev_release)(struct vfio_space *space, const struct vfio_device_request *request);
	/*
	 * Describes a region or a kind of interrupts; -EINVAL for an index that the device does not
	 * have.
	 */
	int (*get_region)(struct vfio_device *device, uint32_t index, struct vfio_region *region);
	int (*get_irq)(struct vfio_device *device, uint32_t index, struct vfio_irq *irq);
	/*
	 * A positive result is the number of vectors that the host could give; then nothing was
	 * set.
	 */
	int (*set_irqs)(struct vfio_device *device, const struct vfio_irq_request *request);
	/* Resets the function alone. -EAGAIN if the host is at work with it right now. */
	int (*reset)(struct vfio_device *device);
	/*
	 * Fills in all functions that hot_reset() would reset, the device itself among them.
	 * -EAGAIN if functions come or go right now.
	 */
	int (*reset_reach)(struct vfio_device *device, struct vfio_reach *reach);
	/*
	 * Resets the function's whole bus or slot: what `reach` says, all of which must be ours.
	 * -EAGAIN or -EBUSY if anybody is at work with one of them right now, -EINVAL if one has a
	 * driver that is none of VFIO's.
	 */
	int (*hot_reset)(struct vfio_device *device, const struct vfio_reach *reach);
	/*
	 * Transfers `size` bytes; -EIO if fewer were moved, -ETIMEDOUT if a server is too slow for
	 * so many, -EINVAL for offsets past the region's end.
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
 * A vfio-user server: a device in software, in another process. One space for each device. The loss
 * of the server is signalled as the device's VFIO_PCI_ERR_IRQ_INDEX.
 */
extern const struct vfio_backend vfio_backend_user;

#endif
