/* SPDX-License-Identifier: MIT */
#include "uefi_tables.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define UEFI_MMIO64 (32ull << 30)

#define E820_RAM      1
#define E820_RESERVED 2

#define PCI_CLASS_NVME     0x010802u
#define PCI_CLASS_AHCI     0x010601u
#define PCI_CLASS_ETHERNET 0x020000u
#define PCI_CLASS_SCSI     0x010000u /* the vendor ID of virtio disks */

static void uefi_add_file(struct uefi_tables *tables, const char *name, const void *data,
			  size_t size)
{
	assert(tables->file_count < UEFI_FILES_MAX);
	tables->files[tables->file_count++] = (struct uefi_file){ name, data, (uint32_t)size };
}

/* ---- the memory map ---- */

/*
 * RAM in ascending order, then the reserved ranges. The first MiB is not cut up: the firmware
 * knows what a PC has there.
 */
static void uefi_build_e820(struct uefi_tables *tables, const struct uefi_config *config)
{
	struct uefi_e820_entry *at = tables->e820, *end = at + UEFI_BANKS;
	const struct arch_range *rom = &config->acpi.extras.rom;
	struct memory *memory = config->memory;

	pthread_mutex_lock(&memory->lock);
	for (size_t i = 0; i < memory->count && at < end; i++)
		if (memory->regions[i].kind == MEMORY_RAM)
			*at++ = (struct uefi_e820_entry){ memory->regions[i].gpa,
							  memory->regions[i].size, E820_RAM };
	pthread_mutex_unlock(&memory->lock);
	*at++ = (struct uefi_e820_entry){ arch_layout.reserved.base, arch_layout.reserved.size,
					  E820_RESERVED };
	if (rom->size)
		*at++ = (struct uefi_e820_entry){ arch_layout.acpi_rom.base,
						  arch_layout.acpi_rom.size, E820_RESERVED };
	uefi_add_file(tables, "etc/e820", tables->e820, (size_t)(at - tables->e820) * sizeof(*at));
}

/* ---- tables ---- */

static int uefi_build_acpi(struct uefi_tables *tables, const struct acpi_config *config)
{
	uint64_t size = acpi_size(config);
	unsigned int commands;
	int ret;

	tables->acpi = calloc(1, size);
	if (!tables->acpi)
		return log_errno("ACPI", -ENOMEM, "allocate its tables");
	ret = acpi_write_tables(config, tables->acpi, 0, size);
	if (ret < 0)
		return ret;
	commands = acpi_loader_write(tables->acpi, tables->script);
	uefi_add_file(tables, ACPI_LOADER_FILE, tables->acpi, size);
	uefi_add_file(tables, ACPI_LOADER_SCRIPT, tables->script,
		      commands * sizeof(tables->script[0]));
	return 0;
}

static void uefi_build_smbios(struct uefi_tables *tables)
{
	uint32_t size = smbios_write(&tables->anchor, tables->smbios);

	uefi_add_file(tables, SMBIOS_ANCHOR_FILE, &tables->anchor, sizeof(tables->anchor));
	uefi_add_file(tables, SMBIOS_TABLES_FILE, tables->smbios, size);
}

/* ---- what to start ---- */

/*
 * The Open Firmware path that the firmware translates into its own: the kind of controller, and
 * what is on it. The IDs are literal: they stand for any controller of the kind.
 */
static const struct uefi_boot_kind {
	uint32_t class_code;
	const char *controller, *unit;
} uefi_boot_kinds[] = {
	{ PCI_CLASS_NVME, "pci8086,5845", "namespace@1,0" },
	{ PCI_CLASS_AHCI, "pci8086,2922", "drive@0/disk@0" },
	{ PCI_CLASS_SCSI, "scsi", "disk@0,0" },
	{ PCI_CLASS_ETHERNET, "ethernet", "ethernet-phy@0" },
};

/*
 * Writes the path of a device, or nothing if no system starts from its kind. Returns the length.
 */
static int uefi_write_boot_path(const struct uefi_boot_device *device, char *to, size_t size)
{
	char port[24] = "", function[4] = "";

	if (device->port)
		snprintf(port, sizeof(port), "pci-bridge@%x/", device->port);
	if (device->function)
		snprintf(function, sizeof(function), ",%x", device->function % 8);
	for (size_t i = 0; i < array_size(uefi_boot_kinds); i++) {
		const struct uefi_boot_kind *kind = &uefi_boot_kinds[i];

		if (kind->class_code == device->class_code)
			return snprintf(to, size, "/pci@i0cf8/%s%s@%x%s/%s\n", port,
					kind->controller, device->slot, function, kind->unit);
	}
	return 0;
}

static void uefi_build_boot_order(struct uefi_tables *tables, const struct uefi_config *config)
{
	char *at = tables->boot_order, *end = at + sizeof(tables->boot_order);

	for (unsigned int i = 0; i < config->boot_count; i++)
		at += uefi_write_boot_path(&config->boot[i], at, (size_t)(end - at));
	if (at > tables->boot_order)
		uefi_add_file(tables, "bootorder", tables->boot_order,
			      (size_t)(at - tables->boot_order) + 1);
}

/* ---- the window for 64-bit BARs ---- */

static uint64_t uefi_power_of_two(uint64_t size)
{
	uint64_t power = 1;

	while (power < size)
		power <<= 1;
	return power;
}

/*
 * Firmware places 64-bit BARs at the end of what the CPU addresses, in an eighth of it or in 32
 * GiB, whichever it prefers. It is told a size only if that may be too small. The size includes
 * room for the gaps that alignment leaves.
 */
static void uefi_build_mmio64(struct uefi_tables *tables, const struct uefi_config *config)
{
	uint64_t size = uefi_power_of_two(config->mmio64_needed) * 2;
	uint64_t eighth = 1ull << (config->gpa_bits - 3);

	if (config->mmio64_needed == 0 || size <= (eighth < UEFI_MMIO64 ? eighth : UEFI_MMIO64))
		return;
	if (size > 1ull << (config->gpa_bits - 1))
		size /= 2;
	snprintf(tables->mmio64, sizeof(tables->mmio64), "%" PRIu64, size >> 20);
	uefi_add_file(tables, "opt/ovmf/X-PciMmio64Mb", tables->mmio64, strlen(tables->mmio64));
}

int uefi_tables_build(struct uefi_tables *tables, const struct uefi_config *config)
{
	int ret;

	*tables = (struct uefi_tables){ 0 };
	if (!config->tree) {
		uefi_build_e820(tables, config);
		uefi_build_mmio64(tables, config);
	}
	ret = uefi_build_acpi(tables, &config->acpi);
	if (ret < 0)
		return ret;
	uefi_build_smbios(tables);
	uefi_build_boot_order(tables, config);
	return 0;
}

void uefi_tables_free(struct uefi_tables *tables)
{
	free(tables->acpi);
	tables->acpi = NULL;
	tables->file_count = 0;
}
