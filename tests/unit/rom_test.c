/* SPDX-License-Identifier: MIT */
/* vfio/vfio_rom.c: what is a ROM, where it comes from, and how the guest finds and reads it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call_log.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio_rig.h"

#define ROM_BAR 0xc0000000u
#define ENABLE  PCI_ROM_ADDRESS_ENABLE

/* Put one image at `at`, for the fake device. The table decides on `length` and the rest. */
static void put_image(uint8_t *rom, size_t at, unsigned int units, bool last)
{
	static const uint8_t pcir[] = { 'P', 'C', 'I', 'R', 0x36, 0x1b, 0x10, 0x00 };

	rom[at] = 0x55;
	rom[at + 1] = 0xaa;
	rom[at + 0x18] = 0x1c;
	memcpy(&rom[at + 0x1c], pcir, sizeof(pcir));
	rom[at + 0x1c + 0x10] = (uint8_t)units;
	rom[at + 0x1c + 0x15] = last ? 0x80 : 0;
}

/* ---- bytes ---- */

static const struct {
	const char *what;
	size_t size;
	struct {
		unsigned int at;
		uint8_t byte;
	} change;
	const char *why; /* NULL: it is good */
} roms[] = {
	{ "two images", 2048, { 0, 0x55 }, NULL },
	{ "more behind the last", 4096, { 0, 0x55 }, NULL },
	{ "nothing", 0, { 0, 0x55 }, "empty" },
	{ "a byte", 1, { 0, 0x55 }, "truncated" },
	{ "a signature", 2, { 0, 0x55 }, "truncated" },
	{ "a header", 0x1a, { 0, 0x55 }, "lies outside" },
	{ "first image cut", 1023, { 0, 0x55 }, "truncated" },
	{ "second image missing", 1024, { 0, 0x55 }, "truncated" },
	{ "second image cut", 2047, { 0, 0x55 }, "truncated" },
	{ "no signature", 2048, { 0, 'N' }, "55 AA" },
	{ "half a signature", 2048, { 1, 0 }, "55 AA" },
	{ "second without signature", 2048, { 1024, 0 }, "55 AA" },
	{ "structure before the header's end", 2048, { 0x18, 0x10 }, "lies outside" },
	{ "structure far away", 2048, { 0x19, 0xff }, "lies outside" },
	{ "structure elsewhere", 2048, { 0x18, 0x20 }, "PCIR" },
	{ "misspelt", 2048, { 0x1d, 'c' }, "PCIR" },
	{ "no length", 2048, { 0x1c + 0x10, 0 }, "no length" },
	{ "too long", 2048, { 0x1c + 0x11, 0xff }, "truncated" },
	{ "no last one", 2048, { 1024 + 0x1c + 0x15, 0 }, "truncated" },
};

static void make_rom(uint8_t rom[4096], int row)
{
	memset(rom, 0, 4096);
	put_image(rom, 0, 2, false);
	put_image(rom, 1024, 2, true);
	rom[roms[row].change.at] = roms[row].change.byte;
}

START_TEST(what_is_a_rom)
{
	uint8_t rom[4096];
	const char *why;

	make_rom(rom, _i);
	why = vfio_rom_check(rom, roms[_i].size);
	if (roms[_i].why)
		ck_assert_msg(why && strstr(why, roms[_i].why), "%s: %s", roms[_i].what, why);
	else
		ck_assert_msg(!why, "%s: %s", roms[_i].what, why);
}
END_TEST

/* These bytes nobody thought of. They are in memory that ends where they end. */
START_TEST(any_bytes)
{
	uint32_t seed = 11;

	for (unsigned int round = 0; round < 20000; round++) {
		size_t size = round % 700;
		uint8_t *rom = malloc(size ? size : 1);

		for (size_t i = 0; i < size; i++) {
			seed = seed * 1664525 + 1013904223;
			rom[i] = (uint8_t)(seed >> 24);
		}
		if (size > 0x40) {
			put_image(rom, 0, seed >> 31, round & 1);
			rom[0x18] = (uint8_t)(seed >> 8) & 0x3f;
		}
		vfio_rom_check(rom, size);
		free(rom);
	}
}
END_TEST

/* ---- files ---- */

static const char rom_path[] = "rom_test.rom";

static void write_file(const void *data, size_t size)
{
	int fd = open(rom_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
	close(fd);
}

static int open_with_file(struct rig *rig, const char *path, struct stderr_text *caught)
{
	int ret;

	rig_init_usual(rig);
	rig->options.romfile = path;
	stderr_begin(caught);
	ret = rig_open(rig);
	stderr_end(caught);
	return ret;
}

/* The guest does not start, and the user reads which file is wrong and why. */
START_TEST(bad_file_is_named)
{
	static struct rig rig;
	struct stderr_text caught;
	uint8_t rom[4096];

	make_rom(rom, _i);
	write_file(rom, roms[_i].size);
	ck_assert_int_eq(open_with_file(&rig, rom_path, &caught), roms[_i].why ? -EINVAL : 0);
	if (roms[_i].why) {
		stderr_holds(&caught, "minivmm: error: rom_test.rom: not an expansion ROM: ");
		stderr_holds(&caught, roms[_i].why);
	} else {
		ck_assert_str_eq(caught.text, "");
	}
	unlink(rom_path);
	rig_close(&rig);
}
END_TEST

static const struct {
	const char *path;
	int ret;
	const char *words;
} places[] = {
	{ "/nonexistent/gpu.rom", -ENOENT, "/nonexistent/gpu.rom: open the ROM: No such file" },
	{ "/", -EINVAL, "/: not an expansion ROM: it is a directory" },
	{ "/dev/null", -EINVAL, "/dev/null: not an expansion ROM: it is not a regular file" },
};

START_TEST(no_file_at_all)
{
	static struct rig rig;
	struct stderr_text caught;

	ck_assert_int_eq(open_with_file(&rig, places[_i].path, &caught), places[_i].ret);
	stderr_holds(&caught, places[_i].words);
	ck_assert(!rig.fake.open);
	rig_close(&rig);
}
END_TEST

START_TEST(file_too_large)
{
	static struct rig rig;
	struct stderr_text caught;

	write_file("", 0);
	ck_assert_int_eq(truncate(rom_path, (16 << 20) + 1), 0);
	ck_assert_int_eq(open_with_file(&rig, rom_path, &caught), -EINVAL);
	stderr_holds(&caught, "larger than 16 MiB");
	unlink(rom_path);
	rig_close(&rig);
}
END_TEST

/*
 * The BAR is as large as a power of two. It reads as the file and then as all-ones. The device is
 * not asked.
 */
START_TEST(rule_12_rom_from_a_file)
{
	static struct rig rig;
	struct stderr_text caught;
	uint8_t rom[4096] = { 0 };

	put_image(rom, 0, 5, true);
	rom[2559] = 0x77;
	write_file(rom, 2560);
	ck_assert_int_eq(open_with_file(&rig, rom_path, &caught), 0);
	unlink(rom_path);
	rig_switch_on(&rig);
	rig_config_write(&rig, PCI_ROM_ADDRESS, 4, ROM_BAR | ENABLE);
	calls_begin();
	ck_assert_uint_eq(rig_bar_read(&rig, 6, 0, 2), 0xaa55);
	ck_assert_uint_eq(rig_bar_read(&rig, 6, 2559, 1), 0x77);
	ck_assert_uint_eq(rig_bar_read(&rig, 6, 2560, 8), UINT64_MAX);
	ck_assert_uint_eq(rig.pci->function.bars[6].size, 4096);
	ck_assert_uint_eq(rig.fake.accesses, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(file_for_another_device)
{
	static struct rig rig;
	struct stderr_text caught;
	uint8_t rom[4096];

	make_rom(rom, 0);
	rom[0x1c + 6] = 0x99;
	write_file(rom, 2048);
	ck_assert_int_eq(open_with_file(&rig, rom_path, &caught), 0);
	unlink(rom_path);
	stderr_holds(&caught, "rom_test.rom is the ROM of a device 1b36:0099, not 1b36:0010");
	rig_close(&rig);
}
END_TEST

/* ---- the device's own ---- */

static void give_rom(struct rig *rig, int row)
{
	uint8_t rom[4096];

	make_rom(rom, row);
	fake_add_bar(&rig->fake, 6, 4096, 0, false);
	ck_assert_int_eq(pwrite(rig->fake.bars[6].fd, rom, 4096, 0), 4096);
}

/* However large the ROM is, a device that takes its time is not asked for each page. */
START_TEST(large_rom_is_read_at_once)
{
	static struct rig rig;
	uint8_t rom[4096];

	rig_init_usual(&rig);
	make_rom(rom, 0);
	fake_add_bar(&rig.fake, 6, 256u << 10, 0, false);
	ck_assert_int_eq(pwrite(rig.fake.bars[6].fd, rom, 4096, 0), 4096);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	rig_config_write(&rig, PCI_ROM_ADDRESS, 4, ROM_BAR | ENABLE);
	ck_assert_uint_eq(rig_bar_read(&rig, 6, 0, 2), 0xaa55);
	ck_assert_uint_eq(rig.fake.accesses, 1);
	rig_close(&rig);
}
END_TEST

/*
 * PCI Local Bus 3.0, 6.2.5.2: the register tells its size as a BAR does, and decodes if its own
 * bit and COMMAND's are set.
 */
START_TEST(rule_12_rom_of_the_device)
{
	static struct rig rig;

	rig_init_usual(&rig);
	give_rom(&rig, 0);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_config_write(&rig, PCI_ROM_ADDRESS, 4, 0xfffff800);
	ck_assert_uint_eq(rig_config_read(&rig, PCI_ROM_ADDRESS, 4), 0xfffff000);
	rig_config_write(&rig, PCI_ROM_ADDRESS, 4, UINT32_MAX);
	ck_assert_uint_eq(rig_config_read(&rig, PCI_ROM_ADDRESS, 4), 0xfffff001);
	rig_config_write(&rig, PCI_ROM_ADDRESS, 4, ROM_BAR | ENABLE);
	ck_assert(!rig.pci->function.bars[6].mapped);
	rig_switch_on(&rig);
	ck_assert(rig.pci->function.bars[6].mapped);
	/* The ROM is not read before somebody looks at it, and then it is read once. */
	ck_assert_uint_eq(rig.fake.accesses, 0);
	calls_begin();
	ck_assert_uint_eq(rig_bar_read(&rig, 6, 0, 2), 0xaa55);
	ck_assert_uint_eq(rig_bar_read(&rig, 6, 0x1c, 4), 0x52494350);
	ck_assert_uint_eq(rig.fake.accesses, 1);
	rig_bar_write(&rig, 6, 0, 4, 0);
	ck_assert_uint_eq(rig_bar_read(&rig, 6, 0, 2), 0xaa55);
	calls_expect("");
	/* The ROM is switched off, moved, and switched on. */
	rig_config_write(&rig, PCI_ROM_ADDRESS, 4, ROM_BAR);
	ck_assert(!rig.pci->function.bars[6].mapped);
	rig_config_write(&rig, PCI_ROM_ADDRESS, 4, (ROM_BAR + 0x1000) | ENABLE);
	ck_assert_uint_eq(rig.pci->function.bars[6].addr, ROM_BAR + 0x1000);
	ck_assert_uint_eq(rig_bar_read(&rig, 6, 0, 2), 0xaa55);
	rig_config_write(&rig, PCI_COMMAND, 2, 0);
	ck_assert_uint_eq(rig_bar_read(&rig, 6, 0, 2), 0xffff);
	/* The register of the host is not the guest's. */
	ck_assert_uint_eq(calls_count("config 0x30"), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(rule_12_no_rom_on_demand)
{
	static struct rig rig;

	rig_init_usual(&rig);
	if (_i)
		give_rom(&rig, 0);
	rig.options.no_rom = true;
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_config_write(&rig, PCI_ROM_ADDRESS, 4, UINT32_MAX);
	ck_assert_uint_eq(rig_config_read(&rig, PCI_ROM_ADDRESS, 4), 0);
	rig_close(&rig);
}
END_TEST

/* If there is no ROM, or it cannot be read, one line says so, and what helps. */
START_TEST(bad_rom_of_the_device)
{
	static struct rig rig;
	struct stderr_text caught;

	rig_init_usual(&rig);
	give_rom(&rig, 9);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	rig_config_write(&rig, PCI_ROM_ADDRESS, 4, ROM_BAR | ENABLE);
	if (_i)
		fake_fail(&rig.fake, "region_read", 1, -EIO);
	stderr_begin(&caught);
	ck_assert_uint_eq(rig_bar_read(&rig, 6, 0, 1), _i ? 0xff : 'N');
	ck_assert_uint_eq(rig_bar_read(&rig, 6, 1, 1), _i ? 0xff : 0xaa);
	stderr_end(&caught);
	stderr_holds(&caught, "minivmm: warning: " FAKE_BDF ": its expansion ROM cannot be used: ");
	stderr_holds(&caught, _i ? "Input/output error" : "55 AA");
	stderr_holds(&caught, "romfile=FILE");
	ck_assert_ptr_null(strstr(strstr(caught.text, "cannot be used") + 1, "cannot be used"));
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("rom", { what_is_a_rom, UNIT_COUNT(roms) }, { any_bytes, 0 },
	  { bad_file_is_named, UNIT_COUNT(roms) }, { no_file_at_all, UNIT_COUNT(places) },
	  { file_too_large, 0 }, { rule_12_rom_from_a_file, 0 }, { file_for_another_device, 0 },
	  { rule_12_rom_of_the_device, 0 }, { large_rom_is_read_at_once, 0 },
	  { rule_12_no_rom_on_demand, 2 }, { bad_rom_of_the_device, 2 })
