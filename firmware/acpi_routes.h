/* SPDX-License-Identifier: MIT */
/*
 * Which GSI each pin of a PCI device is connected to, as AML: the object PRTB, which the DSDT's
 * _PRT returns.
 *
 * It is written here because it is a table. A loop of AML that fills it in costs a guest 25 million
 * instructions: each step counts the references to all rows anew. Nothing here logs.
 *
 * Read beside it: ACPI 6.4, 6.2.13 (_PRT), 20.2.4 (package length).
 */
#ifndef MINIVMM_ACPI_ROUTES_H
#define MINIVMM_ACPI_ROUTES_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the object. */
size_t acpi_routes_size(void);

/*
 * Write the object for devices whose pins are connected to arch_layout.pci_intx_lines GSIs from
 * `first_gsi` on, in the order that pci_host_intx_gsi() has. No GSI may be above 255.
 */
void acpi_put_routes(void *to, uint32_t first_gsi);

#endif
