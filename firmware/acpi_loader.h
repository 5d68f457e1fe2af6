/* SPDX-License-Identifier: MIT */
/*
 * A script that lets firmware choose the place of the ACPI tables and then relocates them.
 *
 * Owns the script: a list of commands of 128 bytes. They say: put this file somewhere, add its
 * address to the pointers inside it, make the checksums right again. The tables are those of
 * acpi.h, written for address 0, so that each pointer is an offset in their file.
 *
 * Read beside it: QEMU's hw/acpi/bios-linker-loader (the format), EDK2's
 * OvmfPkg/Library/AcpiPlatformLib (which runs the script).
 */
#ifndef MINIVMM_ACPI_LOADER_H
#define MINIVMM_ACPI_LOADER_H

#include <stdint.h>

#define ACPI_LOADER_FILE     "etc/acpi/tables"
#define ACPI_LOADER_SCRIPT   "etc/table-loader"
#define ACPI_LOADER_COMMANDS 24 /* enough commands for the tables of acpi.h */

struct acpi_loader_command {
	uint32_t type;
	uint8_t arguments[124];
} __attribute__((packed));

/*
 * Write the script for `tables`, which acpi_write_tables() has written with a gpa of 0. The
 * checksums that will change are set to 0 in the tables. Returns how many commands the script
 * has. Does not log.
 */
unsigned int acpi_loader_write(void *tables,
			       struct acpi_loader_command script[ACPI_LOADER_COMMANDS]);

#endif
