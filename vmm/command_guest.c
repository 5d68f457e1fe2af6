/* SPDX-License-Identifier: MIT */
#include "command_guest.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guests/command_ports.h"
#include "terminal.h"
#include "vmm/cli/options_served.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define PROGRAM_DEPTH 3 /* a script's interpreter may be a script */

/* ---- the text ---- */

/*
 * Variables that name sockets, screens and sessions of the host are left out, because the guest
 * cannot reach those.
 */
static bool guest_wants_variable(const char *variable)
{
	static const char *const unwanted[] = {
		"DBUS_",       "DISPLAY=",         "SSH_",           "STY=", "TMUX", "WAYLAND_",
		"XAUTHORITY=", "XDG_RUNTIME_DIR=", "GPG_AGENT_INFO="
	};

	for (unsigned int i = 0; i < array_size(unwanted); i++)
		if (strncmp(variable, unwanted[i], strlen(unwanted[i])) == 0)
			return false;
	return true;
}

static void guest_put(FILE *text, const char *name, const char *value)
{
	fprintf(text, "%s=%s", name, value);
	fputc('\0', text);
}

static void guest_put_number(FILE *text, const char *name, unsigned int value)
{
	fprintf(text, "%s=%u", name, value);
	fputc('\0', text);
}

static void guest_put_terminal(FILE *text, const struct command_streams *streams)
{
	unsigned int rows, columns;
	char digits[4] = "", *end = digits;

	for (int fd = 0; fd < 3; fd++)
		if (streams->tty[fd])
			*end++ = (char)('0' + fd);
	terminal_get_size(streams->terminal, &rows, &columns);
	guest_put(text, "tty", digits);
	guest_put_number(text, "rows", rows);
	guest_put_number(text, "cols", columns);
}

/*
 * Folders of the host appear at their own paths in the guest; shares without a path on the host do
 * not.
 */
static int guest_put_shares(FILE *text, const struct config *config)
{
	for (unsigned int i = 0; i < config->served_count; i++) {
		const struct options_served *served = &config->served[i];
		char place[PATH_MAX];

		if (served->server != OPTIONS_SERVER_SHARE)
			continue;
		if (!realpath(served->path, place))
			return log_errno(served->path, -errno, "share the folder");
		fprintf(text, "%s=%s:%s", served->readonly ? "share-ro" : "share",
			options_share_tag(served), place);
		fputc('\0', text);
	}
	return 0;
}

static int guest_put_all(FILE *text, const struct config *config,
			 const struct command_streams *streams, bool shared)
{
	char cwd[PATH_MAX];

	for (char **word = config->run; *word; word++)
		guest_put(text, "arg", *word);
	for (char **variable = environ; *variable; variable++)
		if (guest_wants_variable(*variable))
			guest_put(text, "env", *variable);
	guest_put(text, "cwd", getcwd(cwd, sizeof(cwd)) ? cwd : "/");
	guest_put_terminal(text, streams);
	if (shared)
		guest_put(text, "root", COMMAND_GUEST_ROOT);
	/*
	 * overlayfs opens the files below it with O_NOATIME, which Linux allows only to their owner
	 * and to root. A server that is neither would have to refuse.
	 */
	guest_put(text, "layer", geteuid() == 0 ? "memory" : "none");
	return guest_put_shares(text, config);
}

/* ---- the files of a program ---- */

static void guest_add_file(struct command_guest *guest, const char *path)
{
	for (unsigned int i = 0; i < guest->file_count; i++)
		if (strcmp(guest->files[i], path) == 0)
			return;
	if (guest->file_count == COMMAND_FILES_MAX)
		return;
	guest->files[guest->file_count] = strdup(path);
	guest->file_count += guest->files[guest->file_count] != NULL;
}

/* Look a command up as a shell does; false if it is not found. */
static bool guest_find_program(const char *name, char path[PATH_MAX])
{
	const char *folders = getenv("PATH");

	if (strchr(name, '/')) {
		snprintf(path, PATH_MAX, "%s", name);
		return access(path, X_OK) == 0;
	}
	for (const char *at = folders ? folders : "/usr/bin:/bin"; *at; at += *at == ':') {
		size_t length = strcspn(at, ":");

		snprintf(path, PATH_MAX, "%.*s/%s", (int)length, at, name);
		if (access(path, X_OK) == 0)
			return true;
		at += length;
	}
	return false;
}

/*
 * Ask the dynamic linker which libraries it would load. It prints a line for each, and the program
 * does not run. The linker itself is added last, under the name that the program has for it.
 */
static void guest_add_libraries(struct command_guest *guest, const char *linker,
				const char *program)
{
	char line[PATH_MAX + 64];
	int output[2];
	FILE *list;
	pid_t pid;

	if (pipe2(output, O_CLOEXEC) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		dup2(output[1], STDOUT_FILENO);
		execl(linker, linker, "--list", program, NULL);
		_exit(COMMAND_STATUS_NOT_RUN);
	}
	close(output[1]);
	list = fdopen(output[0], "r");
	while (list && fgets(line, sizeof(line), list)) {
		char *path = strchr(line, '/');

		if (!path)
			continue;
		path[strcspn(path, " \n")] = '\0';
		guest_add_file(guest, path);
	}
	if (list)
		fclose(list);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/*
 * The dynamic linker that a program asks for; empty for a static program, or a file that is not a
 * program.
 */
static void guest_read_linker(int fd, char linker[PATH_MAX])
{
	Elf64_Ehdr elf;
	Elf64_Phdr header;
	ssize_t length;

	linker[0] = '\0';
	if (pread(fd, &elf, sizeof(elf), 0) != sizeof(elf) ||
	    memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0)
		return;
	for (unsigned int i = 0; i < elf.e_phnum; i++) {
		off_t at = (off_t)(elf.e_phoff + i * sizeof(header));

		if (pread(fd, &header, sizeof(header), at) != sizeof(header) ||
		    header.p_type != PT_INTERP)
			continue;
		length = pread(fd, linker, PATH_MAX - 1, (off_t)header.p_offset);
		linker[length < 0 ? 0 : length] = '\0'; /* its name ends before */
		return;
	}
}

/* The first line of a script, without its `#!`; empty for any other file. */
static void guest_read_interpreter(int fd, char interpreter[PATH_MAX])
{
	char line[PATH_MAX] = "";
	const char *at = line + 2;

	interpreter[0] = '\0';
	if (pread(fd, line, sizeof(line) - 1, 0) < 3 || line[0] != '#' || line[1] != '!')
		return;
	at += strspn(at, " \t");
	snprintf(interpreter, PATH_MAX, "%.*s", (int)strcspn(at, " \t\n"), at);
}

static void guest_add_program(struct command_guest *guest, const char *name, unsigned int depth)
{
	char path[PATH_MAX], interpreter[PATH_MAX], linker[PATH_MAX];
	int fd;

	if (depth == 0 || !guest_find_program(name, path))
		return;
	guest_add_file(guest, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	guest_read_interpreter(fd, interpreter);
	guest_read_linker(fd, linker);
	close(fd);
	if (linker[0])
		guest_add_libraries(guest, linker, path);
	if (interpreter[0])
		guest_add_program(guest, interpreter, depth - 1);
}

/* ---- life ---- */

int command_guest_init(struct command_guest *guest, const struct config *config,
		       const struct command_streams *streams, bool shared)
{
	FILE *text = open_memstream(&guest->text, &guest->size);
	int ret;

	if (!text)
		return log_errno("command", -errno, "describe it to the guest");
	ret = guest_put_all(text, config, streams, shared);
	if (fclose(text) && ret == 0)
		ret = log_errno("command", -errno, "describe it to the guest");
	if (ret == 0 && !shared)
		guest_add_program(guest, config->run[0], PROGRAM_DEPTH);
	return ret;
}

void command_guest_destroy(struct command_guest *guest)
{
	while (guest->file_count)
		free(guest->files[--guest->file_count]);
	free(guest->text);
	guest->text = NULL;
}
