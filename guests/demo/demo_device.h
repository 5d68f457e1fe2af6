/* SPDX-License-Identifier: MIT */
/*
 * A PCI device in software: configuration space, registers, DMA, INTx, MSI and MSI-X.
 *
 * Owns what the device is and does. Knows nothing of sockets: its server (demo_server.c) passes
 * in accesses, eventfds to signal, and a way to reach the guest's memory.
 *
 * Read beside it: devices/testdev.c, the same device inside minivmm; devices/testdev_regs.h.
 */
#ifndef MINIVMM_DEMO_DEVICE_H
#define MINIVMM_DEMO_DEVICE_H

#include <linux/vfio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "demo_regs.h"
#include "devices/testdev_regs.h"

#define DEMO_CONFIG_SIZE 256u
#define DEMO_IRQ_KINDS   (VFIO_PCI_MSIX_IRQ_INDEX + 1)
#define DEMO_VECTORS     4u /* of each kind at most */

/*
 * How the device reaches memory: `size` bytes at `iova`. Returns false if not all of it can be
 * reached.
 */
struct demo_dma {
	bool (*read)(void *owner, uint64_t iova, void *data, size_t size, bool messages);
	bool (*write)(void *owner, uint64_t iova, const void *data, size_t size, bool messages);
	void *owner;
};

struct demo_device {
	struct demo_dma dma;
	uint8_t config[DEMO_CONFIG_SIZE];
	uint32_t registers[TESTDEV_REGISTERS / 4];
	int memory_fd;                              /* behind BAR 2 */
	int bells[DEMO_IRQ_KINDS][DEMO_VECTORS];    /* eventfds by VFIO_PCI_*_IRQ_INDEX, or -1 */
	bool pending[DEMO_IRQ_KINDS][DEMO_VECTORS]; /* raised without an eventfd */
	int unmask;      /* eventfd: the guest has acknowledged the pin; or -1 */
	bool pin_masked; /* the pin was signalled, and waits to be unmasked */
};

/* Make a device. Call demo_device_destroy() even after a failure. Returns 0 or -errno. */
int demo_device_init(struct demo_device *device, const struct demo_dma *dma);
void demo_device_destroy(struct demo_device *device);

/* Reset to the state after power-on; the eventfds stay. */
void demo_device_reset(struct demo_device *device);

/* Bytes of a region (VFIO_PCI_*_REGION_INDEX); 0 if the device has none of that number. */
uint32_t demo_region_size(uint32_t region);

/*
 * Access bytes within a region. An access that makes no sense reads all-ones and writes nothing.
 */
void demo_region_read(struct demo_device *device, uint32_t region, uint64_t offset, void *data,
		      size_t size);
void demo_region_write(struct demo_device *device, uint32_t region, uint64_t offset,
		       const void *data, size_t size);

/* Vectors of an interrupt kind. */
uint32_t demo_irq_count(uint32_t kind);

/* Set the eventfd of a vector, which is the device's from now on; -1 removes it. */
void demo_irq_set_bell(struct demo_device *device, uint32_t kind, uint32_t vector, int fd);

/*
 * Set the eventfd that tells when the pin is unmasked. When it is readable, call
 * demo_irq_unmask().
 */
void demo_irq_set_unmask(struct demo_device *device, int fd);
void demo_irq_unmask(struct demo_device *device);

#endif
