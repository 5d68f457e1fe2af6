/* SPDX-License-Identifier: MIT */
/*
 * The places of this host's devices in the guest: on its root bus or below a root port, with device
 * number and function.
 *
 * Functions that share a device number on the host stay together if all of them are passed through,
 * because their drivers may expect it. Otherwise each is a device by itself.
 */
#ifndef MINIVMM_HOST_PLACES_H
#define MINIVMM_HOST_PLACES_H

#include "host_devices.h"

/*
 * Plug in all devices that host_devices_open() has opened: below a port with `port=on`, at the
 * place that `addr=` says, or else at the next free device number. 0 or -errno, logged.
 */
int host_places_plug(struct host_devices *devices, struct pci_host *host, struct slots *slots);

/*
 * Plug function `number` of a device in below the port of `slot` while the guest runs, and connect
 * its interrupts; with function 0 all are shown to the guest. 0, -ENOSPC if its BARs are larger
 * than the port's windows, or another -errno; logged. On failure it is not plugged in.
 */
int host_places_plug_hot(struct slot *slot, struct vfio_pci *pci, unsigned int number);

#endif
