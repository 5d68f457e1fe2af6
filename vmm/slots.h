/* SPDX-License-Identifier: MIT */
/*
 * The root ports of a machine, and which device is in the slot of each.
 *
 * A device that is to be behind a port takes a slot; ports without a device wait for one to be
 * plugged in. All functions here belong to the main loop's thread. When devices come and go while
 * the guest runs is hotplug.h's.
 */
#ifndef MINIVMM_SLOTS_H
#define MINIVMM_SLOTS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "devices/pci_root_port.h"

struct slots;

enum slot_state {
	SLOT_EMPTY,
	SLOT_FULL,
	SLOT_ASKED,   /* the guest was asked to let go of the device */
	SLOT_LEAVING, /* the device is out, but a vCPU may be in one of its handlers still */
};

struct slot {
	struct slots *slots;
	struct pci_root_port *port;
	enum slot_state state;
	char *id; /* of its device, while it is not empty */
	atomic_bool
		released; /* the guest has let go; hotplug.c looks when `slots->event` is ready */
};

struct slots {
	struct pci_host *host;
	struct slot list[PCI_HOST_BRIDGES_MAX];
	unsigned int count;
	uint64_t room[PCI_WINDOWS]; /* in bytes, for devices to come; 0: as the ports have it */
	int event;                  /* an eventfd: some slot is released */
};

/* None, and nothing open. */
void slots_init(struct slots *slots);

/* 0 or -errno, logged. The ports are added to `host`; `room` may be set afterwards. */
int slots_open(struct slots *slots, struct pci_host *host);

/* The ports themselves are the bus's. Accepts what slots_init() left. */
void slots_destroy(struct slots *slots);

/* Add `count` ports without a device, before the guest runs. 0 or -errno, logged. */
int slots_add_spare(struct slots *slots, unsigned int count);

/*
 * A slot for the device `id`: an empty one, or one of a new port unless the guest runs already. 0,
 * -ENOSPC when there is none, -EEXIST when the name is taken, -ENOMEM; logged.
 */
int slots_take(struct slots *slots, const char *id, bool running, struct slot **result);

/* The slot is empty again. */
void slot_free(struct slot *slot);

/* The slot whose device has this name, or NULL. */
struct slot *slots_find(struct slots *slots, const char *id);

#endif
