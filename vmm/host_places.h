/* SPDX-License-Identifier: MIT */
/*
 * Where devices of this host are in the guest: on its root bus or below a root port, and which
 * function of which slot.
 *
 * Functions of one slot of the host stay together when all of them are passed through: their
 * drivers may expect it. Otherwise each is a device by itself.
 */
#ifndef MINIVMM_HOST_PLACES_H
#define MINIVMM_HOST_PLACES_H

#include "host_devices.h"

/*
 * Plug in all that host_devices_open() has opened: below a port where `port=on` is said, at `addr=`
 * where that is said, else in the next free slot. 0 or -errno, logged.
 */
int host_places_plug(struct host_devices *devices, struct pci_host *host, struct slots *slots);

/*
 * Plug a device in below the port of `slot` while the guest runs, wire it, and show it. 0; -ENOSPC
 * when it is larger than the port's windows; or -errno. Logged; then it is not plugged in.
 */
int host_places_plug_hot(struct slot *slot, struct vfio_pci *pci);

#endif
