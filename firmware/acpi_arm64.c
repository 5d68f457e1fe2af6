/* SPDX-License-Identifier: MIT */
/*
 * The tables of the arm64 machine of UEFI firmware. They say what the device tree says: see
 * device_tree.c for why.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "acpi.h"
#include "acpi_table.h"
#include "arm64_numbers.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

/* clang-format off */
static const
#include "dsdt_arm64.h"
/* clang-format on */

#define ACPI_INTEGERS 5

/* FADT flags, ACPI 6.4 table 5.10, and Arm's boot architecture flags, table 5.12. */
#define ACPI_POWER_BUTTON (1u << 4) /* the button is a device, never fixed hardware */
#define ACPI_SLEEP_BUTTON (1u << 5)
#define ACPI_HW_REDUCED   (1u << 20)
#define ACPI_PSCI         (1u << 0)
#define ACPI_PSCI_BY_HVC  (1u << 1) /* KVM is the hypervisor */

	/* ---- MADT: the GIC, ACPI 6.4, 5.2.12.14 to 5.2.12.18 ---- */

	struct acpi_gicc {
	uint8_t type, length; /* 11, 80 */
	uint16_t reserved;
	uint32_t interface, uid;
	uint32_t flags; /* 1: enabled */
	uint32_t parking;
	uint32_t pmu_gsi; /* level */
	uint64_t parked, gicc, gicv, gich;
	uint32_t maintenance_gsi;
	uint64_t redistributor; /* 0: see GICR */
	uint64_t mpidr;
	uint8_t efficiency, reserved2;
	uint16_t profiling_gsi;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_gicc) == 80, "GICC of ACPI 6.4");

struct acpi_gicd {
	uint8_t type, length; /* 12, 24 */
	uint16_t reserved;
	uint32_t id;
	uint64_t base;
	uint32_t vectors;
	uint8_t version; /* 3 */
	uint8_t reserved2[3];
} __attribute__((packed));

struct acpi_gicr {
	uint8_t type, length; /* 14, 16 */
	uint16_t reserved;
	uint64_t base;
	uint32_t size;
} __attribute__((packed));

struct acpi_its {
	uint8_t type, length; /* 15, 20 */
	uint16_t reserved;
	uint32_t id;
	uint64_t base;
	uint32_t reserved2;
} __attribute__((packed));

struct acpi_madt {
	struct acpi_header header;
	uint32_t lapic_base, flags; /* a PC's */
	struct acpi_gicd gicd;
	struct acpi_gicr gicr;
	struct acpi_its its;
	struct acpi_gicc cpus[];
} __attribute__((packed));

/* ---- GTDT: the timers, 5.2.24 ---- */

#define GTDT_LEVEL_ALWAYS_ON 4u

struct acpi_timer {
	uint32_t gsi, flags;
} __attribute__((packed));

struct acpi_gtdt {
	struct acpi_header header;
	uint64_t control; /* all ones: no registers in memory */
	uint32_t reserved;
	struct acpi_timer secure, physical, virtual, hypervisor;
	uint64_t read;
	uint32_t platform_timers, platform_offset;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_gtdt) == 96, "GTDT of revision 2");

/* ---- SPCR: the console, Microsoft's "Serial Port Console Redirection Table" ---- */

struct acpi_spcr {
	struct acpi_header header;
	uint8_t kind; /* 3: a PL011 */
	uint8_t reserved[3];
	struct acpi_address base;
	uint8_t interrupt_kind; /* 8: a GIC's */
	uint8_t irq;
	uint32_t gsi;
	uint8_t baud, parity, stop_bits, flow, terminal, language;
	uint16_t pci_device, pci_vendor; /* all ones: not a PCI device */
	uint8_t bus, slot, function;
	uint32_t pci_flags;
	uint8_t segment;
	uint32_t reserved2;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_spcr) == 80, "SPCR of revision 2");

#define SPCR_115200 7

/* ---- IORT: which messages reach the ITS, DEN0049, 3.1 ---- */

struct acpi_iort_node {
	uint8_t type;
	uint16_t length;
	uint8_t revision;
	uint32_t id, mappings, mappings_offset;
} __attribute__((packed));

struct acpi_iort_mapping {
	uint32_t input, count_less_one, output, node, flags;
} __attribute__((packed));

struct acpi_iort {
	struct acpi_header header;
	uint32_t nodes, nodes_offset, reserved;
	struct {
		struct acpi_iort_node node; /* type 0 */
		uint32_t count, its;
	} __attribute__((packed)) group;
	struct {
		struct acpi_iort_node node; /* type 2 */
		uint32_t coherent;
		uint8_t hints;
		uint16_t reserved;
		uint8_t memory_flags; /* 3: coherent, whatever the attributes */
		uint32_t ats, segment;
		uint8_t address_bits, reserved2[3];
		struct acpi_iort_mapping mapping;
	} __attribute__((packed)) root;
} __attribute__((packed));
_Static_assert(offsetof(struct acpi_iort, root) == 72, "IORT: the root complex");
_Static_assert(sizeof(struct acpi_iort) == 128, "IORT: its end");

/* ---- PPTT: which CPUs belong together, 5.2.29: one package of CPUs ---- */

#define PPTT_PACKAGE  (1u << 0)
#define PPTT_ID_VALID (1u << 1) /* `id` is a GICC's uid */
#define PPTT_LEAF     (1u << 3)

struct acpi_pptt_node {
	uint8_t type, length; /* 0, 20 */
	uint16_t reserved;
	uint32_t flags, parent, id, resources;
} __attribute__((packed));

struct acpi_pptt {
	struct acpi_header header;
	struct acpi_pptt_node package;
	struct acpi_pptt_node cpus[];
} __attribute__((packed));

/* ---- a CPU in AML: Device (\_SB.Cnnn) { Name (_HID, "ACPI0007") Name (_UID, n) } ---- */

#define AML_EXTENDED 0x5b
#define AML_DEVICE   0x82
#define AML_NAME     0x08
#define AML_DWORD    0x0c
#define AML_STRING   0x0d

struct acpi_cpu {
	uint8_t extended, device;
	uint8_t length; /* of what follows, and of itself */
	char root, dual, scope[4], name[4];
	uint8_t hid_op;
	char hid[4];
	uint8_t hid_kind;
	char hid_text[9];
	uint8_t uid_op;
	char uid[4];
	uint8_t uid_kind;
	uint32_t uid_value;
} __attribute__((packed));

struct acpi_cpus {
	struct acpi_header header;
	struct acpi_cpu cpus[];
} __attribute__((packed));

/* ---- sizes ---- */

static uint64_t acpi_madt_size(unsigned int cpus)
{
	return sizeof(struct acpi_madt) + cpus * sizeof(struct acpi_gicc);
}

static uint64_t acpi_pptt_size(unsigned int cpus)
{
	return sizeof(struct acpi_pptt) + cpus * sizeof(struct acpi_pptt_node);
}

static uint64_t acpi_cpus_size(unsigned int cpus)
{
	return sizeof(struct acpi_cpus) + cpus * sizeof(struct acpi_cpu);
}

/* FADT, MADT, GTDT, MCFG, SPCR, IORT, PPTT, and two SSDTs: integers, CPUs. */
#define ACPI_XSDT_ENTRIES 9

uint64_t acpi_size(const struct acpi_config *config)
{
	const uint64_t sizes[] = {
		sizeof(struct acpi_rsdp),     sizeof(dsdt_arm64_aml_code),
		sizeof(struct acpi_fadt),     acpi_madt_size(config->cpus),
		sizeof(struct acpi_gtdt),     acpi_mcfg_size(),
		sizeof(struct acpi_spcr),     sizeof(struct acpi_iort),
		acpi_pptt_size(config->cpus), acpi_names_size(ACPI_INTEGERS),
		acpi_cpus_size(config->cpus), acpi_xsdt_size(ACPI_XSDT_ENTRIES),
	};
	uint64_t size = 0;

	for (size_t i = 0; i < array_size(sizes); i++)
		size += acpi_align(sizes[i]);
	return size;
}

/* ---- tables ---- */

static uint64_t acpi_write_fadt(struct acpi_area *area)
{
	uint64_t dsdt = acpi_write_aml(area, dsdt_arm64_aml_code, sizeof(dsdt_arm64_aml_code));
	struct acpi_fadt *fadt = acpi_new_table(area, "FACP", 6, sizeof(*fadt));

	fadt->minor_revision = 4;
	fadt->flags = ACPI_POWER_BUTTON | ACPI_SLEEP_BUTTON | ACPI_HW_REDUCED;
	fadt->arm_boot_flags = ACPI_PSCI | ACPI_PSCI_BY_HVC;
	fadt->dsdt = dsdt;
	memcpy(fadt->hypervisor, ACPI_OEM_TABLE_ID, sizeof(ACPI_OEM_TABLE_ID));
	return acpi_end_table(area, &fadt->header);
}

static uint64_t acpi_write_madt(struct acpi_area *area, const struct acpi_config *config)
{
	struct acpi_madt *madt = acpi_new_table(area, "APIC", 5, acpi_madt_size(config->cpus));
	uint32_t redistributors = config->cpus * GIC_REDIST_SIZE;

	madt->gicd = (struct acpi_gicd){
		.type = 12, .length = 24, .base = arch_layout.gic_dist.base, .version = 3
	};
	madt->gicr = (struct acpi_gicr){ 14, 16, 0, arch_layout.gic_redist.base, redistributors };
	madt->its = (struct acpi_its){ 15, 20, 0, 0, arch_layout.gic_its.base, 0 };
	for (unsigned int cpu = 0; cpu < config->cpus; cpu++)
		madt->cpus[cpu] = (struct acpi_gicc){
			.type = 11,
			.length = sizeof(struct acpi_gicc),
			.interface = cpu,
			.uid = cpu,
			.flags = 1,
			.pmu_gsi = config->pmu ? ARM64_PPI_FIRST + PPI_PMU : 0,
			.mpidr = arm64_mpidr(cpu),
		};
	return acpi_end_table(area, &madt->header);
}

static struct acpi_timer acpi_timer(unsigned int ppi)
{
	return (struct acpi_timer){ ARM64_PPI_FIRST + ppi, GTDT_LEVEL_ALWAYS_ON };
}

static uint64_t acpi_write_gtdt(struct acpi_area *area)
{
	struct acpi_gtdt *gtdt = acpi_new_table(area, "GTDT", 2, sizeof(*gtdt));

	gtdt->control = gtdt->read = UINT64_MAX;
	gtdt->secure = acpi_timer(PPI_TIMER_SECURE);
	gtdt->physical = acpi_timer(PPI_TIMER);
	gtdt->virtual = acpi_timer(PPI_TIMER_VIRTUAL);
	gtdt->hypervisor = acpi_timer(PPI_TIMER_HYP);
	return acpi_end_table(area, &gtdt->header);
}

static uint64_t acpi_write_spcr(struct acpi_area *area)
{
	struct acpi_spcr *spcr = acpi_new_table(area, "SPCR", 2, sizeof(*spcr));

	spcr->kind = 3;
	spcr->base = (struct acpi_address){ .bits = 32,
					    .access = 3,
					    .address = arch_layout.serial_mmio };
	spcr->interrupt_kind = 8;
	spcr->gsi = ARM64_SPI_FIRST + arch_layout.serial_gsi;
	spcr->baud = SPCR_115200;
	spcr->stop_bits = 1;
	spcr->terminal = 3; /* ANSI */
	spcr->pci_device = spcr->pci_vendor = UINT16_MAX;
	return acpi_end_table(area, &spcr->header);
}

/* A message carries its sender's bus, device and function; all of them go to the ITS unchanged. */
static uint64_t acpi_write_iort(struct acpi_area *area)
{
	struct acpi_iort *iort = acpi_new_table(area, "IORT", 0, sizeof(*iort));

	iort->nodes = 2;
	iort->nodes_offset = offsetof(struct acpi_iort, group);
	iort->group.node.length = sizeof(iort->group);
	iort->group.count = 1;
	iort->root.node = (struct acpi_iort_node){
		.type = 2,
		.length = sizeof(iort->root),
		.revision = 1,
		.mappings = 1,
		.mappings_offset = sizeof(iort->root) - sizeof(iort->root.mapping),
	};
	iort->root.coherent = 1;
	iort->root.memory_flags = 3;
	iort->root.address_bits = 64;
	iort->root.mapping =
		(struct acpi_iort_mapping){ .count_less_one = 0xffff,
					    .node = offsetof(struct acpi_iort, group) };
	return acpi_end_table(area, &iort->header);
}

static uint64_t acpi_write_pptt(struct acpi_area *area, unsigned int cpus)
{
	struct acpi_pptt *pptt = acpi_new_table(area, "PPTT", 2, acpi_pptt_size(cpus));

	pptt->package = (struct acpi_pptt_node){ .length = 20, .flags = PPTT_PACKAGE };
	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		pptt->cpus[cpu] = (struct acpi_pptt_node){
			.length = 20,
			.flags = PPTT_ID_VALID | PPTT_LEAF,
			.parent = offsetof(struct acpi_pptt, package),
			.id = cpu,
		};
	return acpi_end_table(area, &pptt->header);
}

static unsigned int acpi_buses(const struct acpi_config *config)
{
	return config->pci_buses ? config->pci_buses : 1;
}

/* What dsdt_arm64.asl declares External(). */
static uint64_t acpi_write_ssdt(struct acpi_area *area, const struct acpi_config *config)
{
	const struct acpi_integer integers[ACPI_INTEGERS] = {
		acpi_integer("M32B", config->pci_mmio32.base),
		acpi_integer("M32S", config->pci_mmio32.size),
		acpi_integer("M64B", config->pci_mmio64.base),
		acpi_integer("M64S", config->pci_mmio64.size),
		acpi_integer("BUSN", acpi_buses(config)),
	};

	return acpi_write_names(area, integers, ACPI_INTEGERS,
				ARM64_SPI_FIRST + arch_layout.pci_intx_gsi);
}

static char acpi_digit(unsigned int value)
{
	return "0123456789ABCDEF"[value % 16];
}

static struct acpi_cpu acpi_cpu(unsigned int cpu)
{
	return (struct acpi_cpu){
		.extended = AML_EXTENDED,
		.device = AML_DEVICE,
		.length = sizeof(struct acpi_cpu) - offsetof(struct acpi_cpu, length),
		.root = '\\',
		.dual = '.',
		.scope = { '_', 'S', 'B', '_' },
		.name = { 'C', acpi_digit(cpu >> 8), acpi_digit(cpu >> 4), acpi_digit(cpu) },
		.hid_op = AML_NAME,
		.hid = { '_', 'H', 'I', 'D' },
		.hid_kind = AML_STRING,
		.hid_text = "ACPI0007",
		.uid_op = AML_NAME,
		.uid = { '_', 'U', 'I', 'D' },
		.uid_kind = AML_DWORD,
		.uid_value = cpu,
	};
}

/* Linux of 6.11 and later does not use a CPU that has no device. */
static uint64_t acpi_write_cpus(struct acpi_area *area, unsigned int cpus)
{
	struct acpi_cpus *ssdt = acpi_new_table(area, "SSDT", 2, acpi_cpus_size(cpus));

	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		ssdt->cpus[cpu] = acpi_cpu(cpu);
	return acpi_end_table(area, &ssdt->header);
}

/* Write all tables but the RSDP and the XSDT, which lists them. */
static void acpi_write_all(struct acpi_area *area, const struct acpi_config *config,
			   uint64_t tables[ACPI_XSDT_ENTRIES])
{
	*tables++ = acpi_write_fadt(area);
	*tables++ = acpi_write_madt(area, config);
	*tables++ = acpi_write_gtdt(area);
	*tables++ = acpi_write_mcfg(area, arch_layout.ecam.base, acpi_buses(config));
	*tables++ = acpi_write_spcr(area);
	*tables++ = acpi_write_iort(area);
	*tables++ = acpi_write_pptt(area, config->cpus);
	*tables++ = acpi_write_ssdt(area, config);
	*tables++ = acpi_write_cpus(area, config->cpus);
}

int acpi_write_tables(const struct acpi_config *config, void *to, uint64_t gpa, uint64_t size)
{
	struct acpi_area area = { .base = to, .gpa = gpa };
	uint64_t tables[ACPI_XSDT_ENTRIES];
	struct acpi_rsdp *rsdp;

	if (acpi_size(config) > size) {
		log_error("ACPI", "the tables of %u CPUs do not fit into %" PRIu64 " bytes",
			  config->cpus, size);
		return -ENOSPC;
	}
	rsdp = acpi_take(&area, sizeof(*rsdp));
	acpi_write_all(&area, config, tables);
	acpi_write_roots(&area, rsdp, tables, ACPI_XSDT_ENTRIES);
	return 0;
}
