/* SPDX-License-Identifier: MIT */
/*
 * A GPU's expansion ROM in memory that the guest only reads, where ACPI's _ROM finds it.
 *
 * Owns that memory. For GPUs of laptops, whose ROM is part of the firmware of the machine: they
 * have no ROM BAR, and their drivers ask ACPI. Part of the roof.
 */
#ifndef MINIVMM_ACPI_ROM_H
#define MINIVMM_ACPI_ROM_H

#include "devices/pci.h"
#include "firmware/acpi.h"
#include "vmm/core/memory.h"

struct acpi_rom {
	struct memory *memory; /* NULL: there is none */
	struct memory_region region;
};

/*
 * Map the ROM in `file` into the guest and describe it in *extras, for a function that is plugged
 * in already. A file that is not a ROM is refused. 0 or -errno, logged.
 */
int acpi_rom_add(struct acpi_rom *rom, struct memory *memory, const char *file,
		 const struct pci_function *function, struct acpi_extras *extras);

/* Unmap and free the ROM. Accepts a zeroed one. */
void acpi_rom_destroy(struct acpi_rom *rom);

#endif
