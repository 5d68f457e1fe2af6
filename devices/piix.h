/* SPDX-License-Identifier: MIT */
/*
 * The PCI functions by which UEFI firmware knows its machine: a PC with Intel's 440FX and PIIX4.
 *
 * Owns only what the firmware looks at: the host bridge's device ID, an ISA bridge (behind which it
 * expects the serial port) and a power management function, whose registers say where pm.h's ports
 * are. Drivers for the real chips must not bind, so these two have IDs of their own.
 *
 * Read beside it: the data sheet of the 82371AB (PIIX4), chapter 7.
 */
#ifndef MINIVMM_PIIX_H
#define MINIVMM_PIIX_H

#include "pci_host.h"

#define PIIX_SLOT 1u

/* Host bridges by which firmware recognizes a machine. */
#define PCI_VENDOR_INTEL      0x8086u
#define PCI_DEVICE_440FX      0x1237u /* OVMF */
#define PCI_DEVICE_CLOUD_HOST 0x0d57u /* firmware for cloud-hypervisor */

struct piix {
	struct pci_function isa; /* 00:01.0 */
	struct pci_function pm;  /* 00:01.3 */
};

/*
 * Plug both functions in at device number 1 and make the bus's bridge a 440FX. `piix` must live as
 * long as the bus. 0, or -EBUSY if the device number is taken; logged.
 */
int piix_add(struct piix *piix, struct pci_host *host);

#endif
