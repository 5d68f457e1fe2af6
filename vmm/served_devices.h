/* SPDX-License-Identifier: MIT */
/*
 * The devices of the machine that vhost-user servers work for: disks, folders, network cards.
 *
 * Owns the servers that minivmm started. The devices themselves, once plugged in, are the host
 * bridge's.
 */
#ifndef MINIVMM_SERVED_DEVICES_H
#define MINIVMM_SERVED_DEVICES_H

#include "devices/pci_host.h"
#include "devices/virtio_vhost.h"
#include "server_process.h"
#include "vmm/cli/config.h"

struct served_devices {
	unsigned int count;
	struct options_served list[OPTIONS_SERVED_MAX + 1];    /* the user's, and the root folder */
	struct server_process servers[OPTIONS_SERVED_MAX + 1]; /* those that run stay empty */
	struct virtio_vhost *vhosts[OPTIONS_SERVED_MAX + 1]; /* the bus owns them; NULL: none yet */
	bool has_root; /* the host's root folder is shared with a command's guest */
};

/*
 * Start the servers that are to be started; while the process has one thread. For a command also
 * one for the host's root folder, unless virtiofsd is not installed, which is said. `supervised` as
 * for server_process_start(). 0 or -errno, logged; served_devices_close() after either.
 */
int served_devices_prepare(struct served_devices *devices, const struct config *config,
			   bool supervised);

/* Connect to all and plug the devices in. 0 or -errno, logged. */
int served_devices_open(struct served_devices *devices, struct pci_host *host);

/* minivmm ends: from now on no server may hold it up. Before anything waits for a vCPU. */
void served_devices_hurry(struct served_devices *devices);

/* Whether a server lets a request wait, so that the guest cannot go on. */
bool served_devices_are_stalled(const struct served_devices *devices);

/* End the servers; after the bus has freed the devices. Accepts a zeroed one. */
void served_devices_close(struct served_devices *devices);

#endif
