/* SPDX-License-Identifier: MIT */
/*
 * A device on its way out. The guest is asked and lets go, or is given up. The device is closed
 * when no vCPU uses it any more. hotplug.h describes the whole way.
 */
#ifndef MINIVMM_HOTPLUG_LEAVE_H
#define MINIVMM_HOTPLUG_LEAVE_H

#include <stdint.h>

struct machine;
struct slot;

/*
 * Ask the guest to let go of the device in the slot. Functions that the guest has not been shown
 * leave at once. Returns 0, -EBUSY if the guest was asked already, or -ENOTSUP if the port has no
 * hot-plug. Does not log.
 */
int hotplug_ask(struct machine *machine, struct slot *slot);

/* For the main loop, with the machine as `owner`: some slot is released, or time has passed. */
void hotplug_look_at_all(void *owner, uint32_t events);
void hotplug_ticked(void *owner, uint32_t events);

#endif
