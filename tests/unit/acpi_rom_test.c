/* SPDX-License-Identifier: MIT */
/*
 * vmm/acpi_rom.c: a ROM file becomes memory of the guest, and a file that is no ROM is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stderr_text.h"
#include "unit.h"
#include "vmm/acpi_rom.h"

#define ROM_SIZE 1536

static uint8_t rom_bytes[ROM_SIZE];

/* One image of three units, which is also the last one: PCI Firmware 3.3, 5.1. */
static void make_rom(void)
{
	memset(rom_bytes, 0xc3, sizeof(rom_bytes));
	memcpy(rom_bytes, "\x55\xaa", 2);
	rom_bytes[0x18] = 0x1c;
	rom_bytes[0x19] = 0;
	memcpy(&rom_bytes[0x1c], "PCIR", 4);
	memcpy(&rom_bytes[0x1c + 0x10], "\x03\x00", 2);
	rom_bytes[0x1c + 0x15] = 0x80;
}

static const char *write_file(size_t size)
{
	static char path[32];
	int fd;

	strcpy(path, "/tmp/acpi_rom_test.XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_eq(write(fd, rom_bytes, size), size);
	close(fd);
	return path;
}

START_TEST(is_memory_that_the_guest_only_reads)
{
	struct pci_function port = { .devfn = 0x1c << 3 | 2 };
	struct pci_function gpu = { .devfn = 3 << 3 | 1, .bridge = _i ? &port : NULL };
	struct acpi_extras extras = { 0 };
	struct acpi_rom rom = { 0 };
	const struct memory_region *region;
	struct memory memory;
	const char *path;

	make_rom();
	path = write_file(ROM_SIZE);
	memory_init(&memory);
	ck_assert_int_eq(acpi_rom_add(&rom, &memory, path, &gpu, &extras), 0);
	ck_assert_uint_eq(extras.rom.base, arch_layout.acpi_rom.base);
	ck_assert_uint_eq(extras.rom.size, ROM_SIZE);
	ck_assert_uint_eq(extras.rom_address, 0x30001);
	ck_assert_uint_eq(extras.rom_port, _i ? 0x1c0002 : 0);
	ck_assert_uint_eq(memory.count, 1);
	region = &memory.regions[0];
	ck_assert_int_eq(region->kind, MEMORY_ROM);
	ck_assert_uint_ge(region->size, ROM_SIZE + 4096); /* a whole piece from the last byte on */
	ck_assert_mem_eq(region->hva, rom_bytes, ROM_SIZE);
	acpi_rom_destroy(&rom);
	acpi_rom_destroy(&rom);
	ck_assert_uint_eq(memory.count, 0);
	memory_destroy(&memory);
	unlink(path);
}
END_TEST

static const struct {
	size_t size;
	uint8_t first;
	const char *words;
} bad[] = {
	{ 0, 0x55, "is empty" },
	{ ROM_SIZE, 0x56, "not an expansion ROM" },
	{ 1024, 0x55, "not an expansion ROM" },
};

START_TEST(refuses)
{
	const struct pci_function gpu = { .devfn = 8 };
	struct acpi_extras extras = { 0 };
	struct acpi_rom rom = { 0 };
	struct stderr_text caught;
	struct memory memory;
	const char *path;

	make_rom();
	rom_bytes[0] = bad[_i].first;
	path = write_file(bad[_i].size);
	memory_init(&memory);
	stderr_begin(&caught);
	ck_assert_int_lt(acpi_rom_add(&rom, &memory, path, &gpu, &extras), 0);
	stderr_end(&caught);
	stderr_holds(&caught, bad[_i].words);
	ck_assert_uint_eq(extras.rom.size, 0);
	ck_assert_uint_eq(memory.count, 0);
	acpi_rom_destroy(&rom);
	memory_destroy(&memory);
	unlink(path);
}
END_TEST

UNIT_MAIN("acpi_rom", { is_memory_that_the_guest_only_reads, 2 }, { refuses, UNIT_COUNT(bad) })
