/* SPDX-License-Identifier: MIT */
/*
 * The devices of the machine that are hardware of this host, passed through by the kernel's VFIO.
 *
 * Owns the space they share for DMA and what is mapped in it. Once plugged in, the devices belong
 * to the host bridge. user_devices.h is the same for devices that are programs.
 */
#ifndef MINIVMM_HOST_DEVICES_H
#define MINIVMM_HOST_DEVICES_H

#include "devices/pci_host.h"
#include "vfio/backend/backend_fault.h"
#include "vfio/host/check/host_doctor.h"
#include "vfio/vfio_dma.h"
#include "vfio/vfio_pci.h"
#include "vmm/cli/config.h"
#include "vmm/guest_ram.h"
#include "vmm/slots.h"

struct host_devices {
	/* number of places in use, including those of devices that are gone */
	unsigned int count;
	enum host_access access; /* by groups, or by iommufd */
	struct host_device found[OPTIONS_DEVICES_MAX];
	/* NULL until it is plugged in, and after it was taken away */
	struct vfio_pci *list[OPTIONS_DEVICES_MAX];
	struct vfio_device_options options[OPTIONS_DEVICES_MAX];
	struct slot *slots[OPTIONS_DEVICES_MAX]; /* NULL on the root bus */
	/* the memory that options point into, and the name of what came later; minivmm owns both */
	char *texts[OPTIONS_DEVICES_MAX], *ids[OPTIONS_DEVICES_MAX];
	struct vfio_space space;
	const struct opener *finder; /* who looks for devices that come, or NULL */
	bool ready;                  /* the space is open, and RAM is mapped */
	struct backend_fault fault;  /* around the space's backend, where faults are asked for */
	struct vfio_dma_map dma;
	/* addresses that the space can map, for the host bridge */
	struct arch_range reach[VFIO_RANGES_MAX];
};

/*
 * Find the devices, and check what would keep them from this guest. 0 or -errno, logged with the
 * fix.
 */
int host_devices_find(struct host_devices *devices, const struct config *config,
		      const struct host_demand *demand);

/*
 * Open all devices; host_places.h plugs them in. RAM is mapped after the first device, which makes
 * the space ready for DMA, once `ram` has all its pages. 0 or -errno, logged; call
 * host_devices_close() in either case.
 */
int host_devices_open(struct host_devices *devices, const struct config *config,
		      struct pci_host *host, struct ram *ram);

/* A device that is plugged in while the guest runs. */
struct host_addition {
	const struct config *config; /* the machine's */
	const struct config *one;    /* a configuration with this device only */
	char *text; /* the memory that it points into, from malloc(); it is kept if this succeeds */
	struct pci_host *host;
	struct ram *ram;
	struct slot *slot;
	const char *id; /* what it is called; copied */
};

/*
 * Find and open the device. The caller plugs *result in, or takes it back by host_devices_remove().
 * 0 or -errno, logged: -EEXIST if the guest has it already.
 */
int host_devices_add(struct host_devices *devices, const struct host_addition *add,
		     const struct host_demand *demand, struct vfio_pci **result);

/*
 * Close all functions that were in `slot` and have been taken out of it, or, unless it is NULL,
 * `only` that one. RAM is unmapped with the
 * last device. Devices that were bound for this run go back to their drivers, unless `keeper` is
 * NULL.
 */
void host_devices_remove(struct host_devices *devices, const struct slot *slot,
			 const struct vfio_pci *only, struct bind_keeper *keeper);

/* What device `i` is called: by the client that plugged it in, by id=, or by its address. */
const char *host_devices_name(const struct host_devices *devices, unsigned int i);

/* The NUMA node of the first device that has one, or -1. */
int host_devices_node(const struct host_devices *devices);

/*
 * Power the devices off after their reset, so that they do not keep a VM alive that is about to
 * end.
 */
void host_devices_power_off(struct host_devices *devices);

/* To be called at each power-on of the machine. 0 or -errno, logged. */
int host_devices_power_on(struct host_devices *devices);

/* Stop the devices' DMA, and unmap RAM. */
void host_devices_stop(struct host_devices *devices);

/* Close everything, after the bus has freed the devices. Accepts a zeroed one. */
void host_devices_close(struct host_devices *devices);

#endif
