/* SPDX-License-Identifier: MIT */
/*
 * The BARs of a passed-through function: mapped pieces as guest memory, the rest as trapped
 * accesses.
 */
#ifndef MINIVMM_VFIO_BAR_H
#define MINIVMM_VFIO_BAR_H

#include "vfio_pci.h"

/* Ask for the BAR's region, cut it, map the pieces into our address space. 0 or -errno, logged. */
int vfio_bar_init(struct vfio_pci *pci, unsigned int bar);

/* The expansion ROM's BAR, if there is one: read through minivmm. 0 or -errno, logged. */
int vfio_bar_init_rom(struct vfio_pci *pci);

void vfio_bar_destroy(struct vfio_pci *pci, unsigned int bar);

/* The pci_function ops: show all pieces at function.bars[bar].addr, or take them away. */
int vfio_bar_map(struct pci_function *function, unsigned int bar);
void vfio_bar_unmap(struct pci_function *function, unsigned int bar);

#endif
