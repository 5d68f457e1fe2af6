/* SPDX-License-Identifier: MIT */
/*
 * The expansion ROM of a passed-through function: the device's own, or a file in its place.
 *
 * Owns its bytes and the check whether they are a ROM. A file is read and checked before the guest
 * runs. The device's own ROM is read when the guest first reads it, because most guests never do
 * and it can be slow. vfio_bar.c places its BAR.
 *
 * Read beside it: PCI Firmware 3.2, 5.1 (images and the PCI data structure).
 */
#ifndef MINIVMM_VFIO_ROM_H
#define MINIVMM_VFIO_ROM_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "vfio.h"

#define VFIO_ROM_SIZE_MIN 2048u         /* the BAR has no address bits below this size */
#define VFIO_ROM_SIZE_MAX (16ull << 20) /* as in the specification */

struct vfio_rom {
	struct vfio_device *device;
	struct vfio_region region; /* size 0: the bytes are from a file */
	pthread_mutex_t lock;      /* any vCPU may be the first to read */
	uint8_t *data;             /* NULL until it is read */
	uint64_t size;             /* of the BAR, in bytes: a power of two; 0: there is none */
};

/*
 * Check the bytes of a ROM. NULL if they are images that begin with 55 AA, each with a PCI data
 * structure and as long as that says, up to one that is marked as the last; else words that say
 * what is wrong.
 */
const char *vfio_rom_check(const uint8_t *data, size_t size);

/*
 * Use the device's ROM, or the one in `file` if that is not NULL. A device without a ROM is
 * accepted, with size 0. `id` is device ID << 16 | vendor ID; a file made for another device is a
 * warning. 0, -EINVAL for a file that is not a ROM, or another -errno; logged.
 */
int vfio_rom_init(struct vfio_rom *rom, struct vfio_device *device, const char *file, uint32_t id);

/* Accepts a zeroed one. */
void vfio_rom_destroy(struct vfio_rom *rom);

/*
 * Read `size` bytes: 1, 2, 4 or 8. All-ones past the end and if the device does not answer. May be
 * called from any vCPU. If the device's own bytes are not a ROM, that is logged at the first read.
 */
uint64_t vfio_rom_read(struct vfio_rom *rom, uint64_t offset, unsigned int size);

#endif
