/* SPDX-License-Identifier: MIT */
/*
 * The smallest PCI function that does everything a passed-through one does: a BAR with registers,
 * DMA, INTx, MSI and MSI-X. Read it before vfio/: there the same callbacks reach a real device.
 *
 * Owns what the registers of testdev_regs.h do. It has no driver: the guests in guests/bare/, or
 * people, program it directly. Its state is guarded by the host bridge's lock.
 *
 * Read beside it: PCI Local Bus 3.0, chapter 6: configuration space, and 6.8, MSI and MSI-X.
 */
#ifndef MINIVMM_TESTDEV_H
#define MINIVMM_TESTDEV_H

#include "pci_host.h"

/* Make a test device and plug it into the bus, which owns it from then on. 0 or -errno, logged. */
int testdev_add(struct pci_host *host);

#endif
