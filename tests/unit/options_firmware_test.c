/* SPDX-License-Identifier: MIT */
/* vmm/cli/options_firmware.c: minivmm's spelling, QEMU's, and what goes with neither. */
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
	const char *line, *firmware, *vars;
} good[] = {
	{ "--firmware CODE", "CODE", NULL },
	{ "--firmware CODE,vars=VARS", "CODE", "VARS" },
	{ "--firmware=a,,b,vars=c,,d", "a,b", "c,d" },
	{ "--firmware A,vars=B --firmware C", "C", NULL },
	{ "-bios OVMF.fd", "OVMF.fd", NULL },
	{ "-drive if=pflash,format=raw,unit=0,file=CODE,readonly=on "
	  "-drive if=pflash,format=raw,unit=1,file=VARS",
	  "CODE", "VARS" },
	{ "-drive file=VARS,if=pflash,unit=1,readonly=off -drive file=CODE,if=pflash,unit=0",
	  "CODE", "VARS" },
	{ "-drive if=pflash,file=CODE -drive if=pflash,file=VARS", "CODE", "VARS" },
};

START_TEST(good_line)
{
	struct config config;

	ck_assert_int_eq(parse(&config, good[_i].line), 0);
	ck_assert_str_eq(config.firmware, good[_i].firmware);
	ck_assert_pstr_eq(config.vars, good[_i].vars);
}
END_TEST

static const struct {
	const char *line, *words;
} bad[] = {
	{ "--firmware", "needs a value" },
	{ "--firmware ,vars=V", "expected the path of UEFI firmware" },
	{ "--firmware CODE,vars=", "expected FILE[,vars=FILE]" },
	{ "--firmware CODE,var=V", "var=V: expected FILE[,vars=FILE]" },
	{ "--firmware CODE --kernel K", "--kernel: does not go with --firmware" },
	{ "--firmware CODE --append x", "--append: does not go with --firmware" },
	{ "--firmware CODE --kernel K --initrd I", "does not go with --firmware" },
	{ "--firmware CODE --dump-dtb D", "--dump-dtb: does not go with --firmware" },
	{ "--firmware CODE -- ls", "a command: does not go with --firmware" },
	{ "-drive file=DISK", "only if=pflash is known; --disk adds a disk" },
	{ "-drive file=DISK,if=virtio", "only if=pflash is known" },
	{ "-drive if=pflash", "needs file=" },
	{ "-drive if=pflash,file=", "needs file=" },
	{ "-drive if=pflash,file=F,unit=2", "unit= is 0, the code, or 1" },
	{ "-drive if=pflash,file=F,format=qcow2", "format= is raw" },
	{ "-drive if=pflash,file=F,readonly=yes", "readonly= is on or off" },
	{ "-drive if=pflash,file=F,cache=none", "cache=none: unknown property" },
	{ "-drive if=pflash,file=C -drive if=pflash,file=V,readonly=on",
	  "V: variables that cannot be written" },
	{ "-drive if=pflash,unit=1,file=V", "V: variables without firmware" },
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

UNIT_MAIN("options_firmware", { good_line, UNIT_COUNT(good) }, { bad_line, UNIT_COUNT(bad) })
