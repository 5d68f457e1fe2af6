/* SPDX-License-Identifier: MIT */
/*
 * Which capabilities of a device a guest cannot use, beside those that the tables of
 * vfio_policy.h hide: capabilities that the kernel would not show, that are cut off, that come a
 * second time, or that have no vectors.
 */
#ifndef MINIVMM_VFIO_CONFIG_HIDE_H
#define MINIVMM_VFIO_CONFIG_HIDE_H

#include "devices/pci.h"
#include "vfio.h"
#include "vfio_caps.h"

/* What the decision needs beside the capabilities themselves. */
struct vfio_config_view {
	struct vfio_device *device;          /* is asked for its vectors; NULL: none is open */
	const struct pci_function *function; /* still holds the device's own bytes */
	bool below_port;                     /* as in struct vfio_config */
	bool from_host;
};

/*
 * Mark such capabilities as hidden, each with the reason. Logs a warning for a capability without
 * vectors.
 */
void vfio_config_hide(struct vfio_caps *caps, const struct vfio_config_view *view);

/* Returns PCI_EXP_TYPE_* of the PCI Express capability at `cap`. */
unsigned int vfio_config_exp_type(const struct pci_function *function, unsigned int cap);

/* True if that is an endpoint as there is below a port: not integrated, no port, no bridge. */
bool vfio_config_is_endpoint(const struct pci_function *function, unsigned int cap);

#endif
