/* SPDX-License-Identifier: MIT */
/*
 * What UEFI firmware is told about its machine, as files for fw_cfg.
 *
 * Owns the bytes of these files: the memory map, ACPI and SMBIOS tables, the order in which
 * devices are tried, and the size of the window for 64-bit BARs. Knows no device: all facts are
 * handed in as data.
 *
 * Read beside it: EDK2's OvmfPkg (PlatformPei, PlatformBootManagerLib, QemuBootOrderLib).
 */
#ifndef MINIVMM_UEFI_TABLES_H
#define MINIVMM_UEFI_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "acpi.h"
#include "acpi_loader.h"
#include "smbios.h"
#include "vmm/core/memory.h"

#define UEFI_BOOT_MAX  32
#define UEFI_FILES_MAX 8
#define UEFI_BANKS     2 /* of RAM: below and above the hole */

/* A PCI function that may hold a system to start. */
struct uefi_boot_device {
	uint32_t class_code; /* base class, subclass, interface: 24 bits */
	unsigned int slot, function;
	unsigned int port; /* slot of the root port above it; 0 on the root bus */
};

struct uefi_config {
	bool tree; /* a device tree says what RAM and windows the machine has */
	struct acpi_config acpi;
	struct memory *memory;
	uint64_t mmio64_needed; /* bytes that 64-bit BARs take up */
	unsigned int gpa_bits;
	struct uefi_boot_device boot[UEFI_BOOT_MAX]; /* in the order in which they are tried */
	unsigned int boot_count;
};

struct uefi_e820_entry {
	uint64_t base, size;
	uint32_t type;
} __attribute__((packed));

struct uefi_file {
	const char *name;
	const void *data;
	uint32_t size;
};

struct uefi_tables {
	struct uefi_file files[UEFI_FILES_MAX];
	unsigned int file_count;
	struct uefi_e820_entry e820[UEFI_BANKS + 2];
	void *acpi;
	struct acpi_loader_command script[ACPI_LOADER_COMMANDS];
	struct smbios_anchor anchor;
	uint8_t smbios[SMBIOS_TABLES_MAX];
	char boot_order[UEFI_BOOT_MAX * 64];
	char mmio64[24];
};

/* Make all files. They stay until uefi_tables_free(). Returns 0 or -errno, logged. */
int uefi_tables_build(struct uefi_tables *tables, const struct uefi_config *config);

/* Give back the memory of the files. Accepts a zeroed `tables`. */
void uefi_tables_free(struct uefi_tables *tables);

#endif
