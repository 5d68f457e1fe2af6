/* SPDX-License-Identifier: MIT */
/*
 * ACPI tables as bytes, for every machine: how a table is begun and ended, and the tables that
 * lead to the others.
 *
 * Owns the header, the checksums, the RSDP and the XSDT, and the tables that differ only by
 * numbers in arch_layout. The content of the other tables is in acpi.c and acpi_arm64.c. Nothing
 * here logs.
 *
 * Read beside it: ACPI 6.4, 5.2.1 to 5.2.8; PCI Firmware 3.3, 4.1.2 (MCFG).
 */
#ifndef MINIVMM_ACPI_TABLE_H
#define MINIVMM_ACPI_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define ACPI_OEM_TABLE_ID "MINIVMM"

struct acpi_rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __attribute__((packed));

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __attribute__((packed));

/* Generic address structure. */
struct acpi_address {
	uint8_t space;
	uint8_t bits;
	uint8_t offset;
	uint8_t access;
	uint64_t address;
} __attribute__((packed));

struct acpi_integer {
	uint8_t name_op;
	char name[4];
	uint8_t prefix;
	uint64_t value;
} __attribute__((packed));

/* The memory that is being filled. */
struct acpi_area {
	uint8_t *base;
	uint64_t gpa;
	uint64_t used;
};

/* Only the fields that a hardware-reduced machine fills in have a name. */
struct acpi_fadt {
	struct acpi_header header;
	uint8_t fixed_hardware[73];
	uint16_t boot_flags;
	uint8_t reserved;
	uint32_t flags;
	struct acpi_address reset;
	uint8_t reset_value;
	uint16_t arm_boot_flags;
	uint8_t minor_revision;
	uint64_t facs;
	uint64_t dsdt;
	struct acpi_address pm1_and_pm2[5];
	struct acpi_address pm_timer;
	struct acpi_address gpes[2];
	struct acpi_address sleep_control;
	struct acpi_address sleep_status;
	char hypervisor[8];
} __attribute__((packed));
_Static_assert(offsetof(struct acpi_fadt, boot_flags) == 109, "IAPC_BOOT_ARCH");
_Static_assert(offsetof(struct acpi_fadt, pm_timer) == 208, "X_PM_TMR_BLK");
_Static_assert(offsetof(struct acpi_fadt, sleep_control) == 244, "SLEEP_CONTROL_REG");
_Static_assert(sizeof(struct acpi_fadt) == 276, "FADT of revision 6");

/*
 * Returns the bytes that a table of `size` bytes takes up, and those of an XSDT that lists so
 * many tables.
 */
uint64_t acpi_align(uint64_t size);
uint64_t acpi_xsdt_size(unsigned int tables);

/*
 * Returns the bytes that an SSDT of so many integers and of the pins' GSIs takes up, and those of
 * an MCFG.
 */
uint64_t acpi_names_size(unsigned int count);
uint64_t acpi_mcfg_size(void);

/* Take `size` zeroed bytes. The caller has checked that there is room. */
void *acpi_take(struct acpi_area *area, uint64_t size);

/* Begin a table of `size` bytes, its header included. */
void *acpi_new_table(struct acpi_area *area, const char *signature, uint8_t revision,
		     uint64_t size);

/* Close a table. Returns its guest-physical address, as the next functions do. */
uint64_t acpi_end_table(const struct acpi_area *area, struct acpi_header *header);

/* Add a table as iasl has made it, with a checksum. */
uint64_t acpi_write_aml(struct acpi_area *area, const void *aml, uint64_t size);

/* Add the MCFG: the configuration space of so many buses, from `ecam` on. */
uint64_t acpi_write_mcfg(struct acpi_area *area, uint64_t ecam, unsigned int buses);

/* Fill in an integer that AML declares External(); `name` has four characters. */
struct acpi_integer acpi_integer(const char *name, uint64_t value);

/*
 * Add an SSDT of integers, and of the pins' GSIs from `first_gsi` on, as acpi_put_routes() has
 * them.
 */
uint64_t acpi_write_names(struct acpi_area *area, const struct acpi_integer *integers,
			  unsigned int count, uint32_t first_gsi);

/* Add an XSDT that lists `tables`, and fill in the RSDP, which was taken before. */
void acpi_write_roots(struct acpi_area *area, struct acpi_rsdp *rsdp, const uint64_t *tables,
		      unsigned int count);

#endif
