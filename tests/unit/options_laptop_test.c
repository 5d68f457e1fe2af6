/* SPDX-License-Identifier: MIT */
/* vmm/cli/options_laptop.c: what the GPU of a laptop needs, on the command line. */
#include "command_line.h"
#include "unit.h"

static const struct {
	const char *line;
	bool battery, hidden, rom;
} good[] = {
	{ "--battery", true, false, false },
	{ "--hide-kvm", false, true, false },
	{ "-cpu host,kvm=off", false, true, false },
	{ "-cpu host,kvm=on", false, false, false },
	{ "-cpu host", false, false, false },
	{ "-cpu host,migratable=on,kvm=off", false, true, false },
	{ "--vfio 01:00.0,x-acpi-rom=on,romfile=F", false, false, true },
	{ "--vfio 01:00.0,x-acpi-rom=on,romfile=F,port=on", false, false, true },
	{ "--vfio 01:00.0,x-acpi-rom=off", false, false, false },
};

START_TEST(good_line)
{
	struct config config;

	ck_assert_int_eq(command_line_parse(&config, good[_i].line), 0);
	ck_assert_int_eq(config.battery, good[_i].battery);
	ck_assert_int_eq(config.hide_kvm, good[_i].hidden);
	ck_assert_int_eq(config.vfio[0].acpi_rom, good[_i].rom);
}
END_TEST

static const struct {
	const char *line, *object, *words;
} bad[] = {
	{ "--vfio 01:00.0,x-acpi-rom=on", "--vfio",
	  "0000:01:00.0: x-acpi-rom=on needs romfile=FILE" },
	{ "--vfio 01:00.0,x-acpi-rom=2", "--vfio", "expected x-acpi-rom=on or off" },
	{ "--vfio 01:00.0,x-acpi-rom=on,romfile=F --vfio 02:00.0,x-acpi-rom=on,romfile=F", "--vfio",
	  "0000:02:00.0: x-acpi-rom=on, but 0000:01:00.0 has it already" },
};

/* The line must be -EINVAL, with one line of error that names the option. */
START_TEST(bad_line)
{
	command_line_refused(bad[_i].line, bad[_i].object, bad[_i].words);
}
END_TEST

UNIT_MAIN("options_laptop", { good_line, UNIT_COUNT(good) }, { bad_line, UNIT_COUNT(bad) })
