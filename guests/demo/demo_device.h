/* SPDX-License-Identifier: MIT */
/*
 * A PCI device in software: configuration space, registers, DMA, INTx, MSI and MSI-X.
 *
 * Owns what the device is and does. Knows nothing of sockets: who serves it (demo_server.c) passes
 * in accesses, eventfds to ring, and a way to reach the guest's memory.
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

/* How the device reaches memory: `size` bytes at `iova`. False if not all of it can be reached. */
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
	bool pending[DEMO_IRQ_KINDS][DEMO_VECTORS]; /* raised, but there was no bell */
	int unmask;      /* eventfd: the guest has acknowledged the pin; or -1 */
	bool pin_masked; /* it rang; not again before it is unmasked */
};

/* 0 or -errno. demo_device_destroy() after either. */
int demo_device_init(struct demo_device *device, const struct demo_dma *dma);
void demo_device_destroy(struct demo_device *device);

/* As after power-on; the eventfds stay. */
void demo_device_reset(struct demo_device *device);

/* Bytes of a region (VFIO_PCI_*_REGION_INDEX), 0 if there is none. */
uint32_t demo_region_size(uint32_t region);

/* Accesses within a region. What makes no sense reads all-ones and does nothing. */
void demo_region_read(struct demo_device *device, uint32_t region, uint64_t offset, void *data,
		      size_t size);
void demo_region_write(struct demo_device *device, uint32_t region, uint64_t offset,
		       const void *data, size_t size);

/* Vectors of an interrupt kind. */
uint32_t demo_irq_count(uint32_t kind);

/* The eventfd of a vector, the device's own from now on; -1 takes it away. */
void demo_irq_set_bell(struct demo_device *device, uint32_t kind, uint32_t vector, int fd);

/* The eventfd that tells of the pin's unmasking; when it has rung, demo_irq_unmask(). */
void demo_irq_set_unmask(struct demo_device *device, int fd);
void demo_irq_unmask(struct demo_device *device);

#endif
