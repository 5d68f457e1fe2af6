/* SPDX-License-Identifier: MIT */
#include "server_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server_sandbox.h"
#include "user_namespace.h"

#define FOLDER_HELP_MAX 16384
#define FOLDER_HELP_MS  5000 /* limit for a program that neither answers nor ends */

/* ---- which of the two ---- */

/* Start the program with --help; its standard output and error go to `output`. 0 on failure. */
static pid_t folder_spawn_help(const char *program, int output)
{
	char name[PATH_MAX], help[] = "--help", *const argv[] = { name, help, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;

	snprintf(name, sizeof(name), "%s", program);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
	if (posix_spawn(&pid, program, &actions, NULL, argv, environ) != 0)
		pid = 0;
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* Read everything until the end, or until the time is over. */
static void folder_read(int fd, char text[FOLDER_HELP_MAX])
{
	struct pollfd file = { .fd = fd, .events = POLLIN };
	size_t size = 0;
	ssize_t n = 1;

	while (n > 0 && size < FOLDER_HELP_MAX - 1 && poll(&file, 1, FOLDER_HELP_MS) == 1) {
		n = read(fd, text + size, FOLDER_HELP_MAX - 1 - size);
		size += n > 0 ? (size_t)n : 0;
	}
	text[size] = '\0';
}

struct server_folder_options server_folder_ask(const char *program)
{
	struct server_folder_options options = { .rust = false };
	char text[FOLDER_HELP_MAX] = "";
	int pair[2];
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return options;
	pid = folder_spawn_help(program, pair[1]);
	close(pair[1]);
	if (pid)
		folder_read(pair[0], text);
	close(pair[0]);
	if (pid) {
		kill(pid, SIGKILL); /* its output is complete, or it hangs */
		waitpid(pid, NULL, 0);
	}
	options.rust = strstr(text, "--shared-dir");
	options.announce = strstr(text, "--no-announce-submounts");
	options.readonly = strstr(text, "--readonly");
	return options;
}

bool server_folder_can_serve(struct server_folder_options *options,
			     const struct options_served *served)
{
	options->bare = geteuid() != 0 && !user_namespace_is_allowed();
	return !options->bare || (options->rust && (options->readonly || !served->readonly));
}

/* ---- its command line ---- */

/* The old virtiofsd reads a list separated by commas, in which a backslash escapes a comma. */
static void folder_escape(char *to, const char *from)
{
	for (; *from; from++) {
		if (*from == ',' || *from == '\\')
			*to++ = '\\';
		*to++ = *from;
	}
	*to = '\0';
}

/* The guest may cache a folder that it cannot change. */
static const char *folder_cache(const struct options_served *served)
{
	return served->readonly ? "always" : "auto";
}

static _Noreturn void folder_exec_first(const char *program, const char *limit, const char *sandbox,
					const struct options_served *served, int listener)
{
	char fd[32], path[2 * PATH_MAX], source[2 * PATH_MAX + 64], option[64];

	snprintf(fd, sizeof(fd), "--fd=%d", listener);
	snprintf(option, sizeof(option), "sandbox=%s,cache=%s", sandbox, folder_cache(served));
	folder_escape(path, served->path);
	snprintf(source, sizeof(source), "source=%s", path);
	execl(program, program, fd, "-f", "-o", source, "-o", option, limit, NULL);
	server_sandbox_die(program);
}

/*
 * Mounts below the folder are not announced, as with the old virtiofsd, because the overlay of a
 * command's guest could not reach them.
 */
static _Noreturn void folder_exec_rust(const char *program,
				       const struct server_folder_options *options,
				       const char *limit, const char *sandbox,
				       const struct options_served *served, int listener)
{
	char fd[32], folder[PATH_MAX + 32], shut[32], cache[32];
	const char *words[9] = { program, fd, folder, shut, cache };
	unsigned int count = 5;

	snprintf(fd, sizeof(fd), "--fd=%d", listener);
	snprintf(folder, sizeof(folder), "--shared-dir=%s", served->path);
	snprintf(shut, sizeof(shut), "--sandbox=%s", options->bare ? "none" : sandbox);
	snprintf(cache, sizeof(cache), "--cache=%s", folder_cache(served));
	if (options->announce)
		words[count++] = "--no-announce-submounts";
	if (options->readonly && served->readonly)
		words[count++] = "--readonly";
	words[count] = limit;
	execv(program, (char *const *)words);
	server_sandbox_die(program);
}

_Noreturn void server_folder_exec(const char *program, struct server_folder_options options,
				  const struct options_served *served, int listener)
{
	const char *sandbox = server_sandbox_kind(served->path);
	/* Only root may have more files than the limit allows, which is what it would ask for. */
	const char *limit = geteuid() == 0 ? NULL : "--rlimit-nofile=0";

	if (limit && !options.bare)
		server_sandbox_become_root();
	if (served->readonly && !options.bare)
		server_sandbox_protect(served->path);
	/* It keeps a file open for each file that the guest knows. */
	server_sandbox_raise_files();
	if (options.rust)
		folder_exec_rust(program, &options, limit, sandbox, served, listener);
	folder_exec_first(program, limit, sandbox, served, listener);
}
