/* SPDX-License-Identifier: MIT */
/*
 * The root ports of a machine, and the device in the slot of each.
 *
 * A device with port=on takes a slot; ports without a device wait for one to be plugged in. All
 * functions here belong to the main loop's thread. hotplug.h handles devices that come and go while
 * the guest runs.
 */
#ifndef MINIVMM_SLOTS_H
#define MINIVMM_SLOTS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "devices/pci_root_port.h"
#include "vmm/cli/config.h"

struct slots;

enum slot_state {
	SLOT_EMPTY,
	SLOT_FILLING, /* functions have come, but the guest is told only when function 0 comes */
	SLOT_FULL,
	SLOT_ASKED, /* the guest was asked to let go of the device */
	/* the device is off the bus, but a vCPU may still be in one of its handlers */
	SLOT_LEAVING,
};

struct slot {
	struct slots *slots;
	const char *name; /* the port's name, as the user gave it, or NULL */
	bool fixed;       /* nothing comes or goes while the guest runs */
	struct pci_root_port *port;
	enum slot_state state;
	char *id; /* the name of its device, if it is not empty */
	atomic_bool
		/* the guest has let go; hotplug.c looks at this when `slots->event` is ready */
		released;
};

struct slots {
	struct pci_host *host;
	struct slot list[PCI_HOST_BRIDGES_MAX];
	unsigned int count;
	uint64_t room[PCI_WINDOWS]; /* in bytes, for devices to come; 0: as usual */
	int event;                  /* an eventfd: some slot has been released */
};

/* Initialise the struct, without any slot. */
void slots_init(struct slots *slots);

/*
 * Open the struct. The ports are added to `host`; `room` may be set afterwards. Returns 0 or
 * -errno, logged.
 */
int slots_open(struct slots *slots, struct pci_host *host);

/* Free the slots; the ports belong to the bus. Accepts one that was only initialised. */
void slots_destroy(struct slots *slots);

/* Add a port as the user describes it, before the guest runs. 0 or -errno, logged. */
int slots_add_port(struct slots *slots, const struct options_port *port);

/* Add `count` ports without a device, before the guest runs. 0 or -errno, logged. */
int slots_add_spare(struct slots *slots, unsigned int count);

/* What takes a slot: the device's name, and the name of the port, or NULL for any port. */
struct slot_wish {
	const char *id, *bus;
	bool running;          /* the guest runs: only a port that is there can be taken */
	unsigned int function; /* below the port */
};

/*
 * Take a slot for a device: that of the port it names, or one of a new port; once the guest runs,
 * an empty one, or one that function 0 is still to come to. 0, -ENOSPC if there is none, -EBUSY if
 * the port has a device, -EINVAL if there is no such port or it is not for hot-plug, -EEXIST if the
 * name is taken, or -ENOMEM; logged.
 */
int slots_take(struct slots *slots, const struct slot_wish *wish, struct slot **result);

/* Undo slots_take() for a device that has not come. */
void slot_give_back(struct slot *slot);

/* Make the slot empty again. */
void slot_free(struct slot *slot);

/* The slot whose device has this name, or NULL. */
struct slot *slots_find(struct slots *slots, const char *id);

/* The slot of the port that the user gave this name, or NULL. */
struct slot *slots_find_port(struct slots *slots, const char *name);

#endif
