/* SPDX-License-Identifier: MIT */
/* vmm/server_folder.c: which virtiofsd is there, and that it gets only options that it knows. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch_folder.h"
#include "unit.h"
#include "vmm/server_folder.h"

#define FIRST   "printf 'usage: virtiofsd [options]\\n --fd=FDNUM\\n -o source=PATH\\n'"
#define RUST    "echo Usage: virtiofsd --shared-dir DIR --sandbox SANDBOX"
#define RUST_13 RUST "; echo --no-announce-submounts; echo --readonly"

static char folder[] = "/tmp/minivmm-virtiofsd-XXXXXX";

static char program[64];
static pid_t owner; /* the process that made the folder: each test may have one of its own */

static void remove_folder(void)
{
	if (owner == getpid())
		scratch_folder_tidy(folder);
}

/*
 * Make a virtiofsd that knows --help, and that otherwise writes its words to a file, one a line.
 */
static void make_program(const char *help)
{
	FILE *file;

	if (!owner) {
		ck_assert_ptr_nonnull(mkdtemp(folder));
		owner = getpid();
		atexit(remove_folder);
	}
	snprintf(program, sizeof(program), "%s/virtiofsd", folder);
	file = fopen(program, "we");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "#!/bin/sh\nif [ \"$1\" = --help ]; then %s; exit; fi\n", help);
	fprintf(file, "printf '%%s\\n' \"$@\" > %s/words\n", folder);
	fclose(file);
	ck_assert_int_eq(chmod(program, 0755), 0);
}

static const struct {
	const char *help;
	bool rust, announce;
} programs[] = {
	{ FIRST, false, false },
	{ RUST, true, false },
	{ RUST_13, true, true },
	{ RUST " >&2", true, false },
	{ "exit 1", false, false },
	{ "head -c 100000 /dev/zero", false, false },
	{ RUST "; sleep 1000 > /dev/null 2>&1", true, false },
};

START_TEST(which_one)
{
	struct server_folder_options options;

	make_program(programs[_i].help);
	options = server_folder_ask(program);
	ck_assert_int_eq(options.rust, programs[_i].rust);
	ck_assert_int_eq(options.announce, programs[_i].announce);
	ck_assert_int_eq(options.readonly, programs[_i].announce);
}
END_TEST

START_TEST(none)
{
	ck_assert(!server_folder_ask("/nonexistent/virtiofsd").rust);
}
END_TEST

static const struct {
	struct server_folder_options options;
	bool readonly;
	const char *words[4]; /* each on a line of its own */
	const char *never;
} lines[] = {
	{ { .rust = false }, false, { "-f", "source=/a\\, b" }, "--readonly" },
	{ { .rust = true }, false, { "--shared-dir=/a, b", "--cache=auto" }, "--readonly" },
	{ { .rust = true, .announce = true, .readonly = true },
	  false,
	  { "--shared-dir=/a, b", "--no-announce-submounts" },
	  "--readonly" },
	{ { .rust = true, .announce = true, .readonly = true, .bare = true },
	  true,
	  { "--sandbox=none", "--cache=always", "--readonly" },
	  "--sandbox=chroot" },
	{ { .rust = true, .bare = true }, false, { "--sandbox=none" }, "--readonly" },
};

/* There is a blank at the end, so that each word is a line. */
static void read_words(char text[1024])
{
	char path[80];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/words", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	text[0] = '\n';
	n = read(fd, text + 1, 1022);
	ck_assert_int_gt((int)n, 0);
	text[n + 1] = '\0';
	close(fd);
}

START_TEST(command_line)
{
	const struct options_served served = { .path = "/a, b", .readonly = lines[_i].readonly };
	char text[1024], word[64];
	int status;
	pid_t pid;

	make_program(":");
	pid = fork();
	if (pid == 0)
		server_folder_exec(program, lines[_i].options, &served, 7);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	read_words(text);
	ck_assert_ptr_nonnull(strstr(text, "\n--fd=7\n"));
	ck_assert_int_eq(strstr(text, "\n-o\n") != NULL, !lines[_i].options.rust);
	for (unsigned int i = 0; lines[_i].words[i]; i++) {
		snprintf(word, sizeof(word), "\n%s\n", lines[_i].words[i]);
		ck_assert_msg(strstr(text, word) != NULL, "no %s in %s", lines[_i].words[i], text);
	}
	ck_assert_ptr_null(strstr(text, lines[_i].never));
}
END_TEST

UNIT_MAIN("server_folder", { which_one, UNIT_COUNT(programs) }, { none, 0 },
	  { command_line, UNIT_COUNT(lines) })
