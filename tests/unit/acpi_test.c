/* SPDX-License-Identifier: MIT */
/*
 * firmware/acpi.c and dsdt.asl: checksums, links, the offsets of the specification, and agreement
 * with arch_layout. Where acpica-tools are installed, the tests also see what an ACPI interpreter
 * makes of the tables.
 */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acpi_rig.h"
#include "boot_images.h"
#include "devices/ged.h"
#include "firmware/acpi.h"
#include "vmm/core/arch.h"

static const char *const signatures[] = { "FACP", "APIC", "MCFG", "SSDT", "DSDT" };
static const struct arch_range mmio64 = { 0x8000000000, 0x4000000000 };

/* The memory was used before, and nothing of that may shine through. */
static void write_tables(unsigned int cpus, struct arch_range window)
{
	struct acpi_config config = { .cpus = cpus,
				      .pci_mmio32 = arch_layout.pci_mmio32,
				      .pci_mmio64 = window };

	memset(acpi_area, 0xee, sizeof(acpi_area));
	ck_assert_int_eq(acpi_write_tables(&config, acpi_area, ACPI_GPA, sizeof(acpi_area)), 0);
}

START_TEST(rsdp)
{
	write_tables(1, mmio64);
	ck_assert_int_eq(memcmp(acpi_area, "RSD PTR ", 8), 0);
	ck_assert_uint_eq(acpi_area[15], 2);
	ck_assert_uint_eq(acpi_get(acpi_area + 20, 4), 36);
	ck_assert_uint_eq(acpi_sum(acpi_area, 20), 0);
	ck_assert_uint_eq(acpi_sum(acpi_area, 36), 0);
}
END_TEST

START_TEST(all_tables)
{
	write_tables(4, mmio64);
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
		ck_assert_int_eq(memcmp(acpi_find(signatures[i]), signatures[i], 4), 0);
}
END_TEST

static void check_register(const uint8_t *gas, uint64_t port)
{
	ck_assert_uint_eq(gas[0], 1); /* system I/O */
	ck_assert_uint_eq(gas[1], 8);
	ck_assert_uint_eq(gas[2], 0);
	ck_assert_uint_eq(gas[3], 1);
	ck_assert_uint_eq(acpi_get(gas + 4, 8), port);
}

START_TEST(fadt)
{
	uint8_t *table;

	write_tables(1, mmio64);
	table = acpi_find("FACP");
	ck_assert_uint_eq(acpi_get(table + 4, 4), 276);
	ck_assert_uint_eq(table[8], 6);
	/*
	 * There is no PM timer, no SCI and no PM1 block, because the fixed hardware does not
	 * exist.
	 */
	for (size_t i = 36; i < 109; i++)
		ck_assert_uint_eq(table[i], 0);
	ck_assert_uint_eq(acpi_get(table + 109, 2), 1 << 2 | 1 << 5);
	ck_assert_uint_eq(acpi_get(table + 112, 4), 1 << 0 | 1 << 4 | 1 << 5 | 1 << 10 | 1 << 20);
	check_register(table + 116, arch_layout.power_port + 2);
	ck_assert_uint_eq(table[128], 1);
	check_register(table + 244, arch_layout.power_port);
	check_register(table + 256, arch_layout.power_port + 1);
}
END_TEST

static const unsigned int cpu_counts[] = { 1, 2, 255, 256, 300, 4096 };

START_TEST(madt)
{
	unsigned int cpus = cpu_counts[_i], seen = 0, ioapics = 0;
	uint8_t *table, *entry;

	write_tables(cpus, mmio64);
	table = acpi_find("APIC");
	ck_assert_uint_eq(acpi_get(table + 36, 4), 0xfee00000);
	ck_assert_uint_eq(acpi_get(table + 40, 4), 0);
	for (entry = table + 44; entry < table + acpi_get(table + 4, 4); entry += entry[1]) {
		if (entry[0] == 0) {
			ck_assert_uint_eq(entry[1], 8);
			ck_assert_uint_eq(entry[2], seen);
			ck_assert_uint_eq(entry[3], seen);
			ck_assert_uint_eq(acpi_get(entry + 4, 4), 1);
			ck_assert_uint_lt(seen, 255);
			seen++;
		} else if (entry[0] == 9) {
			ck_assert_uint_eq(entry[1], 16);
			ck_assert_uint_eq(acpi_get(entry + 4, 4), seen);
			ck_assert_uint_eq(acpi_get(entry + 8, 4), 1);
			ck_assert_uint_eq(acpi_get(entry + 12, 4), seen);
			ck_assert_uint_ge(seen, 255);
			seen++;
		} else {
			ck_assert_uint_eq(entry[0], 1);
			ck_assert_uint_eq(entry[1], 12);
			ck_assert_uint_eq(acpi_get(entry + 4, 4), 0xfec00000);
			ck_assert_uint_eq(acpi_get(entry + 8, 4), 0);
			ioapics++;
		}
	}
	ck_assert_ptr_eq(entry, table + acpi_get(table + 4, 4));
	ck_assert_uint_eq(seen, cpus);
	ck_assert_uint_eq(ioapics, 1);
}
END_TEST

/*
 * Root ports have buses below them. The table tells of the configuration space of as many buses.
 */
START_TEST(mcfg_of_buses)
{
	struct acpi_config config = { .cpus = 1,
				      .pci_mmio32 = arch_layout.pci_mmio32,
				      .pci_buses = 32 };

	ck_assert_int_eq(acpi_write_tables(&config, acpi_area, ACPI_GPA, sizeof(acpi_area)), 0);
	ck_assert_uint_eq(acpi_find("MCFG")[55], 31);
	ck_assert_uint_le(32ull << 20, arch_layout.ecam.size);
}
END_TEST

START_TEST(mcfg)
{
	uint8_t *table;

	write_tables(1, mmio64);
	table = acpi_find("MCFG");
	ck_assert_uint_eq(acpi_get(table + 4, 4), 60);
	ck_assert_uint_eq(acpi_get(table + 44, 8), arch_layout.ecam.base);
	ck_assert_uint_eq(acpi_get(table + 52, 2), 0);
	ck_assert_uint_eq(table[54], 0);
	ck_assert_uint_eq(table[55], 0);
}
END_TEST

static uint64_t area_used(void)
{
	uint64_t used = sizeof(acpi_area);

	while (used && acpi_area[used - 1] == 0xee)
		used--;
	return used;
}

/*
 * The tables fit into exactly the room that they need. With less room nothing is written at all.
 */
START_TEST(room)
{
	struct acpi_config config = { .cpus = 3,
				      .pci_mmio32 = arch_layout.pci_mmio32,
				      .pci_mmio64 = mmio64 };
	struct said said;
	uint64_t size;
	int ret;

	write_tables(3, mmio64);
	size = (area_used() + 15) & ~15ull;
	memset(acpi_area, 0xee, sizeof(acpi_area));
	said_begin(&said);
	ret = acpi_write_tables(&config, acpi_area, ACPI_GPA, size - 1);
	said_end(&said);
	ck_assert_int_eq(ret, -ENOSPC);
	said_check(&said, "ACPI", "3 CPUs");
	ck_assert_uint_eq(area_used(), 0);
	ck_assert_int_eq(acpi_write_tables(&config, acpi_area, ACPI_GPA, size), 0);
	ck_assert_uint_le(area_used(), size);
	config.cpus = UINT32_MAX;
	ck_assert_int_eq(acpi_write_tables(&config, acpi_area, ACPI_GPA, sizeof(acpi_area)),
			 -ENOSPC);
}
END_TEST

static bool dsdt_has(const void *bytes, size_t size)
{
	const uint8_t *dsdt = acpi_find("DSDT");

	return memmem(dsdt, acpi_get(dsdt + 4, 4), bytes, size) != NULL;
}

/* An IO() descriptor: ACPI 6.4, 6.4.2.5. */
static bool dsdt_has_io(uint16_t port, uint8_t count)
{
	uint8_t low = port & 0xff, high = port >> 8;
	uint8_t io[] = { 0x47, 1, low, high, low, high, 1, count };

	return dsdt_has(io, sizeof(io));
}

/* dsdt.asl has its own copy of these numbers. */
START_TEST(dsdt_agrees_with_layout)
{
	uint8_t ecam[12] = { 0x86, 9, 0, 1 };        /* Memory32Fixed() */
	uint8_t interrupt[9] = { 0x89, 6, 0, 3, 1 }; /* edge, active high */
	uint8_t button[9] = { 0x89, 6, 0, 1, 1 };    /* level, active high */
	uint8_t port[5] = { 0x80, 'E', 'R', 'E', 'G' };
	uint32_t base = arch_layout.ecam.base, size = arch_layout.ecam.size;
	const uint8_t *region;

	write_tables(1, mmio64);
	memcpy(button + 5, &arch_layout.button_gsi, 4);
	ck_assert(dsdt_has(button, sizeof(button)));
	region = memmem(acpi_find("DSDT"), acpi_get(acpi_find("DSDT") + 4, 4), port, sizeof(port));
	ck_assert_uint_eq(acpi_get(region + 7, 2),
			  arch_layout.ged_port); /* behind space and prefix */
	memcpy(ecam + 4, &base, 4);
	memcpy(ecam + 8, &size, 4);
	memcpy(interrupt + 5, &arch_layout.serial_gsi, 4);
	ck_assert(dsdt_has(ecam, sizeof(ecam)));
	ck_assert(dsdt_has(interrupt, sizeof(interrupt)));
	ck_assert(dsdt_has_io(arch_layout.pci_config_port, 8));
	ck_assert(dsdt_has_io(arch_layout.serial_port, 8));
	/* The button comes behind them. */
	ck_assert_uint_eq(arch_layout.ged_port, arch_layout.power_port + ARCH_POWER_PORTS);
	ck_assert(dsdt_has_io(arch_layout.power_port, ARCH_POWER_PORTS + GED_PORTS));
	ck_assert(dsdt_has_io(arch_layout.pvpanic_port, 1));
	ck_assert(!dsdt_has_io(arch_layout.pvpanic_port, 2));
}
END_TEST

static bool area_has_io(uint16_t port, uint8_t count)
{
	uint8_t low = port & 0xff, high = port >> 8;
	uint8_t io[] = { 0x47, 1, low, high, low, high, 1, count };

	return memmem(acpi_area, sizeof(acpi_area), io, sizeof(io)) != NULL;
}

/*
 * ssdt_rtc.asl and ssdt_uefi.asl have such copies, too. A machine that has neither device has
 * neither table.
 */
START_TEST(firmwares_devices_agree_with_layout)
{
	struct acpi_config config = { .cpus = 1, .extras.rtc = _i >= 1, .uefi = _i >= 2 };
	uint32_t base = (uint32_t)arch_layout.flash.base, size = (uint32_t)arch_layout.flash.size;
	uint8_t flash[12] = { 0x86, 9, 0, 1 };

	memcpy(flash + 4, &base, 4);
	memcpy(flash + 8, &size, 4);
	memset(acpi_area, 0, sizeof(acpi_area));
	ck_assert_int_eq(acpi_write_tables(&config, acpi_area, ACPI_GPA, sizeof(acpi_area)), 0);
	ck_assert_int_eq(area_has_io(arch_layout.rtc_port, 2), _i >= 1);
	ck_assert_int_eq(acpi_get(acpi_find("FACP") + 109, 2) >> 5 & 1, _i == 0);
	ck_assert_int_eq(area_has_io(arch_layout.pm_port, 0x40), _i >= 2);
	ck_assert_int_eq(area_has_io(arch_layout.fw_cfg_port, 12), _i >= 2);
	ck_assert_int_eq(memmem(acpi_area, sizeof(acpi_area), flash, sizeof(flash)) != NULL,
			 _i >= 2);
}
END_TEST

START_TEST(disassembles)
{
	if (!acpi_have("iasl", "disassembles"))
		return;
	write_tables(300, mmio64);
	acpi_scratch_begin(signatures, sizeof(signatures) / sizeof(signatures[0]));
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		const char *name = signatures[i];
		const char *with = strcmp(name, "DSDT") == 0 ? "-e SSDT.dat" : "";

		acpi_run(acpi_output, sizeof(acpi_output), "iasl %s -d %s.dat && cat %s.dsl", with,
			 name, name);
		ck_assert_msg(!strcasestr(acpi_output, "warning") &&
				      !strcasestr(acpi_output, "error") &&
				      !strcasestr(acpi_output, "invalid") &&
				      !strcasestr(acpi_output, "unknown"),
			      "%s", acpi_output);
		ck_assert_ptr_nonnull(strstr(acpi_output, name));
	}
	acpi_scratch_end();
}
END_TEST

/* Where the node of the GPU is, without a port and with one. */
static const char *const nodes[] = { "\\_SB.PCI0.GPU0", "\\_SB.PCI0.PORT.GPU0" };

/*
 * Write tables with a battery and with a ROM of 10,000 bytes for a GPU, which is below a port or
 * not. Then evaluate `call`.
 */
static void evaluate_extra(bool port, const char *part, const char *call)
{
	struct acpi_config config = {
		.cpus = 1,
		.extras = { .battery = true,
			    .rom = { 0xfd000000, 10000 },
			    .rom_address = 0x20001,
			    .rom_port = port ? 0x1c0002 : 0 },
	};
	uint8_t *at;

	memset(acpi_area, 0, sizeof(acpi_area));
	ck_assert_int_eq(acpi_write_tables(&config, acpi_area, ACPI_GPA, sizeof(acpi_area)), 0);
	acpi_scratch_begin(signatures, sizeof(signatures) / sizeof(signatures[0]));
	at = memmem(acpi_area, sizeof(acpi_area), part, strlen(part));
	ck_assert_ptr_nonnull(at);
	at -= 16; /* where the name is in a table's header */
	acpi_scratch_add("PART", at);
	/* Memory that acpiexec makes up is filled with this. */
	acpi_run(acpi_output, sizeof(acpi_output),
		 "acpiexec -fv 0x5a -b 'execute %s' DSDT.dat SSDT.dat PART.dat", call);
	ck_assert_msg(!strcasestr(acpi_output, "exception"), "%s", acpi_output);
	acpi_scratch_end();
}

/* ACPI 6.4, table 5.9: X_PM_TMR_BLK. */
START_TEST(fadt_tells_of_a_timer)
{
	const uint8_t timer[12] = { 1, 32, 0, 3, 0x08, 0x06 }, none[12] = { 0 };
	struct acpi_config config = { .cpus = 1, .extras.pm_timer = _i ? 0x608 : 0 };

	ck_assert_int_eq(acpi_write_tables(&config, acpi_area, ACPI_GPA, sizeof(acpi_area)), 0);
	ck_assert_mem_eq(acpi_find("FACP") + 208, _i ? timer : none, 12);
}
END_TEST

static const struct {
	const char *arguments;
	size_t count;
} pieces[] = {
	{ "0 0x1000", 4096 }, { "0 16", 16 },    { "3 0x1000", 4096 }, { "0 0x10000", 4096 },
	{ "9990 16", 10 },    { "10000 16", 0 }, { "20000 16", 0 },
};

START_TEST(rom_comes_in_pieces)
{
	const size_t row = (size_t)_i / 2;
	static uint8_t bytes[4097];
	char call[64], *found;
	size_t count;

	if (!acpi_have("acpiexec", "rom_comes_in_pieces"))
		return;
	snprintf(call, sizeof(call), "%s._ROM %s", nodes[_i % 2], pieces[row].arguments);
	evaluate_extra(_i % 2, "MINIROM", call);
	found = strstr(acpi_output, "[Buffer] Length ");
	ck_assert_msg(found, "%s", acpi_output);
	ck_assert_uint_eq(strtoul(found + strlen("[Buffer] Length "), NULL, 16), pieces[row].count);
	memmove(acpi_output, found, strlen(found) + 1);
	count = pieces[row].count ? acpi_dumped(bytes, sizeof(bytes)) : 0;
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(bytes[i], 0x5a);
}
END_TEST

static const struct {
	const char *part, *call, *result;
	bool port;
} extras[] = {
	{ "MINIROM", "\\_SB.PCI0.GPU0._ADR", "0000000000020001", false },
	{ "MINIROMP", "\\_SB.PCI0.PORT._ADR", "00000000001C0002", true },
	{ "MINIROMP", "\\_SB.PCI0.PORT.GPU0._ADR", "0000000000020001", true },
	{ "MINIBATT", "\\_SB.ADP0._PSR", "0000000000000001", false },
	{ "MINIBATT", "\\_SB.BAT0._STA", "000000000000001F", false },
	{ "MINIBATT", "\\_SB.BAT0._BST", "[Package] Contains 4 Elements", false },
	{ "MINIBATT", "\\_SB.BAT0._BIF", "[Package] Contains 13 Elements", false },
};

START_TEST(laptop)
{
	if (!acpi_have("acpiexec", "laptop"))
		return;
	evaluate_extra(extras[_i].port, extras[_i].part, extras[_i].call);
	ck_assert_msg(strstr(acpi_output, extras[_i].result), "%s", acpi_output);
}
END_TEST

static void check_window(const uint8_t *descriptor, size_t width, struct arch_range range)
{
	const uint8_t *numbers = descriptor + 6; /* granularity, min, max, translation, length */

	ck_assert_uint_eq(acpi_get(numbers, width), 0);
	ck_assert_uint_eq(acpi_get(numbers + width, width), range.base);
	ck_assert_uint_eq(acpi_get(numbers + 2 * width, width), range.base + range.size - 1);
	ck_assert_uint_eq(acpi_get(numbers + 3 * width, width), 0);
	ck_assert_uint_eq(acpi_get(numbers + 4 * width, width), range.size);
}

/* Bus numbers, CF8, I/O window, 32-bit window, perhaps a 64-bit window, end tag. */
START_TEST(host_bridge_windows)
{
	const size_t low = 16 + 8 + 16 + 26;
	uint8_t crs[256];

	if (!acpi_have("acpiexec", "host_bridge_windows"))
		return;
	write_tables(1, mmio64);
	acpi_scratch_begin(signatures, sizeof(signatures) / sizeof(signatures[0]));
	acpi_evaluate("\\_SB.PCI0._CRS");
	ck_assert_uint_eq(acpi_dumped(crs, sizeof(crs)), low + 46 + 2);
	check_window(crs, 2, (struct arch_range){ 0, 1 });
	check_window(crs + 24, 2, arch_layout.pci_io);
	check_window(crs + 40, 4, arch_layout.pci_mmio32);
	ck_assert_uint_eq(crs[low], 0x8a);
	check_window(crs + low, 8, mmio64);
	acpi_scratch_end();

	write_tables(1, (struct arch_range){ 0, 0 });
	acpi_scratch_begin(signatures, sizeof(signatures) / sizeof(signatures[0]));
	acpi_evaluate("\\_SB.PCI0._CRS");
	ck_assert_uint_eq(acpi_dumped(crs, sizeof(crs)), low + 2);
	ck_assert_uint_eq(crs[low], 0x79);
	acpi_scratch_end();
}
END_TEST

START_TEST(interrupt_wiring)
{
	char *text = acpi_output;

	if (!acpi_have("acpiexec", "interrupt_wiring"))
		return;
	write_tables(1, mmio64);
	acpi_scratch_begin(signatures, sizeof(signatures) / sizeof(signatures[0]));
	acpi_evaluate("\\_SB.PCI0._PRT");
	for (unsigned int row = 0; row < 128; row++) {
		unsigned int slot = row / 4, pin = row % 4;
		uint64_t wanted[] = { slot << 16 | 0xffff, pin, 0,
				      arch_layout.pci_intx_gsi +
					      (slot + pin) % arch_layout.pci_intx_lines };

		for (size_t i = 0; i < 4; i++) {
			text = strstr(text, "[Integer] = ");
			ck_assert_ptr_nonnull(text);
			text += strlen("[Integer] = ");
			ck_assert_uint_eq(strtoull(text, NULL, 16), wanted[i]);
		}
	}
	ck_assert_ptr_null(strstr(text, "[Integer]"));
	acpi_scratch_end();
}
END_TEST

/* devices/power.c takes sleep type 5 for power off. */
START_TEST(sleep_type)
{
	if (!acpi_have("acpiexec", "sleep_type"))
		return;
	write_tables(1, mmio64);
	acpi_scratch_begin(signatures, sizeof(signatures) / sizeof(signatures[0]));
	acpi_evaluate("\\_S5");
	ck_assert_ptr_nonnull(strstr(acpi_output, "[Integer] = 0000000000000005"));
	acpi_scratch_end();
}
END_TEST

#define PCI_UUID     "(5B 4D DB 33 F7 1F 1C 40 96 57 74 41 C0 3D D7 66)"
#define OTHER_UUID   "(5B 4D DB 33 F7 1F 1C 40 96 57 74 41 C0 3D D7 67)"
#define CAPABILITIES "(00 00 00 00 1F 00 00 00 %s 00 00 00)"

static const struct {
	const char *uuid, *revision, *asked;
	uint32_t status, granted;
} osc_cases[] = {
	{ PCI_UUID, "1", "18", 0, 0x18 },    /* AER and the PCIe capability */
	{ PCI_UUID, "1", "1F", 0x10, 0x1d }, /* not SHPC */
	{ PCI_UUID, "2", "10", 8, 0x10 },
	{ OTHER_UUID, "1", "1F", 4, 0x1f },
};

START_TEST(pcie_features)
{
	uint8_t bytes[16];
	char call[256];

	if (!acpi_have("acpiexec", "pcie_features"))
		return;
	write_tables(1, mmio64);
	acpi_scratch_begin(signatures, sizeof(signatures) / sizeof(signatures[0]));
	snprintf(call, sizeof(call), "\\_SB.PCI0._OSC %s %s 3 " CAPABILITIES, osc_cases[_i].uuid,
		 osc_cases[_i].revision, osc_cases[_i].asked);
	acpi_evaluate(call);
	ck_assert_uint_eq(acpi_dumped(bytes, sizeof(bytes)), 12);
	ck_assert_uint_eq(acpi_get(bytes, 4), osc_cases[_i].status);
	ck_assert_uint_eq(acpi_get(bytes + 8, 4), osc_cases[_i].granted);
	acpi_scratch_end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("acpi");
	TCase *tcase = tcase_create("acpi");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, rsdp);
	tcase_add_test(tcase, all_tables);
	tcase_add_test(tcase, fadt);
	tcase_add_loop_test(tcase, madt, 0, sizeof(cpu_counts) / sizeof(cpu_counts[0]));
	tcase_add_test(tcase, mcfg);
	tcase_add_test(tcase, mcfg_of_buses);
	tcase_add_test(tcase, room);
	tcase_add_test(tcase, dsdt_agrees_with_layout);
	tcase_add_loop_test(tcase, firmwares_devices_agree_with_layout, 0, 3);
	tcase_add_test(tcase, disassembles);
	tcase_add_test(tcase, host_bridge_windows);
	tcase_add_test(tcase, interrupt_wiring);
	tcase_add_test(tcase, sleep_type);
	tcase_add_loop_test(tcase, fadt_tells_of_a_timer, 0, 2);
	tcase_add_loop_test(tcase, rom_comes_in_pieces, 0, 2 * sizeof(pieces) / sizeof(pieces[0]));
	tcase_add_loop_test(tcase, laptop, 0, sizeof(extras) / sizeof(extras[0]));
	tcase_add_loop_test(tcase, pcie_features, 0, sizeof(osc_cases) / sizeof(osc_cases[0]));
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
