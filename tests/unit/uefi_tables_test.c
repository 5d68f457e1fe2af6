/* SPDX-License-Identifier: MIT */
/*
 * firmware/uefi_tables.c, acpi_loader.c and smbios.c: what firmware is told, read as firmware
 * reads it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/uefi_tables.h"
#include "unit.h"

#define GIB     (1ull << 30)
#define ADDRESS 0x7fb00000u /* where the firmware puts the tables */

static struct memory memory;

static void add_bank(uint64_t gpa, uint64_t size)
{
	static uint8_t backing[4096];
	const struct memory_region bank = { .gpa = gpa, .size = size, .hva = backing, .fd = -1 };

	ck_assert_int_eq(memory_add_region(&memory, &bank), 0);
}

static void begin(struct uefi_tables *tables, struct uefi_config *config)
{
	memory_init(&memory);
	add_bank(0, 3 * GIB);
	add_bank(4 * GIB, GIB);
	config->memory = &memory;
	config->gpa_bits = config->gpa_bits ? config->gpa_bits : 40;
	config->acpi.cpus = 2;
	config->acpi.pci_mmio32 = (struct arch_range){ 3 * GIB, 768 << 20 };
	config->acpi.pci_mmio64 = (struct arch_range){ 5 * GIB, 1024 * GIB };
	config->acpi.extras.rtc = config->acpi.uefi = true;
	ck_assert_int_eq(uefi_tables_build(tables, config), 0);
}

/* The regions are no RAM in the map itself. */
static void end(struct uefi_tables *tables)
{
	uefi_tables_free(tables);
	uefi_tables_free(tables);
	memory_del_region(&memory, 0);
	memory_del_region(&memory, 4 * GIB);
	memory_destroy(&memory);
}

static const struct uefi_file *find(const struct uefi_tables *tables, const char *name)
{
	for (unsigned int i = 0; i < tables->file_count; i++)
		if (strcmp(tables->files[i].name, name) == 0)
			return &tables->files[i];
	return NULL;
}

static uint64_t get(const void *at, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, at, size);
	return value;
}

static uint8_t sum(const uint8_t *bytes, size_t size)
{
	uint8_t total = 0;

	while (size--)
		total += *bytes++;
	return total;
}

START_TEST(ram_is_not_cut_up)
{
	struct uefi_config config = { 0 };
	struct uefi_tables tables;
	const struct uefi_file *e820;
	const uint64_t wanted[][2] = { { 0, 3 * GIB },
				       { 4 * GIB, GIB },
				       { arch_layout.reserved.base, arch_layout.reserved.size } };

	begin(&tables, &config);
	e820 = find(&tables, "etc/e820");
	ck_assert_uint_eq(e820->size, 3 * 20);
	for (unsigned int i = 0; i < 3; i++) {
		const uint8_t *entry = (const uint8_t *)e820->data + (size_t)20 * i;

		ck_assert_uint_eq(get(entry, 8), wanted[i][0]);
		ck_assert_uint_eq(get(entry + 8, 8), wanted[i][1]);
		ck_assert_uint_eq(get(entry + 16, 4), i < 2 ? 1 : 2);
	}
	end(&tables);
}
END_TEST

/* ---- the script, run as OvmfPkg runs it ---- */

static void run_pointer(uint8_t *blob, size_t size, const uint8_t *arguments)
{
	uint32_t offset = (uint32_t)get(arguments + 112, 4);
	uint64_t value;

	ck_assert_str_eq((const char *)arguments, "etc/acpi/tables");
	ck_assert_str_eq((const char *)arguments + 56, "etc/acpi/tables");
	ck_assert_uint_eq(arguments[116], 8);
	ck_assert_uint_le(offset + 8, size);
	value = get(blob + offset, 8);
	ck_assert_uint_lt(value, size);
	value += ADDRESS;
	memcpy(blob + offset, &value, 8);
}

/* The sum is over what is there, with the old checksum. */
static void run_checksum(uint8_t *blob, size_t size, const uint8_t *arguments)
{
	uint32_t result = (uint32_t)get(arguments + 56, 4);
	uint32_t start = (uint32_t)get(arguments + 60, 4);
	uint32_t length = (uint32_t)get(arguments + 64, 4);

	ck_assert_str_eq((const char *)arguments, "etc/acpi/tables");
	ck_assert_uint_le(start + length, size);
	blob[result] = -sum(blob + start, length);
}

static void run_script(uint8_t *blob, size_t size, const struct uefi_file *script)
{
	ck_assert_uint_eq(script->size % 128, 0);
	for (uint32_t at = 0; at < script->size; at += 128) {
		const uint8_t *command = (const uint8_t *)script->data + at;
		uint32_t type = (uint32_t)get(command, 4);

		ck_assert_uint_eq(type == 1, at == 0);
		if (type == 2)
			run_pointer(blob, size, command + 4);
		else if (type == 3)
			run_checksum(blob, size, command + 4);
		else
			ck_assert_uint_eq(type, 1);
	}
}

static void check_table(const uint8_t *blob, size_t size, uint64_t address, const char *signature)
{
	const uint8_t *table = blob + (address - ADDRESS);
	uint64_t length;

	ck_assert_uint_ge(address, ADDRESS);
	ck_assert_uint_lt(address - ADDRESS, size);
	length = get(table + 4, 4);
	ck_assert_mem_eq(table, signature, 4);
	ck_assert_msg(sum(table, length) == 0, "the checksum of %s", signature);
}

START_TEST(tables_can_be_moved)
{
	static const char *const tables_wanted[] = {
		"FACP", "APIC", "MCFG", "SSDT", "SSDT", "SSDT"
	};
	struct uefi_config config = { 0 };
	const struct uefi_file *file;
	struct uefi_tables tables;
	uint8_t *blob, *xsdt, *fadt;
	uint64_t address;

	begin(&tables, &config);
	file = find(&tables, "etc/acpi/tables");
	blob = malloc(file->size);
	memcpy(blob, file->data, file->size);
	run_script(blob, file->size, find(&tables, "etc/table-loader"));
	ck_assert_mem_eq(blob, "RSD PTR ", 8);
	ck_assert_uint_eq(sum(blob, 20), 0);
	ck_assert_uint_eq(sum(blob, 36), 0);
	address = get(blob + 24, 8);
	check_table(blob, file->size, address, "XSDT");
	xsdt = blob + (address - ADDRESS);
	ck_assert_uint_eq(get(xsdt + 4, 4), 36 + sizeof(tables_wanted));
	for (size_t i = 0; i < UNIT_COUNT(tables_wanted); i++)
		check_table(blob, file->size, get(xsdt + 36 + 8 * i, 8), tables_wanted[i]);
	fadt = blob + (get(xsdt + 36, 8) - ADDRESS);
	check_table(blob, file->size, get(fadt + 140, 8), "DSDT");
	ck_assert_uint_eq(get(fadt + 109, 2) & 1u << 5, 0); /* there is an RTC */
	free(blob);
	end(&tables);
}
END_TEST

/*
 * DSP0134, 6.1.2: the strings of a structure end with an empty one, and type 127 ends the table.
 */
START_TEST(smbios_can_be_walked)
{
	static const uint8_t types[] = { 1, 3, 127 };
	struct uefi_config config = { 0 };
	const struct uefi_file *anchor, *file;
	struct uefi_tables tables;
	const uint8_t *at;

	begin(&tables, &config);
	anchor = find(&tables, "etc/smbios/smbios-anchor");
	file = find(&tables, "etc/smbios/smbios-tables");
	ck_assert_uint_eq(anchor->size, 24);
	ck_assert_mem_eq(anchor->data, "_SM3_", 5);
	ck_assert_uint_eq(sum(anchor->data, 24), 0);
	ck_assert_uint_eq(get((const uint8_t *)anchor->data + 12, 4), file->size);
	at = file->data;
	for (size_t i = 0; i < UNIT_COUNT(types); i++) {
		ck_assert_uint_eq(at[0], types[i]);
		if (types[i] == 1)
			ck_assert_str_eq((const char *)at + at[1], "minivmm");
		at += at[1];
		while (at[0] || at[1])
			at++;
		at += 2;
	}
	ck_assert_ptr_eq(at, (const uint8_t *)file->data + file->size);
	end(&tables);
}
END_TEST

START_TEST(devices_are_tried_in_order)
{
	struct uefi_config config = {
		.boot = { { 0x030000, 2, 0, 0 },
			  { 0x020000, 3, 0, 0 },
			  { 0x010802, 0x12, 0, 0 },
			  { 0x010601, 4, 1, 0 },
			  { 0x010000, 5, 0, 0 },
			  { 0x010802, 0, 1, 6 } },
		.boot_count = 6,
	};
	struct uefi_tables tables;
	const struct uefi_file *file;
	const char wanted[] = "/pci@i0cf8/ethernet@3/ethernet-phy@0\n"
			      "/pci@i0cf8/pci8086,5845@12/namespace@1,0\n"
			      "/pci@i0cf8/pci8086,2922@4,1/drive@0/disk@0\n"
			      "/pci@i0cf8/scsi@5/disk@0,0\n"
			      "/pci@i0cf8/pci-bridge@6/pci8086,5845@0,1/namespace@1,0\n";

	begin(&tables, &config);
	file = find(&tables, "bootorder");
	ck_assert_str_eq(file->data, wanted);
	ck_assert_uint_eq(file->size, sizeof(wanted));
	end(&tables);
}
END_TEST

static const struct {
	uint64_t needed; /* GiB */
	unsigned int bits;
	const char *mib; /* NULL: the firmware's own choice does */
} windows[] = {
	{ 0, 40, NULL },       { 1, 39, NULL },       { 16, 39, NULL },       { 17, 40, "65536" },
	{ 256, 39, "262144" }, { 128, 42, "262144" }, { 512, 42, "1048576" }, { 8, 36, "16384" },
};

START_TEST(a_large_window_is_asked_for)
{
	struct uefi_config config = { .mmio64_needed = windows[_i].needed * GIB,
				      .gpa_bits = windows[_i].bits };
	struct uefi_tables tables;
	const struct uefi_file *file;

	begin(&tables, &config);
	file = find(&tables, "opt/ovmf/X-PciMmio64Mb");
	ck_assert_int_eq(file != NULL, windows[_i].mib != NULL);
	if (file)
		ck_assert_mem_eq(file->data, windows[_i].mib, file->size);
	ck_assert_ptr_null(find(&tables, "bootorder"));
	end(&tables);
}
END_TEST

/*
 * On arm64 the tree says what RAM and windows there are. Everything else comes by files there,
 * too.
 */
START_TEST(a_tree_says_part_of_it)
{
	struct uefi_config config = { .tree = true, .mmio64_needed = 1024 * GIB };
	struct uefi_tables tables;

	begin(&tables, &config);
	ck_assert_ptr_null(find(&tables, "etc/e820"));
	ck_assert_ptr_null(find(&tables, "opt/ovmf/X-PciMmio64Mb"));
	ck_assert_ptr_nonnull(find(&tables, "etc/acpi/tables"));
	ck_assert_ptr_nonnull(find(&tables, "etc/table-loader"));
	ck_assert_ptr_nonnull(find(&tables, "etc/smbios/smbios-anchor"));
	end(&tables);
}
END_TEST

UNIT_MAIN("uefi_tables", { ram_is_not_cut_up, 0 }, { tables_can_be_moved, 0 },
	  { smbios_can_be_walked, 0 }, { devices_are_tried_in_order, 0 },
	  { a_large_window_is_asked_for, UNIT_COUNT(windows) }, { a_tree_says_part_of_it, 0 })
