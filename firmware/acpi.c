/* SPDX-License-Identifier: MIT */
#include "acpi.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "acpi_table.h"
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

#define ACPI_XSDT_ENTRIES 4 /* FACP, APIC, MCFG and SSDT: every machine has them */
#define ACPI_XSDT_MORE    5 /* SSDTs that only some machines have */
#define ACPI_INTEGERS     11
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
	uint64_t size = acpi_align(sizeof(struct acpi_rsdp)) + acpi_align(sizeof(dsdt_aml_code)) +
			acpi_align(sizeof(struct acpi_fadt)) +
			acpi_align(acpi_madt_size(config->cpus)) + acpi_align(acpi_mcfg_size()) +
			acpi_align(acpi_names_size(ACPI_INTEGERS)) +
			acpi_align(acpi_xsdt_size(ACPI_XSDT_ENTRIES + count));

	while (count--)
		size += acpi_align(parts[count].size);
	return size;
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

/* What dsdt.asl, ssdt_rom_port.asl and rom_method.asi declare External(). */
static uint64_t acpi_write_ssdt(struct acpi_area *area, const struct acpi_config *config)
{
	const struct arch_range *io = &arch_layout.pci_io;
	const struct arch_range *mmio32 = &config->pci_mmio32, *mmio64 = &config->pci_mmio64;
	const struct acpi_integer integers[ACPI_INTEGERS] = {
		acpi_integer("IOB_", io->base),
		acpi_integer("IOS_", io->size),
		acpi_integer("M32B", mmio32->base),
		acpi_integer("M32S", mmio32->size),
		acpi_integer("M64B", mmio64->base),
		acpi_integer("M64S", mmio64->size),
		acpi_integer("BUSN", acpi_buses(config)),
		acpi_integer("ROMA", config->extras.rom_address),
		acpi_integer("ROMP", config->extras.rom_port),
		acpi_integer("ROMB", config->extras.rom.base),
		acpi_integer("ROMS", config->extras.rom.size),
	};

	return acpi_write_names(area, integers, ACPI_INTEGERS, arch_layout.pci_intx_gsi);
}

/* Write all tables but the RSDP; returns how many the XSDT lists. */
static unsigned int acpi_write_all(struct acpi_area *area, const struct acpi_config *config,
				   uint64_t *tables)
{
	struct acpi_part parts[ACPI_XSDT_MORE];
	unsigned int more = acpi_parts(config, parts), count = 0;

	tables[count++] = acpi_write_fadt(area, config);
	tables[count++] = acpi_write_madt(area, config->cpus);
	tables[count++] = acpi_write_mcfg(area, arch_layout.ecam.base, acpi_buses(config));
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
	acpi_write_roots(&area, rsdp, tables, count);
	return 0;
}
