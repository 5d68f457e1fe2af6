/* SPDX-License-Identifier: MIT */
/*
 * What a virtio device is made of: the transport, by which the guest's driver finds and sets it up,
 * and behind it a backend, which does the device's work.
 *
 * The driver and the device talk through queues: rings of descriptors in the guest's memory. Each
 * queue has two eventfds. `kick` is signalled when the guest has put work into the queue, and
 * `call` when some work is done. The transport is virtio_pci.h; backends are virtio_vhost.h (the
 * work is done by another program) and virtio_console.h.
 *
 * Read beside it: Virtual I/O Device (VIRTIO) 1.1, chapter 2.
 */
#ifndef MINIVMM_VIRTIO_H
#define MINIVMM_VIRTIO_H

#include <stdint.h>

#define VIRTIO_QUEUES_MAX     16u
#define VIRTIO_QUEUE_SIZE_MAX 256u /* entries */

/*
 * A queue that the driver has set up. The rings lie in guest RAM; addresses are those of minivmm's
 * process.
 */
struct virtio_ring {
	unsigned int index; /* of the queue */
	unsigned int size;  /* entries, a power of two */
	void *descriptors, *available, *used;
	int kick; /* eventfd: the guest has work */
	int call; /* eventfd: work is done; -1: the guest wants no interrupt */
};

struct virtio_backend;

/*
 * All are mandatory, and are called with the lock of the PCI host bridge held. Only start() and
 * set_call() can fail, and log it.
 */
struct virtio_backend_ops {
	/* The device's own configuration space; the range lies inside config_size. */
	void (*config_read)(struct virtio_backend *backend, unsigned int offset, void *data,
			    unsigned int size);
	void (*config_write)(struct virtio_backend *backend, unsigned int offset, const void *data,
			     unsigned int size);
	/*
	 * The driver is ready: from now on the backend works on the rings. `features` are the
	 * offered ones that the driver has chosen. 0 or -errno.
	 */
	int (*start)(struct virtio_backend *backend, uint64_t features,
		     const struct virtio_ring *rings, unsigned int count);
	/* The driver is gone; when this returns, the backend touches no ring. */
	void (*stop)(struct virtio_backend *backend);
	/* While started: another eventfd for the interrupts of a queue. 0 or -errno. */
	int (*set_call)(struct virtio_backend *backend, unsigned int queue, int call);
	/* Frees everything; it has been stopped before. */
	void (*destroy)(struct virtio_backend *backend);
};

struct virtio_backend {
	const struct virtio_backend_ops *ops;
	const char *name;   /* for messages; must live as long as the backend */
	uint16_t type;      /* VIRTIO_ID_* */
	uint32_t pci_class; /* class code, 24 bits */
	uint64_t features;  /* offered to the driver */
	unsigned int queues;
	unsigned int config_size; /* bytes of the device's configuration space */
	unsigned int boot_place;  /* see struct pci_function */
};

#endif
