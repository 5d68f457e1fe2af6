/* SPDX-License-Identifier: MIT */
/*
 * A virtio device as a PCI function: the registers of virtio_registers.h in a BAR, found through
 * vendor-specific capabilities, with MSI-X.
 *
 * Owns the function, and connects both directions of a queue so that they bypass minivmm: the
 * guest's notification signals an eventfd inside KVM, and the eventfd of an interrupt is plugged
 * into KVM as an irqfd. Only a driver that does without MSI-X gets its interrupts through the main
 * loop, on the pin. What the device does is the backend's.
 *
 * Read beside it: VIRTIO 1.1, 4.1 "Virtio Over PCI Bus".
 */
#ifndef MINIVMM_VIRTIO_PCI_H
#define MINIVMM_VIRTIO_PCI_H

#include "pci_host.h"
#include "virtio.h"
#include "virtio_irq.h"

/* Layout of BAR 0. */
#define VIRTIO_PCI_BAR_SIZE    0x4000u
#define VIRTIO_PCI_COMMON      0x0000u
#define VIRTIO_PCI_ISR_STATUS  0x0400u
#define VIRTIO_PCI_DEVICE      0x0800u
#define VIRTIO_PCI_DEVICE_SIZE 0x0800u /* room for the device's configuration space */
#define VIRTIO_PCI_NOTIFY      0x1000u /* VIRTIO_PCI_NOTIFY_STEP bytes for each queue */
#define VIRTIO_PCI_NOTIFY_STEP 4u

/*
 * Plug a device with this backend in at the next free device number. The backend belongs to the
 * device from now on, and is destroyed if this fails. 0 or -errno, logged.
 */
int virtio_pci_add(struct pci_host *host, struct virtio_backend *backend);

#endif
