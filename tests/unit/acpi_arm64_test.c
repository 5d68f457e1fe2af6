/* SPDX-License-Identifier: MIT */
/*
 * firmware/acpi_arm64.c and dsdt_arm64.asl, with arm64's own map. The tests look at what the
 * specifications want at which offset, at agreement with arch_layout, and at what acpica's tools
 * make of the tables.
 */
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "acpi_rig.h"
#include "devices/fw_cfg.h"
#include "devices/pl011.h"
#include "devices/pl031.h"
#include "devices/pl061.h"
#include "firmware/acpi.h"
#include "firmware/acpi_loader.h"
#include "stderr_text.h"
#include "unit.h"
#include "vmm/core/arch.h"

/* arm64's map and tables have these names here, because the tests run on any machine. */
extern const struct arch_layout arch_layout_arm64;
uint64_t acpi_size_arm64(const struct acpi_config *config);
int acpi_write_tables_arm64(const struct acpi_config *config, void *to, uint64_t gpa,
			    uint64_t size);

#define SPI 32u /* the GSI of the first */

static const struct arch_layout *const layout = &arch_layout_arm64;
static const char *const signatures[] = { "FACP", "APIC", "GTDT", "MCFG", "SPCR",
					  "IORT", "PPTT", "SSDT", "DSDT" };
static struct acpi_config config;

/* The memory was used before, and nothing of that may shine through. */
static void write_tables(unsigned int cpus)
{
	config = (struct acpi_config){
		.cpus = cpus,
		.pci_mmio32 = layout->pci_mmio32,
		.pci_mmio64 = { 8ull << 30, 4ull << 30 },
		.pci_buses = 4,
		.pmu = true,
	};
	memset(acpi_area, 0xee, sizeof(acpi_area));
	ck_assert_int_eq(acpi_write_tables_arm64(&config, acpi_area, ACPI_GPA, sizeof(acpi_area)),
			 0);
}

static void check_bytes(const uint8_t *table, unsigned int offset, unsigned int size,
			uint64_t wanted)
{
	ck_assert_msg(acpi_get(table + offset, size) == wanted, "%.4s, offset %u: %#llx",
		      (const char *)table, offset,
		      (unsigned long long)acpi_get(table + offset, size));
}

START_TEST(fadt)
{
	uint8_t *table;

	write_tables(1);
	table = acpi_find("FACP");
	check_bytes(table, 4, 4, 276);
	check_bytes(table, 112, 4, 1 << 20 | 1 << 5 | 1 << 4); /* hardware-reduced */
	check_bytes(table, 129, 2, 3);                         /* PSCI, by HVC */
	check_bytes(table, 116, 8, 0);                         /* no reset register: PSCI again */
	check_bytes(table, 244, 8, 0);                         /* nor one for sleep */
}
END_TEST

static const unsigned int cpu_counts[] = { 1, 2, 17, 256 };

START_TEST(madt)
{
	unsigned int cpus = cpu_counts[_i], seen = 0;
	uint8_t *table, *entry, *end;

	write_tables(cpus);
	table = acpi_find("APIC");
	entry = table + 44;
	end = table + acpi_get(table + 4, 4);
	ck_assert_uint_eq(entry[0] << 8 | entry[1], 12 << 8 | 24);
	check_bytes(entry, 8, 8, layout->gic_dist.base);
	check_bytes(entry, 20, 1, 3);
	entry += 24;
	ck_assert_uint_eq(entry[0] << 8 | entry[1], 14 << 8 | 16);
	check_bytes(entry, 4, 8, layout->gic_redist.base);
	check_bytes(entry, 12, 4, cpus * 0x20000);
	ck_assert_uint_le(cpus * 0x20000ull, layout->gic_redist.size);
	entry += 16;
	ck_assert_uint_eq(entry[0] << 8 | entry[1], 15 << 8 | 20);
	check_bytes(entry, 8, 8, layout->gic_its.base);
	for (entry += 20; entry < end; entry += 80) {
		ck_assert_uint_eq(entry[0] << 8 | entry[1], 11 << 8 | 80);
		check_bytes(entry, 8, 4, seen);
		check_bytes(entry, 12, 4, 1);
		check_bytes(entry, 20, 4, 23); /* KVM's counters raise PPI 7 */
		check_bytes(entry, 68, 8, seen / 16 << 8 | seen % 16);
		seen++;
	}
	ck_assert_ptr_eq(entry, end);
	ck_assert_uint_eq(seen, cpus);
}
END_TEST

START_TEST(timers)
{
	static const uint32_t wanted[] = { 29, 30, 27, 26 };
	uint8_t *table;

	write_tables(1);
	table = acpi_find("GTDT");
	check_bytes(table, 4, 4, 96);
	check_bytes(table, 36, 8, UINT64_MAX);
	for (unsigned int i = 0; i < UNIT_COUNT(wanted); i++) {
		check_bytes(table, 48 + 8 * i, 4, wanted[i]);
		check_bytes(table, 52 + 8 * i, 4, 4); /* level, always on */
	}
	check_bytes(table, 80, 8, UINT64_MAX);
	check_bytes(table, 88, 4, 0);
}
END_TEST

START_TEST(console)
{
	uint8_t *table;

	write_tables(1);
	table = acpi_find("SPCR");
	check_bytes(table, 4, 4, 80);
	check_bytes(table, 36, 1, 3);
	check_bytes(table, 40, 4, 0x03002000); /* in memory, 32 bits, by words */
	check_bytes(table, 44, 8, layout->serial_mmio);
	check_bytes(table, 52, 1, 8);
	check_bytes(table, 54, 4, SPI + layout->serial_gsi);
	check_bytes(table, 64, 4, UINT32_MAX); /* no PCI device */
}
END_TEST

/* The root complex sends messages to the group of the ITS without a change. */
START_TEST(messages_keep_their_sender)
{
	uint8_t *table, *group, *root, *mapping;

	write_tables(1);
	table = acpi_find("IORT");
	check_bytes(table, 36, 4, 2);
	group = table + acpi_get(table + 40, 4);
	check_bytes(group, 0, 1, 0);
	check_bytes(group, 16, 4, 1);
	check_bytes(group, 20, 4, 0); /* the id in the MADT */
	root = group + acpi_get(group + 1, 2);
	check_bytes(root, 0, 1, 2);
	check_bytes(root, 8, 4, 1);
	check_bytes(root, 16, 4, 1); /* coherent */
	check_bytes(root, 23, 1, 3);
	mapping = root + acpi_get(root + 12, 4);
	check_bytes(mapping, 0, 4, 0);
	check_bytes(mapping, 4, 4, 0xffff);
	check_bytes(mapping, 8, 4, 0);
	check_bytes(mapping, 12, 4, (uint64_t)(group - table));
	ck_assert_ptr_eq(root + acpi_get(root + 1, 2), table + acpi_get(table + 4, 4));
	ck_assert_ptr_eq(mapping + 20, table + acpi_get(table + 4, 4));
}
END_TEST

START_TEST(topology)
{
	uint8_t *table;

	write_tables(3);
	table = acpi_find("PPTT");
	check_bytes(table, 4, 4, 36 + 4 * 20);
	check_bytes(table, 40, 4, 1);
	for (unsigned int cpu = 0; cpu < 3; cpu++) {
		check_bytes(table, 56 + 20 * cpu, 2, 20 << 8);
		check_bytes(table, 60 + 20 * cpu, 4, 2 | 8);
		check_bytes(table, 64 + 20 * cpu, 4, 36);
		check_bytes(table, 68 + 20 * cpu, 4, cpu);
	}
}
END_TEST

START_TEST(configuration_space)
{
	uint8_t *table;

	write_tables(1);
	table = acpi_find("MCFG");
	check_bytes(table, 44, 8, layout->ecam.base);
	check_bytes(table, 54, 2, 3 << 8);
}
END_TEST

static bool dsdt_has(const void *bytes, size_t size)
{
	uint8_t *table = acpi_find("DSDT");

	return memmem(table, acpi_get(table + 4, 4), bytes, size) != NULL;
}

/* dsdt_arm64.asl has its own copy of these numbers. */
START_TEST(dsdt_agrees_with_layout)
{
	const struct arch_range memory[] = {
		layout->ecam,
		layout->flash,
		layout->flash_vars,
		{ layout->serial_mmio, PL011_SIZE },
		{ layout->gpio_mmio, PL061_SIZE },
		{ layout->rtc_mmio, PL031_SIZE },
		{ layout->fw_cfg_mmio, FW_CFG_MMIO_SIZE },
	};
	const uint32_t interrupts[] = { SPI + layout->serial_gsi, SPI + layout->button_gsi };

	write_tables(1);
	for (unsigned int i = 0; i < UNIT_COUNT(memory); i++) {
		uint32_t base = (uint32_t)memory[i].base, size = (uint32_t)memory[i].size;
		uint8_t fixed[12] = { 0x86, 9, 0, 1 }; /* Memory32Fixed() */

		memcpy(fixed + 4, &base, 4);
		memcpy(fixed + 8, &size, 4);
		ck_assert_msg(dsdt_has(fixed, sizeof(fixed)), "%#x", base);
	}
	for (unsigned int i = 0; i < UNIT_COUNT(interrupts); i++) {
		uint8_t level[9] = { 0x89, 6, 0, 1, 1 }; /* level, active high */

		memcpy(level + 5, &interrupts[i], 4);
		ck_assert_msg(dsdt_has(level, sizeof(level)), "%u", interrupts[i]);
	}
}
END_TEST

START_TEST(room)
{
	struct stderr_text caught;
	uint64_t size;
	int ret;

	write_tables(5);
	size = acpi_size_arm64(&config);
	ck_assert_int_eq(acpi_write_tables_arm64(&config, acpi_area, ACPI_GPA, size), 0);
	stderr_begin(&caught);
	ret = acpi_write_tables_arm64(&config, acpi_area, ACPI_GPA, size - 1);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOSPC);
	stderr_holds(&caught, "ACPI: the tables of 5 CPUs do not fit into ");
}
END_TEST

/* Firmware moves the tables. The script has room for all that firmware must be told. */
START_TEST(firmware_can_move_them)
{
	struct acpi_loader_command script[ACPI_LOADER_COMMANDS];

	write_tables(2);
	ck_assert_int_eq(acpi_write_tables_arm64(&config, acpi_area, 0, sizeof(acpi_area)), 0);
	/*
	 * One command to allocate, two for the FADT, and one pointer for each table but the DSDT.
	 * There is one SSDT more than the list has, that of the CPUs.
	 */
	ck_assert_uint_eq(acpi_loader_write(acpi_area, script), 1 + 2 + UNIT_COUNT(signatures) + 4);
}
END_TEST

/* The SSDT with the integers comes first, and those of the CPUs follow. */
static uint8_t *find_cpus(void)
{
	uint8_t *first = acpi_find("SSDT"),
		*xsdt = acpi_area + acpi_get(acpi_area + 24, 8) - ACPI_GPA;
	uint64_t count = (acpi_get(xsdt + 4, 4) - 36) / 8;
	uint8_t *last = acpi_area + acpi_get(xsdt + 28 + 8 * count, 8) - ACPI_GPA;

	ck_assert_ptr_ne(first, last);
	ck_assert_int_eq(memcmp(last, "SSDT", 4), 0);
	return last;
}

static void begin_tools(unsigned int cpus)
{
	write_tables(cpus);
	acpi_scratch_begin(signatures, UNIT_COUNT(signatures));
	acpi_scratch_add("CPUS", find_cpus());
}

START_TEST(disassembles)
{
	if (!acpi_have("iasl", "disassembles"))
		return;
	begin_tools(256);
	for (size_t i = 0; i < UNIT_COUNT(signatures); i++) {
		const char *name = signatures[i];
		const char *with = strcmp(name, "DSDT") == 0 ? "-e SSDT.dat" : "";

		acpi_run(acpi_output, sizeof(acpi_output), "iasl %s -d %s.dat && cat %s.dsl", with,
			 name, name);
		ck_assert_msg(!strcasestr(acpi_output, "warning") &&
				      !strcasestr(acpi_output, "error") &&
				      !strcasestr(acpi_output, "invalid") &&
				      !strcasestr(acpi_output, "unknown"),
			      "%s", acpi_output);
	}
	acpi_run(acpi_output, sizeof(acpi_output), "iasl -d CPUS.dat && cat CPUS.dsl");
	ck_assert_ptr_nonnull(strstr(acpi_output, "Device (\\_SB.C0FF)"));
	acpi_scratch_end();
}
END_TEST

static void check_window(const uint8_t *descriptor, unsigned int size, uint64_t base,
			 uint64_t length, uint64_t translation)
{
	const uint8_t *fields = descriptor + 6 + size; /* behind the granularity */

	ck_assert_uint_eq(acpi_get(fields, size), base);
	ck_assert_uint_eq(acpi_get(fields + size, size), base + length - 1);
	ck_assert_uint_eq(acpi_get(fields + 2 * size, size), translation);
	ck_assert_uint_eq(acpi_get(fields + 3 * size, size), length);
}

START_TEST(host_bridge_windows)
{
	uint8_t crs[256];

	if (!acpi_have("acpiexec", "host_bridge_windows"))
		return;
	begin_tools(1);
	acpi_evaluate("\\_SB.PCI0._CRS");
	ck_assert_uint_eq(acpi_dumped(crs, sizeof(crs)), 16 + 26 + 46 + 46 + 2);
	check_window(crs, 2, 0, 4, 0);
	check_window(crs + 16, 4, layout->pci_mmio32.base, layout->pci_mmio32.size, 0);
	check_window(crs + 42, 8, layout->pci_io.base, layout->pci_io.size,
		     layout->pci_io_mmio - layout->pci_io.base);
	check_window(crs + 88, 8, config.pci_mmio64.base, config.pci_mmio64.size, 0);
	acpi_evaluate("\\_SB.PCI0._CCA");
	ck_assert_ptr_nonnull(strstr(acpi_output, "[Integer] = 0000000000000001"));
	acpi_scratch_end();
}
END_TEST

START_TEST(interrupt_wiring)
{
	char *text = acpi_output;

	if (!acpi_have("acpiexec", "interrupt_wiring"))
		return;
	begin_tools(1);
	acpi_evaluate("\\_SB.PCI0._PRT");
	for (unsigned int row = 0; row < 128; row++) {
		unsigned int slot = row / 4, pin = row % 4;
		uint64_t wanted[] = { slot << 16 | 0xffff, pin, 0,
				      SPI + layout->pci_intx_gsi +
					      (slot + pin) % layout->pci_intx_lines };

		for (size_t i = 0; i < 4; i++) {
			text = strstr(text, "[Integer] = ");
			ck_assert_ptr_nonnull(text);
			text += strlen("[Integer] = ");
			ck_assert_uint_eq(strtoull(text, NULL, 16), wanted[i]);
		}
	}
	acpi_scratch_end();
}
END_TEST

UNIT_MAIN("acpi_arm64", { fadt, 0 }, { madt, UNIT_COUNT(cpu_counts) }, { timers, 0 },
	  { console, 0 }, { messages_keep_their_sender, 0 }, { topology, 0 },
	  { configuration_space, 0 }, { dsdt_agrees_with_layout, 0 }, { room, 0 },
	  { firmware_can_move_them, 0 }, { disassembles, 0 }, { host_bridge_windows, 0 },
	  { interrupt_wiring, 0 })
