/* SPDX-License-Identifier: MIT */
/*
 * The devices of the machine that are hardware of this host, passed through by the kernel's VFIO.
 *
 * Owns the space they share for DMA and what is mapped in it. The devices themselves, once plugged
 * in, are the host bridge's. user_devices.h is the same for devices that are programs.
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
	unsigned int count;      /* of places that are, or were, a device's */
	enum host_access access; /* by groups, or by iommufd */
	struct host_device found[OPTIONS_DEVICES_MAX];
	struct vfio_pci *list[OPTIONS_DEVICES_MAX]; /* NULL until plugged in, or when taken away */
	struct vfio_device_options options[OPTIONS_DEVICES_MAX];
	struct slot *slots[OPTIONS_DEVICES_MAX]; /* NULL on the root bus */
	char *texts[OPTIONS_DEVICES_MAX];        /* what options point into, where it is ours */
	struct vfio_space space;
	const struct opener *finder; /* who looks for devices that come, or NULL */
	bool ready;                  /* the space is open, and RAM is mapped */
	struct backend_fault fault;  /* around the space's backend, where faults are asked for */
	struct vfio_dma_map dma;
	struct arch_range reach[VFIO_RANGES_MAX]; /* what the space can map; for the host bridge */
};

/* Look for them, and at what would keep them from this guest. 0 or -errno, logged with the fix. */
int host_devices_find(struct host_devices *devices, const struct config *config,
		      const struct host_demand *demand);

/*
 * Open all; host_places.h plugs them in. Between the first one, which makes the space ready for
 * DMA, and the others RAM is mapped, once `ram` has all its pages. 0 or -errno, logged;
 * host_devices_close() after either.
 */
int host_devices_open(struct host_devices *devices, const struct config *config,
		      struct pci_host *host, struct ram *ram);

/* A device that comes while the guest runs. */
struct host_addition {
	const struct config *config; /* the machine's */
	const struct config *one;    /* what is said of the device, and nothing else */
	char *text; /* what that points into: on the heap, and kept if all is well */
	struct pci_host *host;
	struct ram *ram;
	struct slot *slot;
};

/*
 * Find and open it. *result is to be plugged in by the caller, or taken back by
 * host_devices_remove(). 0 or -errno, logged.
 */
int host_devices_add(struct host_devices *devices, const struct host_addition *add,
		     const struct host_demand *demand, struct vfio_pci **result);

/*
 * Close all that was in `slot`, and is out of it already. RAM is unmapped with the last device;
 * what was bound for this run goes back to its driver, unless `keeper` is NULL.
 */
void host_devices_remove(struct host_devices *devices, const struct slot *slot,
			 struct bind_keeper *keeper);

/* The NUMA node that the first device which has one is next to, or -1. */
int host_devices_node(const struct host_devices *devices);

/* After their reset: they keep no VM alive that is about to end. */
void host_devices_power_off(struct host_devices *devices);

/* At each power-on of the machine. 0 or -errno, logged. */
int host_devices_power_on(struct host_devices *devices);

/* They start no DMA any more, and reach no RAM. */
void host_devices_stop(struct host_devices *devices);

/* After the bus has freed the devices. Accepts a zeroed one. */
void host_devices_close(struct host_devices *devices);

#endif
