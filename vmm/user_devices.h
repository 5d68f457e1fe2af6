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
#include "slots.h"
#include "vmm/cli/config.h"

struct user_devices {
	struct demo demo;
	struct backend_fault fault; /* around their backend, where faults are asked for */
	const struct vfio_backend *backend;
	const struct opener *opener; /* who connects to those that come, or NULL */
	unsigned int count;
	struct user_entry {
		struct vfio_space space;
		struct vfio_dma_map dma;
		struct vfio_pci *pci; /* NULL before, and after it was taken away */
		struct slot *slot;    /* NULL on the root bus */
		char *text;           /* what its options point into, where it is ours */
	} list[OPTIONS_USERS_MAX];
};

/*
 * Start the server of `--vfio demo`, if it is asked for; while the process has one thread. `guard`
 * confines it, or is NULL. 0 or -errno, logged.
 */
int user_devices_prepare(struct user_devices *devices, const struct config *config,
			 const struct thread_guard *guard);

/* Connect to all, map RAM, plug them in. 0 or -errno, logged; user_devices_close() after either. */
int user_devices_open(struct user_devices *devices, const struct config *config,
		      struct pci_host *host, struct slots *slots);

/*
 * While the guest runs: connect to `user` and map RAM. *result is to be plugged
 * into `slot` by the caller, or taken back by user_devices_remove(). `text` is what `user` points
 * into: on the heap, and kept if all is well. 0 or -errno, logged.
 */
int user_devices_add(struct user_devices *devices, const struct options_user *user, char *text,
		     struct vm *vm, struct slot *slot, struct vfio_pci **result);

/* Close what was in `slot`, and is out of it already. */
void user_devices_remove(struct user_devices *devices, const struct slot *slot);

/* At each power-on of the machine. 0 or -errno, logged. */
int user_devices_power_on(struct user_devices *devices);

/* The machine is being taken down: no server is waited for any longer than for a moment. */
void user_devices_hurry(struct user_devices *devices);

/* They start no DMA any more, and reach no RAM. */
void user_devices_stop(struct user_devices *devices);

/* After the bus has freed the devices. Accepts a zeroed one. */
void user_devices_close(struct user_devices *devices);

#endif
