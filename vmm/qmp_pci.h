/* SPDX-License-Identifier: MIT */
/*
 * The guest's PCI devices as QMP's query-pci tells them: read from the configuration spaces, as the
 * guest has set them up by now.
 *
 * Read beside it: PciInfo in QEMU's qapi/pci.json.
 */
#ifndef MINIVMM_QMP_PCI_H
#define MINIVMM_QMP_PCI_H

#include <jansson.h>

#include "devices/pci_host.h"

/* The caller's. `qdev_id` is the function's name. From any thread but one that holds the lock. */
json_t *qmp_pci(struct pci_host *host);

#endif
