/* SPDX-License-Identifier: MIT */
/*
 * Which bits of the device's configuration space the guest sees, and which it may change.
 *
 * Applies the tables of vfio_policy.h to a device: three masks over its bytes, and the lists of
 * capabilities without the hidden ones. vfio_pci.c reacts to writes that move BARs or switch
 * interrupts on.
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
	uint8_t emulated[PCI_CONFIG_SIZE]; /* bits that are read from minivmm's copy */
	uint8_t forward[PCI_CONFIG_SIZE];  /* bits whose writes reach the device */
	uint8_t w1c[PCI_CONFIG_SIZE];      /* bits that a written 1 clears */
	struct vfio_caps caps;
	bool below_port; /* in the guest, the device is below a root port, not on the root bus */
	bool from_host;  /* the bytes are the hardware's own: VFIO would hide some capabilities */
};

/*
 * Read the device's configuration space into `function` and apply the tables to it: masks, hidden
 * capabilities, and the type of endpoint, on the root bus or below a port. 0, -ENODEV if the device
 * answers all-ones because it is gone or asleep, -EINVAL for a bridge, or another -errno; logged.
 */
int vfio_config_init(struct vfio_config *config, struct vfio_device *device,
		     struct pci_function *function, bool below_port);

/*
 * The second half of vfio_config_init(), for a caller that has the device's bytes in `function` but
 * no open device. *config must be zeroed, except for region.size and from_host.
 */
void vfio_config_apply(struct vfio_config *config, struct pci_function *function);

/* Replace the device's identity by the values that are set in `options`. */
void vfio_config_override(struct pci_function *function,
			  const struct vfio_id_override ids[VFIO_IDS]);

/*
 * The value that the guest reads, by an aligned access of 1, 2 or 4 bytes. All-ones if the device
 * must be asked and does not answer.
 */
uint32_t vfio_config_read(struct vfio_config *config, const struct pci_function *function,
			  unsigned int offset, unsigned int size);

/* Offset of a capability of the device, hidden or not; 0 if the device does not have it. */
unsigned int vfio_config_find_cap(const struct vfio_config *config, bool extended, uint16_t id);

/*
 * Forward to the device the part of a guest's write that belongs to it; pci_config_write() changes
 * minivmm's copy. 0, also if no part does, or -errno if the device may not have seen the write. Not
 * logged.
 */
int vfio_config_forward(struct vfio_config *config, unsigned int offset, unsigned int size,
			uint32_t value);

/*
 * Read or write one register of the device itself, not the guest's view. 0 or -errno, not logged.
 */
int vfio_config_get(struct vfio_config *config, unsigned int offset, unsigned int size,
		    uint32_t *value);
int vfio_config_put(struct vfio_config *config, unsigned int offset, unsigned int size,
		    uint32_t value);

#endif
