/* SPDX-License-Identifier: MIT */
#include "acpi.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "vmm/trace/log.h"

/* Each header defines NAME_aml_code[], made by iasl from NAME.asl. */
/* clang-format off */
static const
#include "dsdt.h"
static const
#include "ssdt_rtc.h"
static const
#include "ssdt_uefi.h"
static const
#include "ssdt_battery.h"
static const
#include "ssdt_rom.h"
static const
#include "ssdt_rom_port.h"
/* clang-format on */

#define ACPI_ALIGN        16
#define ACPI_OEM_ID       "MINIVM"
#define ACPI_OEM_TABLE_ID "MINIVMM"
#define ACPI_CREATOR_ID   "MVMM"
#define ACPI_XSDT_ENTRIES 4 /* FACP, APIC, MCFG and SSDT: every machine has them */
#define ACPI_XSDT_MORE    5 /* SSDTs that only some machines have */
#define ACPI_LAPIC_BASE   0xfee00000
#define ACPI_IOAPIC_BASE  0xfec00000
#define ACPI_LAPIC_IDS    255 /* CPUs with this id or a higher one need an x2APIC entry */
#define ACPI_SPACE_IO     1
#define ACPI_ACCESS_BYTE  1
#define ACPI_ACCESS_DWORD 3

/* FADT flags, ACPI 6.4 table 5.10, and boot architecture flags, table 5.11. */
#define ACPI_WBINVD        (1u << 0)
#define ACPI_POWER_BUTTON  (1u << 4) /* the button is a device or missing, never fixed hardware */
#define ACPI_SLEEP_BUTTON  (1u << 5)
#define ACPI_RESET_REG_SUP (1u << 10)
#define ACPI_HW_REDUCED    (1u << 20)
#define ACPI_NO_VGA        (1u << 2)
#define ACPI_NO_CMOS_RTC   (1u << 5)

/* AML opcodes, ACPI 6.4 chapter 20. */
#define AML_NAME  0x08
#define AML_QWORD 0x0e

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

struct acpi_xsdt {
	struct acpi_header header;
	uint64_t tables[];
} __attribute__((packed));

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

struct acpi_ioapic {
	uint8_t type, length; /* 1, 12 */
	uint8_t id, reserved;
	uint32_t address;
	uint32_t gsi_base;
} __attribute__((packed));

struct acpi_lapic {
	uint8_t type, length; /* 0, 8 */
	uint8_t uid, id;
	uint32_t enabled;
} __attribute__((packed));

struct acpi_x2apic {
	uint8_t type, length; /* 9, 16 */
	uint16_t reserved;
	uint32_t id;
	uint32_t enabled;
	uint32_t uid;
} __attribute__((packed));

struct acpi_madt {
	struct acpi_header header;
	uint32_t lapic_base;
	uint32_t flags; /* 0: no pair of 8259 */
	struct acpi_ioapic ioapic;
	uint8_t cpus[];
} __attribute__((packed));

struct acpi_mcfg {
	struct acpi_header header;
	uint64_t reserved;
	uint64_t base;
	uint16_t segment;
	uint8_t first_bus, last_bus;
	uint32_t reserved2;
} __attribute__((packed));

struct acpi_integer {
	uint8_t name_op;
	char name[4];
	uint8_t prefix;
	uint64_t value;
} __attribute__((packed));

struct acpi_ssdt {
	struct acpi_header header;
	struct acpi_integer integers[11];
} __attribute__((packed));

/* The memory that is being filled. */
struct acpi_area {
	uint8_t *base;
	uint64_t gpa;
	uint64_t used;
};

static uint64_t acpi_align(uint64_t size)
{
	return (size + ACPI_ALIGN - 1) & ~(ACPI_ALIGN - 1ull);
}

static uint64_t acpi_xsdt_size(unsigned int tables)
{
	return sizeof(struct acpi_xsdt) + tables * sizeof(uint64_t);
}

static uint64_t acpi_madt_size(unsigned int cpus)
{
	uint64_t lapics = cpus < ACPI_LAPIC_IDS ? cpus : ACPI_LAPIC_IDS;

	return sizeof(struct acpi_madt) + lapics * sizeof(struct acpi_lapic) +
	       (cpus - lapics) * sizeof(struct acpi_x2apic);
}

/* An SSDT that iasl has made. */
struct acpi_part {
	const void *aml;
	uint64_t size;
};

#define ACPI_PART(aml)                                                                             \
	{                                                                                          \
		aml, sizeof(aml)                                                                   \
	}

/* Collect the SSDTs that this machine has; returns how many. */
static unsigned int acpi_parts(const struct acpi_config *config,
			       struct acpi_part parts[ACPI_XSDT_MORE])
{
	const bool rom = config->extras.rom.size > 0;
	const struct {
		bool there;
		struct acpi_part part;
	} all[ACPI_XSDT_MORE] = {
		{ config->extras.rtc, ACPI_PART(ssdt_rtc_aml_code) },
		{ config->uefi, ACPI_PART(ssdt_uefi_aml_code) },
		{ config->extras.battery, ACPI_PART(ssdt_battery_aml_code) },
		{ rom && !config->extras.rom_port, ACPI_PART(ssdt_rom_aml_code) },
		{ rom && config->extras.rom_port, ACPI_PART(ssdt_rom_port_aml_code) },
	};
	unsigned int count = 0;

	for (size_t i = 0; i < ACPI_XSDT_MORE; i++)
		if (all[i].there)
			parts[count++] = all[i].part;
	return count;
}

uint64_t acpi_size(const struct acpi_config *config)
{
	struct acpi_part parts[ACPI_XSDT_MORE];
	unsigned int count = acpi_parts(config, parts);
	uint64_t size =
		acpi_align(sizeof(struct acpi_rsdp)) + acpi_align(sizeof(dsdt_aml_code)) +
		acpi_align(sizeof(struct acpi_fadt)) + acpi_align(acpi_madt_size(config->cpus)) +
		acpi_align(sizeof(struct acpi_mcfg)) + acpi_align(sizeof(struct acpi_ssdt)) +
		acpi_align(acpi_xsdt_size(ACPI_XSDT_ENTRIES + count));

	while (count--)
		size += acpi_align(parts[count].size);
	return size;
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

/*
 * Take `size` zeroed bytes: after a reset the memory is dirty. acpi_write_tables() has checked
 * that there is room.
 */
static void *acpi_take(struct acpi_area *area, uint64_t size)
{
	void *taken = area->base + area->used;

	area->used += acpi_align(size);
	return memset(taken, 0, size);
}

static void *acpi_new_table(struct acpi_area *area, const char *signature, uint8_t revision,
			    uint64_t size)
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

/* Close a table. Returns its guest-physical address. */
static uint64_t acpi_end_table(const struct acpi_area *area, struct acpi_header *header)
{
	header->checksum = acpi_checksum(header, header->length);
	return area->gpa + ((uint8_t *)header - area->base);
}

/* Add a table as iasl has made it, with a checksum. Returns its guest-physical address. */
static uint64_t acpi_write_aml(struct acpi_area *area, const void *aml, uint64_t size)
{
	uint8_t *table = acpi_take(area, size);

	memcpy(table, aml, size);
	return area->gpa + (uint64_t)(table - area->base);
}

static struct acpi_address acpi_power_register(unsigned int offset)
{
	return (struct acpi_address){
		.space = ACPI_SPACE_IO,
		.bits = 8,
		.access = ACPI_ACCESS_BYTE,
		.address = arch_layout.power_port + offset,
	};
}

static uint64_t acpi_write_fadt(struct acpi_area *area, const struct acpi_config *config)
{
	uint64_t dsdt = acpi_write_aml(area, dsdt_aml_code, sizeof(dsdt_aml_code));
	struct acpi_fadt *fadt = acpi_new_table(area, "FACP", 6, sizeof(*fadt));

	fadt->minor_revision = 4;
	fadt->boot_flags = ACPI_NO_VGA | (config->extras.rtc ? 0 : ACPI_NO_CMOS_RTC);
	fadt->flags = ACPI_WBINVD | ACPI_POWER_BUTTON | ACPI_SLEEP_BUTTON | ACPI_RESET_REG_SUP |
		      ACPI_HW_REDUCED;
	fadt->reset = acpi_power_register(ARCH_POWER_RESET);
	fadt->reset_value = ARCH_POWER_RESET_VALUE;
	fadt->sleep_control = acpi_power_register(ARCH_POWER_SLEEP_CONTROL);
	fadt->sleep_status = acpi_power_register(ARCH_POWER_SLEEP_STATUS);
	if (config->extras.pm_timer)
		fadt->pm_timer = (struct acpi_address){ .space = ACPI_SPACE_IO,
							.bits = 32,
							.access = ACPI_ACCESS_DWORD,
							.address = config->extras.pm_timer };
	fadt->dsdt = dsdt;
	memcpy(fadt->hypervisor, ACPI_OEM_TABLE_ID, sizeof(ACPI_OEM_TABLE_ID));
	return acpi_end_table(area, &fadt->header);
}

/*
 * There are no interrupt source overrides: without a PIT nothing uses GSI 0, and the serial
 * port's Interrupt() names its own GSI and trigger.
 */
static uint64_t acpi_write_madt(struct acpi_area *area, unsigned int cpus)
{
	struct acpi_madt *madt = acpi_new_table(area, "APIC", 5, acpi_madt_size(cpus));
	uint8_t *at = madt->cpus;

	madt->lapic_base = ACPI_LAPIC_BASE;
	madt->ioapic = (struct acpi_ioapic){ .type = 1, .length = 12, .address = ACPI_IOAPIC_BASE };
	for (uint32_t id = 0; id < cpus && id < ACPI_LAPIC_IDS; id++) {
		struct acpi_lapic lapic = { 0, sizeof(lapic), id, id, 1 };

		memcpy(at, &lapic, sizeof(lapic));
		at += sizeof(lapic);
	}
	for (uint32_t id = ACPI_LAPIC_IDS; id < cpus; id++) {
		struct acpi_x2apic x2apic = { 9, sizeof(x2apic), 0, id, 1, id };

		memcpy(at, &x2apic, sizeof(x2apic));
		at += sizeof(x2apic);
	}
	return acpi_end_table(area, &madt->header);
}

static unsigned int acpi_buses(const struct acpi_config *config)
{
	return config->pci_buses ? config->pci_buses : 1;
}

static uint64_t acpi_write_mcfg(struct acpi_area *area, const struct acpi_config *config)
{
	struct acpi_mcfg *mcfg = acpi_new_table(area, "MCFG", 1, sizeof(*mcfg));

	mcfg->base = arch_layout.ecam.base;
	mcfg->last_bus = (uint8_t)(acpi_buses(config) - 1);
	return acpi_end_table(area, &mcfg->header);
}

/* The integers that dsdt.asl, ssdt_rom_port.asl and rom_method.asi declare External(). */
static uint64_t acpi_write_ssdt(struct acpi_area *area, const struct acpi_config *config)
{
	const struct arch_range *io = &arch_layout.pci_io;
	const struct arch_range *mmio32 = &config->pci_mmio32, *mmio64 = &config->pci_mmio64;
	struct acpi_ssdt *ssdt = acpi_new_table(area, "SSDT", 2, sizeof(*ssdt));
	const struct acpi_integer integers[] = {
		{ AML_NAME, "IOB_", AML_QWORD, io->base },
		{ AML_NAME, "IOS_", AML_QWORD, io->size },
		{ AML_NAME, "M32B", AML_QWORD, mmio32->base },
		{ AML_NAME, "M32S", AML_QWORD, mmio32->size },
		{ AML_NAME, "M64B", AML_QWORD, mmio64->base },
		{ AML_NAME, "M64S", AML_QWORD, mmio64->size },
		{ AML_NAME, "BUSN", AML_QWORD, acpi_buses(config) },
		{ AML_NAME, "ROMA", AML_QWORD, config->extras.rom_address },
		{ AML_NAME, "ROMP", AML_QWORD, config->extras.rom_port },
		{ AML_NAME, "ROMB", AML_QWORD, config->extras.rom.base },
		{ AML_NAME, "ROMS", AML_QWORD, config->extras.rom.size },
	};

	memcpy(ssdt->integers, integers, sizeof(integers));
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

/* Write all tables but the RSDP; returns how many the XSDT lists. */
static unsigned int acpi_write_all(struct acpi_area *area, const struct acpi_config *config,
				   uint64_t *tables)
{
	struct acpi_part parts[ACPI_XSDT_MORE];
	unsigned int more = acpi_parts(config, parts), count = 0;

	tables[count++] = acpi_write_fadt(area, config);
	tables[count++] = acpi_write_madt(area, config->cpus);
	tables[count++] = acpi_write_mcfg(area, config);
	tables[count++] = acpi_write_ssdt(area, config);
	for (unsigned int i = 0; i < more; i++)
		tables[count++] = acpi_write_aml(area, parts[i].aml, parts[i].size);
	return count;
}

int acpi_write_tables(const struct acpi_config *config, void *to, uint64_t gpa, uint64_t size)
{
	uint64_t tables[ACPI_XSDT_ENTRIES + ACPI_XSDT_MORE];
	struct acpi_area area = { .base = to, .gpa = gpa };
	struct acpi_rsdp *rsdp;
	struct acpi_xsdt *xsdt;
	unsigned int count;

	if (acpi_size(config) > size) {
		log_error("ACPI",
			  "the tables of %u CPUs take %" PRIu64
			  " bytes, but there is room for %" PRIu64,
			  config->cpus, acpi_size(config), size);
		return -ENOSPC;
	}
	rsdp = acpi_take(&area, sizeof(*rsdp));
	count = acpi_write_all(&area, config, tables);
	xsdt = acpi_new_table(&area, "XSDT", 1, acpi_xsdt_size(count));
	memcpy(xsdt->tables, tables, count * sizeof(tables[0]));
	acpi_write_rsdp(rsdp, acpi_end_table(&area, &xsdt->header));
	return 0;
}
