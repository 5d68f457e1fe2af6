/* SPDX-License-Identifier: MIT */
/* vmm/cli/options_served.c, and what stands behind `--`: good and bad command lines. */
#include <stdio.h>
#include <string.h>

#include "command_line.h"
#include "unit.h"
#include "vmm/cli/options_served.h"

/* Write down all that was asked for, as text. */
static void describe(const struct config *config, char *text, size_t size)
{
	static const char *const servers[] = { "runs", "disk", "share" };
	size_t length = (size_t)snprintf(text, size, "%s", config->console);

	for (unsigned int i = 0; i < config->served_count; i++) {
		const struct options_served *served = &config->served[i];

		length += (size_t)snprintf(
			text + length, size - length, " %s:%s:%s%s%s%s%s", servers[served->server],
			virtio_vhost_names[served->kind], served->path, served->format ? ":" : "",
			served->format ? served->format : "",
			served->kind == VIRTIO_VHOST_FS ? ":" : "",
			served->kind == VIRTIO_VHOST_FS ? options_share_tag(served) : "");
		if (served->readonly)
			length += (size_t)snprintf(text + length, size - length, ":ro");
	}
	for (char **word = config->run; word && *word; word++)
		length += (size_t)snprintf(text + length, size - length, " %s", *word);
}

/*
 * The order among these devices, and among passed-through ones, is the order in which firmware is
 * to try them.
 */
START_TEST(places)
{
	struct config config;

	ck_assert_int_eq(command_line_parse(&config, "--disk a.raw --vfio 01:00.0 --share /tmp "
						     "--vfio 02:00.0 --vfio-user s "
						     "--disk b.raw --vfio demo"),
			 0);
	ck_assert_uint_eq(config.served[0].place, 0);
	ck_assert_uint_eq(config.place[0], 1);
	ck_assert_uint_eq(config.served[1].place, 2);
	ck_assert_uint_eq(config.place[1], 3);
	ck_assert_uint_eq(config.users[0].place, 4);
	ck_assert_uint_eq(config.served[2].place, 5);
	ck_assert_uint_eq(config.users[1].place, 6);
}
END_TEST

static const struct {
	const char *line, *config;
} good[] = {
	{ "--disk a.raw", "stdio disk:blk:a.raw" },
	{ "--disk=a.img,format=qcow2,readonly=on --disk b,,c,readonly=off",
	  "stdio disk:blk:a.img:qcow2:ro disk:blk:b,c" },
	{ "--share /srv/work", "stdio share:fs:/srv/work:work" },
	{ "--share work///", "stdio share:fs:work:work" },
	{ "--share /,tag=all,readonly=on", "stdio share:fs:/:all:ro" },
	{ "--share a/x --share b/x,tag=y", "stdio share:fs:a/x:x share:fs:b/x:y" },
	{ "--vhost-user blk,socket=/run/blk", "stdio runs:blk:/run/blk" },
	{ "--vhost-user net,socket=/run/net", "stdio runs:net:/run/net" },
	{ "--vhost-user fs,tag=home,socket=/run/fs", "stdio runs:fs:/run/fs:home" },
	{ "-- true", "none true" },
	{ "run --disk a -- sh -c --help --", "none disk:blk:a sh -c --help --" },
	{ "--console file:log -- fio --version", "file:log fio --version" },
	{ "--kernel k -- true", "none true" },
};

START_TEST(good_line)
{
	struct config config;
	char text[512];

	ck_assert_int_eq(command_line_parse(&config, good[_i].line), 0);
	describe(&config, text, sizeof(text));
	ck_assert_str_eq(text, good[_i].config);
}
END_TEST

static const struct {
	const char *line, *object, *words;
} bad[] = {
	{ "--disk", "--disk", "needs a value" },
	{ "--disk ,format=raw", "--disk", "expected the path of a disk image" },
	{ "--disk a,format=vmdk", "--disk", "format=vmdk: expected raw or qcow2" },
	{ "--disk a,format=", "--disk", "format=: expected raw or qcow2" },
	{ "--disk a,readonly=yes", "--disk", "readonly=yes: expected on or off" },
	{ "--disk a,readonly", "--disk", "readonly: unknown property" },
	{ "--disk a,tag=x", "--disk", "tag=x: unknown property" },
	{ "--disk a,", "--disk", ": unknown property" },
	{ "--share ,tag=a", "--share", "expected the path of a folder" },
	{ "--share /", "--share", "/: needs tag=" },
	{ "--share a,tag=", "--share", "tag=: expected a name of 1 to 36 characters" },
	{ "--share a,tag=1234567890123456789012345678901234567", "--share", "1 to 36 characters" },
	{ "--share 1234567890123456789012345678901234567", "--share", "needs tag=" },
	{ "--share a/x --share b/x", "--share", "b/x: needs another tag=, x is taken" },
	{ "--share a,format=raw", "--share", "format=raw: unknown property" },
	{ "--vhost-user", "--vhost-user", "needs a value" },
	{ "--vhost-user gpu,socket=a", "--vhost-user", "gpu: expected blk, fs or net" },
	{ "--vhost-user blk", "--vhost-user", "blk: needs socket=PATH" },
	{ "--vhost-user blk,socket=", "--vhost-user", "socket=: expected the path of a socket" },
	{ "--vhost-user blk,socket=a,tag=b", "--vhost-user", "tag=b: unknown property" },
	{ "--vhost-user blk,socket=a,readonly=on", "--vhost-user",
	  "readonly=on: unknown property" },
	{ "--disk 1 --disk 2 --disk 3 --disk 4 --disk 5 --disk 6 --disk 7 --disk 8 --disk 9 "
	  "--disk 10 --disk 11 --disk 12 --disk 13 --disk 14 --disk 15 --disk 16 --disk 17",
	  "--disk", "more than 16" },
	{ "--", "--", "expected a command" },
	{ "--console stdio -- true", "--console", "stdio is the command's" },
	{ "--kernel k --initrd i -- true", "--initrd", "combined with a command" },
	{ "stray -- true", "stray", "unexpected word" },
};

/* The line must be -EINVAL, with one line of error that names the option. */
START_TEST(bad_line)
{
	command_line_refused(bad[_i].line, bad[_i].object, bad[_i].words);
}
END_TEST

UNIT_MAIN("options_served", { places, 0 }, { good_line, UNIT_COUNT(good) },
	  { bad_line, UNIT_COUNT(bad) })
