/* SPDX-License-Identifier: MIT */
/*
 * Returns passed-through devices to their power-on state when the guest reboots or resets the bus
 * above them, and at the start if the kernel could not.
 *
 * Owns which devices are due, and what else a reset of a bus would reach: one such reset serves all
 * devices that are due on the bus, and none touches a device that the guest uses. The kernel itself
 * resets a device at the first open and the last close, if the function can be reset alone; a bus
 * once all that is on it is closed. --stats shows how long it took, by ioctl.
 *
 * While vCPUs run, the caller of all functions but vfio_reset_add() and vfio_reset_del() holds the
 * lock of the PCI bus.
 *
 * Read beside it: PCI Express Base 6.6.1 (conventional reset), 6.6.2 (FLR);
 * Documentation/driver-api/vfio.rst.
 */
#ifndef MINIVMM_VFIO_RESET_H
#define MINIVMM_VFIO_RESET_H

#include <stdbool.h>
#include <stdint.h>

#include "vfio.h"
#include "vfio_config.h"

enum vfio_reset_state {
	VFIO_RESET_NEW,    /* as the kernel has left it at the opening */
	VFIO_RESET_IN_USE, /* the guest has written to it since its last reset */
	VFIO_RESET_DUE,    /* it stands still and waits for its reset */
	VFIO_RESET_DONE,   /* reset, as well as it can be, and not used since */
};

/* One device, as far as resets are concerned. The caller sets the first three members. */
struct vfio_reset {
	struct vfio_device *device;
	struct vfio_config *config;
	const struct vfio_info *info;

	struct vfio_reset *next; /* in the list of the space */
	enum vfio_reset_state state;
	bool has_place; /* the device's name is an address, which it has on the host: */
	uint16_t segment;
	uint8_t bus, devfn;
	bool bus_tried; /* since it is due: its bus was reset, or cannot be */
	int result;     /* of the last attempt that counts: 0 or -errno */
	bool by_bus;    /* which was one at its bus */
};

/*
 * The device is open: a reset of its bus may reach it, unless the guest uses it. To be taken back
 * before it is closed; idempotent. Any thread may call them.
 */
void vfio_reset_add(struct vfio_reset *reset);
void vfio_reset_del(struct vfio_reset *reset);

/* The guest uses the device: from now on only a reset that is its own may reach it. */
void vfio_reset_use(struct vfio_reset *reset);

/*
 * Wake the device to D0, and switch its decoders and bus mastering off, so that it starts no DMA.
 * Waking comes first, because the kernel then restores what COMMAND was.
 */
void vfio_reset_quiet(struct vfio_config *config);

/*
 * Make the device quiet, and have it reset by the next vfio_reset_finish(). Interrupts and mappings
 * must be off before. All devices that are to be reset together are stopped before the first one is
 * finished.
 */
void vfio_reset_stop(struct vfio_reset *reset);

/*
 * Reset all devices of the space that are due, each by the best method there is: the function
 * alone; its bus if all it reaches is ours and nobody uses it; the function by power states alone.
 * Afterwards this device must answer. 0, also if it cannot be reset (logged as a warning), or
 * -LOG_TOLD if it is dead.
 */
int vfio_reset_finish(struct vfio_reset *reset);

/*
 * True if the kernel's reset at the opening may have left much state. There may have been no reset,
 * or only a change of power states; VFIO_DEVICE_FLAGS_RESET does not distinguish them.
 */
bool vfio_reset_is_weak(const struct vfio_reset *reset);

/*
 * True if a guest's write to configuration space starts a function-level reset: the bit is set, and
 * the device has the method. PCI Express Base 7.5.3.4; Advanced Capabilities for Conventional PCI.
 */
bool vfio_reset_is_flr(struct vfio_config *config, unsigned int offset, unsigned int size,
		       uint32_t value);

#endif
