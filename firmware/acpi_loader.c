/* SPDX-License-Identifier: MIT */
#include "acpi_loader.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define LOADER_ALLOCATE 1
#define LOADER_POINTER  2
#define LOADER_CHECKSUM 3

#define LOADER_NAME  56
#define LOADER_ALIGN 64
#define LOADER_HIGH  1 /* anywhere below 4 GiB */

/* Offsets in tables, ACPI 6.4 chapter 5. */
#define RSDP_CHECKSUM          8
#define RSDP_CHECKSUM_LENGTH   20
#define RSDP_XSDT              24
#define RSDP_EXTENDED_CHECKSUM 32
#define RSDP_LENGTH            36
#define TABLE_LENGTH           4
#define TABLE_CHECKSUM         9
#define XSDT_ENTRIES           36
#define FADT_X_DSDT            140

struct loader_allocate {
	char file[LOADER_NAME];
	uint32_t align;
	uint8_t zone;
} __attribute__((packed));

struct loader_pointer {
	char file[LOADER_NAME];
	char pointee[LOADER_NAME];
	uint32_t offset;
	uint8_t size;
} __attribute__((packed));

struct loader_checksum {
	char file[LOADER_NAME];
	uint32_t result, start, length;
} __attribute__((packed));

struct loader {
	uint8_t *tables;
	struct acpi_loader_command *script;
	unsigned int count;
};

static void *loader_add(struct loader *loader, uint32_t type)
{
	struct acpi_loader_command *command = &loader->script[loader->count++];

	assert(loader->count <= ACPI_LOADER_COMMANDS);
	memset(command, 0, sizeof(*command));
	command->type = type;
	return command->arguments;
}

static void loader_allocate(struct loader *loader)
{
	struct loader_allocate *allocate = loader_add(loader, LOADER_ALLOCATE);

	strcpy(allocate->file, ACPI_LOADER_FILE);
	allocate->align = LOADER_ALIGN;
	allocate->zone = LOADER_HIGH;
}

static void loader_pointer(struct loader *loader, uint32_t offset)
{
	struct loader_pointer *pointer = loader_add(loader, LOADER_POINTER);

	strcpy(pointer->file, ACPI_LOADER_FILE);
	strcpy(pointer->pointee, ACPI_LOADER_FILE);
	pointer->offset = offset;
	pointer->size = sizeof(uint64_t);
}

/* The firmware's sum includes the old checksum, which must therefore be 0. */
static void loader_checksum(struct loader *loader, uint32_t result, uint32_t start, uint32_t length)
{
	struct loader_checksum *checksum = loader_add(loader, LOADER_CHECKSUM);

	strcpy(checksum->file, ACPI_LOADER_FILE);
	checksum->result = result;
	checksum->start = start;
	checksum->length = length;
	loader->tables[result] = 0;
}

static uint32_t loader_get(const struct loader *loader, uint32_t offset)
{
	uint32_t value;

	memcpy(&value, loader->tables + offset, sizeof(value));
	return value;
}

static void loader_table_checksum(struct loader *loader, uint32_t table)
{
	loader_checksum(loader, table + TABLE_CHECKSUM, table,
			loader_get(loader, table + TABLE_LENGTH));
}

/* Among the tables only the FADT points to another. */
unsigned int acpi_loader_write(void *tables,
			       struct acpi_loader_command script[ACPI_LOADER_COMMANDS])
{
	struct loader loader = { tables, script, 0 };
	uint32_t xsdt = loader_get(&loader, RSDP_XSDT);
	uint32_t end = xsdt + loader_get(&loader, xsdt + TABLE_LENGTH);

	loader_allocate(&loader);
	for (uint32_t entry = xsdt + XSDT_ENTRIES; entry < end; entry += sizeof(uint64_t)) {
		uint32_t table = loader_get(&loader, entry);

		if (memcmp(loader.tables + table, "FACP", 4) == 0) {
			loader_pointer(&loader, table + FADT_X_DSDT);
			loader_table_checksum(&loader, table);
		}
		loader_pointer(&loader, entry);
	}
	loader_table_checksum(&loader, xsdt);
	loader_pointer(&loader, RSDP_XSDT);
	loader_checksum(&loader, RSDP_CHECKSUM, 0, RSDP_CHECKSUM_LENGTH);
	loader_checksum(&loader, RSDP_EXTENDED_CHECKSUM, 0, RSDP_LENGTH);
	return loader.count;
}
