/* SPDX-License-Identifier: MIT */
/* vmm/cli/options_laptop.c: what a laptop's GPU needs, on the command line. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stderr_text.h"
#include "unit.h"
#include "vmm/cli/options.h"

static int parse(struct config *config, const char *line)
{
	static char text[512]; /* config's strings point into it */
	char *argv[16], *save = NULL;
	int argc = 0;

	snprintf(text, sizeof(text), "minivmm %s", line);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	return options_parse(config, argc, argv);
}

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
	{ "--vfio 01:00.0,x-acpi-rom=off", false, false, false },
};

START_TEST(good_line)
{
	struct config config;

	ck_assert_int_eq(parse(&config, good[_i].line), 0);
	ck_assert_int_eq(config.battery, good[_i].battery);
	ck_assert_int_eq(config.hide_kvm, good[_i].hidden);
	ck_assert_int_eq(config.vfio[0].acpi_rom, good[_i].rom);
}
END_TEST

static const struct {
	const char *line, *words;
} bad[] = {
	{ "--vfio 01:00.0,x-acpi-rom=on", "0000:01:00.0: x-acpi-rom=on needs romfile=FILE" },
	{ "--vfio 01:00.0,x-acpi-rom=yes", "expected x-acpi-rom=on or off" },
	{ "--vfio 01:00.0,x-acpi-rom=on,romfile=F --vfio 02:00.0,x-acpi-rom=on,romfile=F",
	  "0000:02:00.0: x-acpi-rom=on, but 0000:01:00.0 has it already" },
};

START_TEST(bad_line)
{
	struct stderr_text caught;
	struct config config;

	stderr_begin(&caught);
	ck_assert_int_eq(parse(&config, bad[_i].line), -EINVAL);
	stderr_end(&caught);
	stderr_holds(&caught, bad[_i].words);
}
END_TEST

UNIT_MAIN("options_laptop", { good_line, UNIT_COUNT(good) }, { bad_line, UNIT_COUNT(bad) })
