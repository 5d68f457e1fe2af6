/* SPDX-License-Identifier: MIT */
/*
 * A device on its way out: the guest is asked, lets go or is given up, and when no vCPU uses the
 * device any more it is closed. hotplug.h has the whole.
 */
#ifndef MINIVMM_HOTPLUG_LEAVE_H
#define MINIVMM_HOTPLUG_LEAVE_H

#include <stdint.h>

struct machine;
struct slot;

/*
 * Ask the guest to let go of what is in the slot; functions that it has not been shown leave at
 * once. 0, -EBUSY if it was asked already, -ENOTSUP if the port has no hot-plug; not logged.
 */
int hotplug_ask(struct machine *machine, struct slot *slot);

/* For the main loop, `owner` being the machine: some slot is released, or time has passed. */
void hotplug_look_at_all(void *owner, uint32_t events);
void hotplug_ticked(void *owner, uint32_t events);

#endif
