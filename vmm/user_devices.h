/* SPDX-License-Identifier: MIT */
/*
 * The devices of the machine that are programs: each behind a vfio-user socket, in a space of its
 * own.
 *
 * Owns the connections and what is mapped through them. The devices themselves, once plugged in,
 * are the host bridge's.
 */
#ifndef MINIVMM_USER_DEVICES_H
#define MINIVMM_USER_DEVICES_H

#include "demo_process.h"
#include "devices/pci_host.h"
#include "vfio/backend/backend_fault.h"
#include "vfio/vfio_dma.h"
#include "vfio/vfio_pci.h"
#include "vmm/cli/config.h"

struct user_devices {
	struct demo demo;
	struct backend_fault fault; /* around their backend, where faults are asked for */
	unsigned int count;
	struct {
		struct vfio_space space;
		struct vfio_dma_map dma;
		struct vfio_pci *pci;
	} list[OPTIONS_USERS_MAX];
};

/* Start the server of `--vfio demo`, if it is asked for; while the process has one thread. */
int user_devices_prepare(struct user_devices *devices, const struct config *config);

/* Connect to all, map RAM, plug them in. 0 or -errno, logged; user_devices_close() after either. */
int user_devices_open(struct user_devices *devices, const struct config *config,
		      struct pci_host *host);

/* At each power-on of the machine. 0 or -errno, logged. */
int user_devices_power_on(struct user_devices *devices);

/* The machine is being taken down: no server is waited for any longer than for a moment. */
void user_devices_hurry(struct user_devices *devices);

/* They start no DMA any more, and reach no RAM. */
void user_devices_stop(struct user_devices *devices);

/* After the bus has freed the devices. Accepts a zeroed one. */
void user_devices_close(struct user_devices *devices);

#endif
