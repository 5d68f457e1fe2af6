/* SPDX-License-Identifier: MIT */
/*
 * The expansion ROM of a passed-through function: the device's own, or a file's in its place.
 *
 * Owns its bytes, and what makes them a ROM at all. A file is read and checked before the guest
 * runs. The device's own is read when the guest first looks at it: most guests never do, and it can
 * be slow. Where its BAR lies is vfio_bar.c's business.
 *
 * Read beside it: PCI Firmware 3.2, 5.1 (images and the PCI data structure).
 */
#ifndef MINIVMM_VFIO_ROM_H
#define MINIVMM_VFIO_ROM_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "vfio.h"

#define VFIO_ROM_SIZE_MIN 2048u         /* address bits below do not exist in the BAR */
#define VFIO_ROM_SIZE_MAX (16ull << 20) /* as in the specification */

struct vfio_rom {
	struct vfio_device *device;
	struct vfio_region region; /* size 0: the bytes are a file's */
	pthread_mutex_t lock;      /* any vCPU may be the first to look */
	uint8_t *data;             /* NULL while not read yet */
	uint64_t size;             /* of the BAR: a power of two; 0 for none */
};

/*
 * What is wrong with the bytes of a ROM, in words; NULL if nothing: images that begin with 55 AA,
 * each with a PCI data structure, each as long as that says, up to one that is the last.
 */
const char *vfio_rom_check(const uint8_t *data, size_t size);

/*
 * Take the device's ROM, or that in `file` unless it is NULL. A device without one is fine: size 0.
 * `id` is device ID << 16 | vendor ID: a file made for another is a warning. 0; -EINVAL for a file
 * that is no ROM; or -errno, logged.
 */
int vfio_rom_init(struct vfio_rom *rom, struct vfio_device *device, const char *file, uint32_t id);

/* Accepts a zeroed one. */
void vfio_rom_destroy(struct vfio_rom *rom);

/*
 * `size` is 1, 2, 4 or 8; all-ones past the end and where the device does not answer. From any
 * vCPU. That the device's own is no ROM is logged when it is first read.
 */
uint64_t vfio_rom_read(struct vfio_rom *rom, uint64_t offset, unsigned int size);

#endif
