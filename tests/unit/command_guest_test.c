/* SPDX-License-Identifier: MIT */
/* vmm/command_guest.c: what the guest is told of a command, and which files it gets. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stderr_text.h"
#include "unit.h"
#include "vmm/command_guest.h"

static char shell[] = "/bin/sh", option[] = "-c", script[] = "a = b", nothing[] = "";
static char *words[] = { shell, option, script, nothing, NULL };

static void begin(struct command_guest *guest, struct config *config, bool shared)
{
	struct command_streams streams = { .terminal = -1, .tty = { false, true, true } };

	*guest = (struct command_guest){ .text = NULL };
	ck_assert_int_eq(command_guest_init(guest, config, &streams, shared), 0);
}

/* Returns whether the text has this entry, as a whole. */
static bool has(const struct command_guest *guest, const char *entry)
{
	for (const char *at = guest->text; at < guest->text + guest->size; at += strlen(at) + 1)
		if (strcmp(at, entry) == 0)
			return true;
	return false;
}

START_TEST(text)
{
	struct config config = { .run = words };
	struct command_guest guest;
	char cwd[PATH_MAX + 8] = "cwd=";

	setenv("MINIVMM_TEST", "with = and blank", 1);
	setenv("DISPLAY", ":0", 1);
	setenv("SSH_AUTH_SOCK", "/tmp/agent", 1);
	begin(&guest, &config, true);
	ck_assert_mem_eq(guest.text, "arg=/bin/sh\0arg=-c\0arg=a = b\0arg=\0env=", 38);
	ck_assert_int_eq(guest.text[guest.size - 1], '\0');
	ck_assert(has(&guest, "env=MINIVMM_TEST=with = and blank"));
	ck_assert(!has(&guest, "env=DISPLAY=:0"));
	ck_assert(!has(&guest, "env=SSH_AUTH_SOCK=/tmp/agent"));
	ck_assert_ptr_nonnull(getcwd(cwd + 4, PATH_MAX));
	ck_assert(has(&guest, cwd));
	ck_assert(has(&guest, "tty=12"));
	ck_assert(has(&guest, "rows=0"));
	ck_assert(has(&guest, "root=minivmm-root"));
	ck_assert_uint_eq(guest.file_count, 0);
	command_guest_destroy(&guest);
	command_guest_destroy(&guest);
}
END_TEST

/*
 * The command has as many words as the caller's own system lets a program have. None is left out.
 */
START_TEST(many_words)
{
	static char *run[10001];
	struct command_streams streams = { .terminal = -1 };
	struct config config = { .run = run };
	struct command_guest guest = { .text = NULL };
	unsigned int count = 0;

	for (unsigned int i = 0; i < 10000; i++)
		run[i] = nothing;
	ck_assert_int_eq(command_guest_init(&guest, &config, &streams, true), 0);
	for (size_t i = 0; i + 4 < guest.size; i++)
		count += memcmp(guest.text + i, "arg=", 4) == 0;
	ck_assert_uint_ge(count, 10000);
	command_guest_destroy(&guest);
}
END_TEST

/* Folders are given by their real paths. Disks and the servers of others are no folders. */
START_TEST(shares)
{
	char folder[] = "/tmp/minivmm-test-XXXXXX", link[64], entry[128];
	struct command_guest guest;
	struct config config = { .run = words, .served_count = 4 };

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(link, sizeof(link), "%s/link", folder);
	ck_assert_int_eq(symlink("/", link), 0);
	config.served[0] = (struct options_served){ .server = OPTIONS_SERVER_SHARE,
						    .kind = VIRTIO_VHOST_FS,
						    .path = folder,
						    .tag = "work" };
	config.served[1] = (struct options_served){ .server = OPTIONS_SERVER_SHARE,
						    .kind = VIRTIO_VHOST_FS,
						    .path = link,
						    .tag = "all",
						    .readonly = true };
	config.served[2] = (struct options_served){ .server = OPTIONS_SERVER_DISK,
						    .kind = VIRTIO_VHOST_BLK,
						    .path = "/disk" };
	config.served[3] = (struct options_served){ .server = OPTIONS_SERVER_RUNS,
						    .kind = VIRTIO_VHOST_FS,
						    .path = "/socket",
						    .tag = "x" };
	begin(&guest, &config, true);
	snprintf(entry, sizeof(entry), "share=work:%s", folder);
	ck_assert(has(&guest, entry));
	ck_assert(has(&guest, "share-ro=all:/"));
	ck_assert(!has(&guest, "share=x:/socket"));
	command_guest_destroy(&guest);
	unlink(link);
	rmdir(folder);
}
END_TEST

static bool has_file(const struct command_guest *guest, const char *part)
{
	for (unsigned int i = 0; i < guest->file_count; i++)
		if (strstr(guest->files[i], part))
			return true;
	return false;
}

/*
 * Without the host's files the guest gets a program of the path, its libraries and its dynamic
 * linker.
 */
START_TEST(files_of_a_program)
{
	char name[] = "sh", *run[] = { name, NULL };
	struct config config = { .run = run };
	struct command_guest guest;

	begin(&guest, &config, false);
	ck_assert(!has(&guest, "root=minivmm-root"));
	ck_assert(has_file(&guest, "/sh"));
	ck_assert(has_file(&guest, "/libc.so"));
	ck_assert(has_file(&guest, "/ld-linux"));
	ck_assert_ptr_null(guest.files[guest.file_count]);
	command_guest_destroy(&guest);
}
END_TEST

/* A script brings its interpreter. */
START_TEST(files_of_a_script)
{
	char path[] = "/tmp/minivmm-test-XXXXXX";
	char *run[] = { path, NULL };
	struct config config = { .run = run };
	struct command_guest guest;
	int fd = mkstemp(path);

	ck_assert_int_eq(write(fd, "#! /bin/sh -e\n", 14), 14);
	fchmod(fd, 0755);
	close(fd);
	begin(&guest, &config, false);
	ck_assert_str_eq(guest.files[0], path);
	ck_assert_str_eq(guest.files[1], "/bin/sh");
	ck_assert(has_file(&guest, "/libc.so"));
	command_guest_destroy(&guest);
	unlink(path);
}
END_TEST

/* Only the guest can tell whether the program is there. */
START_TEST(no_such_program)
{
	char name[] = "no-such-program-anywhere", *run[] = { name, NULL };
	struct config config = { .run = run };
	struct command_guest guest;

	begin(&guest, &config, false);
	ck_assert_uint_eq(guest.file_count, 0);
	command_guest_destroy(&guest);
}
END_TEST

UNIT_MAIN("command_guest", { text, 0 }, { many_words, 0 }, { shares, 0 }, { files_of_a_program, 0 },
	  { files_of_a_script, 0 }, { no_such_program, 0 })
