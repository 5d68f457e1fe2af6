/* SPDX-License-Identifier: MIT */
/* vmm/cli/options_firmware.c: minivmm's spelling, QEMU's, and what goes with neither. */
#include "command_line.h"
#include "unit.h"

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

	ck_assert_int_eq(command_line_parse(&config, good[_i].line), 0);
	ck_assert_str_eq(config.firmware, good[_i].firmware);
	ck_assert_pstr_eq(config.vars, good[_i].vars);
}
END_TEST

static const struct {
	const char *line, *object, *words;
} bad[] = {
	{ "--firmware", "--firmware", "needs a value" },
	{ "--firmware ,vars=V", "--firmware", "expected the path of UEFI firmware" },
	{ "--firmware CODE,vars=", "--firmware", "expected FILE[,vars=FILE]" },
	{ "--firmware CODE,var=V", "--firmware", "var=V: expected FILE[,vars=FILE]" },
	{ "--firmware CODE --kernel K", "--kernel",
	  "--kernel: cannot be combined with --firmware" },
	{ "--firmware CODE --append x", "--append",
	  "--append: cannot be combined with --firmware" },
	{ "--firmware CODE --kernel K --initrd I", "--kernel",
	  "cannot be combined with --firmware" },
	{ "--firmware CODE -- ls", "a command", "a command: cannot be combined with --firmware" },
	{ "-drive file=DISK", "-drive", "only if=pflash is known; --disk adds a disk" },
	{ "-drive file=DISK,if=virtio", "-drive", "only if=pflash is known" },
	{ "-drive if=pflash", "-drive", "needs file=" },
	{ "-drive if=pflash,file=", "-drive", "needs file=" },
	{ "-drive if=pflash,file=F,unit=2", "-drive", "unit= is 0, the code, or 1" },
	{ "-drive if=pflash,file=F,format=qcow2", "-drive", "format= is raw" },
	{ "-drive if=pflash,file=F,readonly=maybe", "-drive", "readonly= is on or off" },
	{ "-drive if=pflash,file=F,werror=stop", "-drive", "werror=stop: unknown property" },
	{ "-drive if=pflash,file=C -drive if=pflash,file=V,readonly=on", "-drive",
	  "V: variables that cannot be written" },
	{ "-drive if=pflash,unit=1,file=V", "V", "V: is a file of variables without firmware" },
};

/* The line must be -EINVAL, with one line of error that names the option. */
START_TEST(bad_line)
{
	command_line_refused(bad[_i].line, bad[_i].object, bad[_i].words);
}
END_TEST

UNIT_MAIN("options_firmware", { good_line, UNIT_COUNT(good) }, { bad_line, UNIT_COUNT(bad) })
