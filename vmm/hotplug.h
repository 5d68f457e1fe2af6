/* SPDX-License-Identifier: MIT */
/*
 * Devices that come and go while the guest runs.
 *
 * A device comes into an empty slot, below a PCIe root port: it is opened, mapped and shown, and
 * the port tells the guest. To take one away the port's attention button is pressed; the guest
 * lets go, and then the device is closed. All functions here belong to the main loop's thread; the
 * vCPUs keep running.
 *
 * Read beside it: PCI Express Base 6.7 (hot-plug).
 */
#ifndef MINIVMM_HOTPLUG_H
#define MINIVMM_HOTPLUG_H

#include "hotplug_state.h"

struct machine;

/* Initialise the struct; and open it, when all slots exist. 0 or -errno, logged. */
void hotplug_init(struct hotplug *hotplug);
int hotplug_open(struct machine *machine);
void hotplug_destroy(struct hotplug *hotplug);

/*
 * Set the watcher that is called when a device is gone. There is at most one, and it stays the
 * caller's. NULL removes it.
 */
void hotplug_watch(struct machine *machine, const struct hotplug_watcher *watcher);

/*
 * Add a device of this host, or of a vfio-user server, under the name `id`. `text` is the value of
 * --vfio, or of --vfio-user, on a command line; it is copied. On return the guest has been told. 0,
 * or -errno, logged: what slots_take() returns, or -EPERM if the machine is confined.
 */
int hotplug_add_vfio(struct machine *machine, const char *id, const char *text);
int hotplug_add_socket(struct machine *machine, const char *id, const char *text);

/*
 * Ask the guest to let go of a device: `id` is the name it was added under, the `id=` of --vfio, or
 * its address on the host. Returns at once, and the watcher is told when it is gone. After ten
 * seconds without an answer it is taken away by surprise. 0, -ENOENT if there is no such device,
 * -EBUSY if the guest was already asked, -ENOTSUP if its port has no hot-plug; all logged.
 */
int hotplug_del(struct machine *machine, const char *id);

#endif
