/* SPDX-License-Identifier: MIT */
#include "acpi_table.h"

#include <string.h>

#include "acpi_routes.h"

#define ACPI_ALIGN      16
#define ACPI_OEM_ID     "MINIVM"
#define ACPI_CREATOR_ID "MVMM"

/* AML opcodes, ACPI 6.4 chapter 20. */
#define AML_NAME  0x08
#define AML_QWORD 0x0e

struct acpi_xsdt {
	struct acpi_header header;
	uint64_t tables[];
} __attribute__((packed));

struct acpi_mcfg {
	struct acpi_header header;
	uint64_t reserved;
	uint64_t base;
	uint16_t segment;
	uint8_t first_bus, last_bus;
	uint32_t reserved2;
} __attribute__((packed));

struct acpi_names {
	struct acpi_header header;
	struct acpi_integer integers[]; /* then the routes */
} __attribute__((packed));

uint64_t acpi_align(uint64_t size)
{
	return (size + ACPI_ALIGN - 1) & ~(ACPI_ALIGN - 1ull);
}

uint64_t acpi_xsdt_size(unsigned int tables)
{
	return sizeof(struct acpi_xsdt) + tables * sizeof(uint64_t);
}

uint64_t acpi_names_size(unsigned int count)
{
	return sizeof(struct acpi_names) + count * sizeof(struct acpi_integer) + acpi_routes_size();
}

uint64_t acpi_mcfg_size(void)
{
	return sizeof(struct acpi_mcfg);
}

/* Returns the byte that makes the sum of all bytes zero. */
static uint8_t acpi_checksum(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint8_t sum = 0;

	while (size--)
		sum += *bytes++;
	return -sum;
}

/* After a reset the memory is dirty. */
void *acpi_take(struct acpi_area *area, uint64_t size)
{
	void *taken = area->base + area->used;

	area->used += acpi_align(size);
	return memset(taken, 0, size);
}

void *acpi_new_table(struct acpi_area *area, const char *signature, uint8_t revision, uint64_t size)
{
	struct acpi_header *header = acpi_take(area, size);

	memcpy(header->signature, signature, sizeof(header->signature));
	header->length = size;
	header->revision = revision;
	memcpy(header->oem_id, ACPI_OEM_ID, sizeof(header->oem_id));
	memcpy(header->oem_table_id, ACPI_OEM_TABLE_ID, sizeof(header->oem_table_id));
	header->oem_revision = 1;
	memcpy(header->creator_id, ACPI_CREATOR_ID, sizeof(header->creator_id));
	header->creator_revision = 1;
	return header;
}

uint64_t acpi_end_table(const struct acpi_area *area, struct acpi_header *header)
{
	header->checksum = acpi_checksum(header, header->length);
	return area->gpa + ((uint8_t *)header - area->base);
}

uint64_t acpi_write_aml(struct acpi_area *area, const void *aml, uint64_t size)
{
	uint8_t *table = acpi_take(area, size);

	memcpy(table, aml, size);
	return area->gpa + (uint64_t)(table - area->base);
}

uint64_t acpi_write_mcfg(struct acpi_area *area, uint64_t ecam, unsigned int buses)
{
	struct acpi_mcfg *mcfg = acpi_new_table(area, "MCFG", 1, sizeof(*mcfg));

	mcfg->base = ecam;
	mcfg->last_bus = (uint8_t)(buses - 1);
	return acpi_end_table(area, &mcfg->header);
}

struct acpi_integer acpi_integer(const char *name, uint64_t value)
{
	struct acpi_integer integer = { .name_op = AML_NAME, .prefix = AML_QWORD, .value = value };

	memcpy(integer.name, name, sizeof(integer.name));
	return integer;
}

uint64_t acpi_write_names(struct acpi_area *area, const struct acpi_integer *integers,
			  unsigned int count, uint32_t first_gsi)
{
	struct acpi_names *ssdt = acpi_new_table(area, "SSDT", 2, acpi_names_size(count));

	memcpy(ssdt->integers, integers, count * sizeof(*integers));
	acpi_put_routes(ssdt->integers + count, first_gsi);
	return acpi_end_table(area, &ssdt->header);
}

static void acpi_write_rsdp(struct acpi_rsdp *rsdp, uint64_t xsdt)
{
	memcpy(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature));
	memcpy(rsdp->oem_id, ACPI_OEM_ID, sizeof(rsdp->oem_id));
	rsdp->revision = 2;
	rsdp->length = sizeof(*rsdp);
	rsdp->xsdt = xsdt;
	/* The first sum is over the fields that ACPI 1.0 had; the second is over everything. */
	rsdp->checksum = acpi_checksum(rsdp, offsetof(struct acpi_rsdp, length));
	rsdp->extended_checksum = acpi_checksum(rsdp, sizeof(*rsdp));
}

void acpi_write_roots(struct acpi_area *area, struct acpi_rsdp *rsdp, const uint64_t *tables,
		      unsigned int count)
{
	struct acpi_xsdt *xsdt = acpi_new_table(area, "XSDT", 1, acpi_xsdt_size(count));

	memcpy(xsdt->tables, tables, count * sizeof(tables[0]));
	acpi_write_rsdp(rsdp, acpi_end_table(area, &xsdt->header));
}
