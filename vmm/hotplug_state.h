/* SPDX-License-Identifier: MIT */
/*
 * The state of hotplug.c: devices on their way out, and the watcher that is called when they are
 * gone.
 */
#ifndef MINIVMM_HOTPLUG_STATE_H
#define MINIVMM_HOTPLUG_STATE_H

#include <stdint.h>

#include "devices/pci_host.h"
#include "vmm/core/loop.h"

/* Called when a device is gone. */
struct hotplug_watcher {
	/* Device `id` is closed: its name, its slot and the host's device are free again. */
	void (*deleted)(void *owner, const char *id);
	void *owner;
};

/* A device on its way out. */
struct hotplug_leaving {
	int64_t deadline;    /* time in ms at which it is taken away without the guest's consent */
	unsigned int *marks; /* by vCPU: see vcpu_exit_is_over() */
};

struct hotplug {
	const struct hotplug_watcher *watcher;
	struct loop_source event, timer;
	struct hotplug_leaving leaving[PCI_HOST_BRIDGES_MAX]; /* by slot */
};

#endif
