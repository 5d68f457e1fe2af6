/* SPDX-License-Identifier: MIT */
/*
 * The devices of the machine that are programs: each behind a vfio-user socket, in a space of its
 * own.
 *
 * Owns the connections and what is mapped through them. Once plugged in, the devices belong to the
 * host bridge.
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
	struct backend_fault fault; /* wraps their backend if faults are asked for */
	const struct vfio_backend *backend;
	const struct opener *opener; /* who connects to those that come, or NULL */
	unsigned int count;
	struct user_entry {
		struct vfio_space space;
		struct vfio_dma_map dma;
		struct vfio_pci *pci; /* NULL until it is plugged in, and after it was taken away */
		const char *id;       /* the user's name of it, or NULL */
		struct slot *slot;    /* NULL on the root bus */
		/* the memory that its options point into, if minivmm owns it */
		char *text;
	} list[OPTIONS_USERS_MAX];
};

/*
 * Start the server of `--vfio demo`, if it is asked for; minivmm must have one thread. `guard`
 * confines it, unless NULL. 0 or -errno, logged.
 */
int user_devices_prepare(struct user_devices *devices, const struct config *config,
			 const struct thread_guard *guard);

/*
 * Connect to all servers, map RAM, and plug the devices in. 0 or -errno, logged; call
 * user_devices_close() in either case.
 */
int user_devices_open(struct user_devices *devices, const struct config *config,
		      struct pci_host *host, struct slots *slots);

/*
 * While the guest runs: connect to `user` and map RAM. The caller plugs *result into `slot`, or
 * takes it back by user_devices_remove(). `text`, from malloc(), is the memory that `user` points
 * into; it is kept if this succeeds. 0 or -errno, logged: -EEXIST if the guest has it already.
 */
int user_devices_add(struct user_devices *devices, const struct options_user *user, char *text,
		     struct vm *vm, struct slot *slot, struct vfio_pci **result);

/* Close the device that was in `slot` and has been taken out of it; with `only`, if it is that. */
void user_devices_remove(struct user_devices *devices, const struct slot *slot,
			 const struct vfio_pci *only);

/* To be called at each power-on of the machine. 0 or -errno, logged. */
int user_devices_power_on(struct user_devices *devices);

/*
 * To be called when the machine is taken down: from now on no server is waited for longer than a
 * moment.
 */
void user_devices_hurry(struct user_devices *devices);

/* True if a server does not answer a request, so that the guest cannot go on. */
bool user_devices_are_stalled(const struct user_devices *devices);

/* Stop the devices' DMA, and unmap RAM. */
void user_devices_stop(struct user_devices *devices);

/* Close everything, after the bus has freed the devices. Accepts a zeroed one. */
void user_devices_close(struct user_devices *devices);

#endif
