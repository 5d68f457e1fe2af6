/* SPDX-License-Identifier: MIT */
/*
 * What the guest does to a function's interrupts, done to the host.
 *
 * Owns which kind is on - the pin, MSI or MSI-X - and the way from the guest's state machines
 * (devices/msi.c, devices/msix.c) to the host's vectors (vfio_vectors.c) and pin (vfio_intx.c). A
 * guest switches among the three in any order; the pin is what it has when the others are off. A
 * guest that enables both MSI and MSI-X, which it must not, gets MSI-X, as long as it is on.
 *
 * Read beside it: PCI Local Bus 3.0, 6.8; VFIO_DEVICE_SET_IRQS in linux/vfio.h.
 */
#ifndef MINIVMM_VFIO_INTERRUPTS_H
#define MINIVMM_VFIO_INTERRUPTS_H

#include "vfio_pci.h"

/*
 * Learn from the guest's configuration space and from VFIO what there is; all is off. After
 * vfio_config_init() and before the BARs are cut. 0 or -errno, logged; vfio_interrupts_destroy() is
 * due either way.
 */
int vfio_interrupts_init(struct vfio_pci *pci);

/* Once the BARs are known: whether MSI-X lies in them. 0, or -EIO, logged. */
int vfio_interrupts_check(const struct vfio_pci *pci);

/* All off, all given back. Accepts a half-built or zeroed pci whose intx was initialised. */
void vfio_interrupts_destroy(struct vfio_pci *pci);

/* The machine is powered on: wire the pin. 0 or -errno, logged. */
int vfio_interrupts_power_on(struct vfio_pci *pci);

/* As before power-on; no vCPU runs. */
void vfio_interrupts_reset(struct vfio_pci *pci);

/* Around the guest's accesses to configuration space: before a read, after a write. */
void vfio_interrupts_config_reading(struct vfio_pci *pci, unsigned int offset, unsigned int size);
void vfio_interrupts_config_written(struct vfio_pci *pci, unsigned int offset, unsigned int size);

#endif
