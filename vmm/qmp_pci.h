/* SPDX-License-Identifier: MIT */
/*
 * The guest's PCI devices as QMP's query-pci lists them, read from the configuration spaces as the
 * guest has set them up.
 *
 * Read beside it: PciInfo in QEMU's qapi/pci.json.
 */
#ifndef MINIVMM_QMP_PCI_H
#define MINIVMM_QMP_PCI_H

#include <jansson.h>

#include "devices/pci_host.h"

/*
 * Returns the list, which is the caller's. `qdev_id` is the function's name. May be called from any
 * thread that does not hold the bus's lock.
 */
json_t *qmp_pci(struct pci_host *host);

#endif
