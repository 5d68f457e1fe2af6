/* SPDX-License-Identifier: MIT */
/*
 * What the registers of PCI configuration space are called, and their bits; for people.
 *
 * Data and one look-up over the bytes of a configuration space, whatever they are.
 *
 * Read beside it: PCI Local Bus 3.0, 6.1 and appendix H; PCI Express Base 7.5 to 7.9.
 */
#ifndef MINIVMM_PCI_NAMES_H
#define MINIVMM_PCI_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/trace/trace_event.h"

struct pci_register {
	const char *cap;     /* the capability it is in; NULL: the header */
	unsigned int base;   /* where that begins */
	const char *name;    /* NULL: it has no known name */
	unsigned int offset; /* from the start of configuration space */
	unsigned int size;   /* 1, 2, 4 or 8 bytes; of an unknown one up to the next dword */
	const struct trace_name *bits; /* NULL if it is a number */
};

/*
 * The register that the byte at `offset` is part of. `config` is PCI_CONFIG_SIZE bytes; capability
 * lists are followed as far as they make sense.
 */
void pci_find_register(const uint8_t *config, unsigned int offset, struct pci_register *reg);

/* For a trace: name the register of an access to configuration space. */
void pci_locate_register(const uint8_t *config, unsigned int offset, struct trace_place *place);

#endif
