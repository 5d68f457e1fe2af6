/* SPDX-License-Identifier: MIT */
/*
 * The machine's power button, which is pressed to stop the guest in good order.
 *
 * Owns the device (devices/ged.c or devices/pl061.c, as the machine has it) and the time that a
 * guest has to power off after it was asked. A guest that does not listen, because its system has
 * not started or does not know the button, is not waited for.
 */
#ifndef MINIVMM_POWER_BUTTON_H
#define MINIVMM_POWER_BUTTON_H

#include <stdbool.h>

#include "devices/ged.h"
#include "devices/pl061.h"
#include "vmm/core/vm_state.h"

struct power_button {
	struct vm *vm; /* NULL: there is none */
	struct ged ged;
	struct pl061 gpio;
	unsigned int grace; /* seconds */
	/* seconds that are left since the guest was asked; 0: it was not asked */
	unsigned int left;
	struct loop_source timer;
	bool (*hopeless)(void *owner); /* or NULL: see power_button_watch() */
	void *owner;
};

/*
 * Add the button; `grace`, in seconds, is 0 for a guest that is never waited for. 0 or -errno,
 * logged.
 */
int power_button_add(struct power_button *button, struct vm *vm, unsigned int grace);

/*
 * A guest that was asked is stopped without further waiting once `hopeless` says that it cannot go
 * on; it is asked about once a second.
 */
void power_button_watch(struct power_button *button, bool (*hopeless)(void *owner), void *owner);

/* Accepts one that was never added. */
void power_button_destroy(struct power_button *button);

/*
 * Reset the device before the VM is powered down. A guest that was asked to power off stays asked.
 */
void power_button_reset(struct power_button *button);

/* Press the button once, without waiting for the guest. Returns true if the guest listens. */
bool power_button_press(struct power_button *button);

/*
 * Press the button, and post VM_EVENT_QUIT if the guest still runs when the time is over; at once
 * if it does not listen, is paused, or was asked before. Must be called in the main loop. Logs.
 */
void power_button_ask(struct power_button *button);

/* True while power_button_ask() waits for the guest. */
bool power_button_asked(const struct power_button *button);

#endif
