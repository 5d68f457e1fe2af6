/* SPDX-License-Identifier: MIT */
/*
 * The devices of the machine that vhost-user servers work for: disks, folders, network cards.
 *
 * Owns the servers that minivmm started. Once plugged in, the devices belong to the host bridge.
 */
#ifndef MINIVMM_SERVED_DEVICES_H
#define MINIVMM_SERVED_DEVICES_H

#include "devices/pci_host.h"
#include "devices/virtio_vhost.h"
#include "server_process.h"
#include "vmm/cli/config.h"

struct served_devices {
	unsigned int count;
	/* the user's devices, and the root folder */
	struct options_served list[OPTIONS_SERVED_MAX + 1];
	/* empty for servers that were running already */
	struct server_process servers[OPTIONS_SERVED_MAX + 1];
	/* owned by the bus; NULL: not yet plugged in */
	struct virtio_vhost *vhosts[OPTIONS_SERVED_MAX + 1];
	bool has_root; /* the host's root folder is shared with a command's guest */
};

/*
 * Start the servers that minivmm must start; the process must have one thread. For a command this
 * includes one for the host's root folder, unless virtiofsd is not installed, which is logged.
 * `sandbox` is as for server_process_start(). 0 or -errno, logged; call served_devices_close()
 * in either case.
 */
int served_devices_prepare(struct served_devices *devices, const struct config *config,
			   const struct sandbox *sandbox);

/* Connect to all servers and plug the devices in. 0 or -errno, logged. */
int served_devices_open(struct served_devices *devices, struct pci_host *host);

/*
 * To be called when minivmm ends, before anything waits for a vCPU: from now on no server may delay
 * it.
 */
void served_devices_hurry(struct served_devices *devices);

/* True if a server does not answer a request, so that the guest cannot go on. */
bool served_devices_are_stalled(const struct served_devices *devices);

/* End the servers, after the bus has freed the devices. Accepts a zeroed one. */
void served_devices_close(struct served_devices *devices);

#endif
