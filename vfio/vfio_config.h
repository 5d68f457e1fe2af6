/* SPDX-License-Identifier: MIT */
/*
 * Which bits of the device's configuration space the guest sees, and which it may change.
 *
 * Applies the tables of vfio_policy.h to a device: three masks over its bytes, and the lists of
 * capabilities without those that are hidden.
 *
 * Reactions to writes - BARs that move, interrupts that are switched on - are not here but in
 * vfio_pci.c.
 *
 * Read beside it: PCI Local Bus 3.0, 6.1 and 6.7; PCI Express Base 7.5 to 7.9.
 */
#ifndef MINIVMM_VFIO_CONFIG_H
#define MINIVMM_VFIO_CONFIG_H

#include "devices/pci.h"
#include "vfio.h"
#include "vfio_caps.h"
#include "vfio_options.h"

struct vfio_config {
	struct vfio_device *device;
	struct vfio_region region;
	uint8_t emulated[PCI_CONFIG_SIZE]; /* bits read from our copy */
	uint8_t forward[PCI_CONFIG_SIZE];  /* bits whose writes reach the device */
	uint8_t w1c[PCI_CONFIG_SIZE];      /* bits that a written 1 clears */
	struct vfio_caps caps;
	bool below_port; /* the guest finds it below a root port, not on its root bus */
};

/*
 * Read the device's configuration space into `function` and apply the tables to it: masks, hidden
 * capabilities, the shape of an endpoint on a root bus, or else below a port. 0; -ENODEV when the
 * device answers all-ones (logged: it is gone or asleep); -EINVAL for a bridge
 * (logged); or -errno, logged.
 */
int vfio_config_init(struct vfio_config *config, struct vfio_device *device,
		     struct pci_function *function, bool below_port);

/*
 * The second half of it, for who has the device's bytes in `function` already and no device.
 * *config is zeroed, but for region.size.
 */
void vfio_config_apply(struct vfio_config *config, struct pci_function *function);

/* Tell the guest other identities than the device has, where they are given. */
void vfio_config_override(struct pci_function *function,
			  const struct vfio_id_override ids[VFIO_IDS]);

/*
 * What the guest reads: where the device is asked and does not answer, all-ones. Aligned, 1, 2 or 4
 * bytes.
 */
uint32_t vfio_config_read(struct vfio_config *config, const struct pci_function *function,
			  unsigned int offset, unsigned int size);

/* Offset of a capability of the device, hidden or not; 0 if it has none. */
unsigned int vfio_config_find_cap(const struct vfio_config *config, bool extended, uint16_t id);

/*
 * The part of a guest's write that belongs to the device. Our copy is pci_config_write()'s
 * business. 0, also where no part does; or -errno: the device may not have seen it.
 */
int vfio_config_forward(struct vfio_config *config, unsigned int offset, unsigned int size,
			uint32_t value);

/* One register of the device itself, not the guest's view. 0 or -errno. */
int vfio_config_get(struct vfio_config *config, unsigned int offset, unsigned int size,
		    uint32_t *value);
int vfio_config_put(struct vfio_config *config, unsigned int offset, unsigned int size,
		    uint32_t value);

#endif
