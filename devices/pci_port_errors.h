/* SPDX-License-Identifier: MIT */
/*
 * Advanced Error Reporting of a root port: where a guest reads that a device below has failed.
 *
 * Owns the port's extended capability. A device's message of an uncorrectable error is recorded
 * with the device's number, and the guest is interrupted if it wants to be. The port itself never
 * fails: its own status registers stay zero. How an interrupt reaches the guest is the port's
 * business.
 *
 * Read beside it: PCI Express Base 6.2.4 to 6.2.6 and 7.8.4.
 */
#ifndef MINIVMM_PCI_PORT_ERRORS_H
#define MINIVMM_PCI_PORT_ERRORS_H

#include "pci.h"

/* Put the capability into the port's configuration space, which has no extended one so far. */
void pci_port_errors_init(struct pci_function *port);

/* As after power-on: nothing recorded, nothing switched on. */
void pci_port_errors_reset(struct pci_function *port);

/* After a guest's write to the port's configuration space. */
void pci_port_errors_config_written(struct pci_function *port, unsigned int offset,
				    unsigned int size, uint32_t value);

/*
 * The function with the number `source` below reports an uncorrectable error. False, and nothing is
 * recorded, when the guest has not switched on that the port forwards and reports such errors.
 */
bool pci_port_errors_record(struct pci_function *port, uint16_t source, bool fatal);

/* Whether an error is recorded that the guest wants to hear of. */
bool pci_port_errors_interrupt(const struct pci_function *port);

#endif
