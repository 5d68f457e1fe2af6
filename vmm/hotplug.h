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

/* Nothing open; then, when all slots are there, made ready. 0 or -errno, logged. */
void hotplug_init(struct hotplug *hotplug);
int hotplug_open(struct machine *machine);
void hotplug_destroy(struct hotplug *hotplug);

/*
 * Who is told of devices that are gone. There is one watcher at most; it stays the caller's. NULL
 * takes it out again.
 */
void hotplug_watch(struct machine *machine, const struct hotplug_watcher *watcher);

/*
 * Add a device of this host, or of a vfio-user server, under the name `id`. `text` is what stands
 * behind --vfio, or behind --vfio-user, on a command line; it is copied. On return the guest has
 * been told. 0, or -errno, logged: -EEXIST when the name is taken, -ENOSPC when no port is
 * free, -EPERM when the machine is confined.
 */
int hotplug_add_vfio(struct machine *machine, const char *id, const char *text);
int hotplug_add_socket(struct machine *machine, const char *id, const char *text);

/*
 * Ask the guest to let go of a device: `id` is the name it was added under, the `id=` of --vfio, or
 * its address on the host. Returns at once, and the watcher is told when it is gone. After ten
 * seconds without an answer it is taken away all the same. 0; -ENOENT when there is no such device,
 * -EBUSY when it is asked for already, -ENOTSUP when it is behind no port; all logged.
 */
int hotplug_del(struct machine *machine, const char *id);

#endif
