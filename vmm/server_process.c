/* SPDX-License-Identifier: MIT */
#include "server_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server_folder.h"
#include "server_sandbox.h"
#include "server_supervisor.h"
#include "user_namespace.h"
#include "vmm/base/process_signal.h"
#include "vmm/trace/log.h"

/* The server of a minivmm that was killed ends a moment later. */
#define SERVER_LOCK_TRIES 100u
#define SERVER_LOCK_US    10000u

#define SERVER_TEXT 1024
#define SERVER_PATH (2 * PATH_MAX + 64) /* commas in a path are doubled */

/* The places where a program may be, and the command that installs it. */
struct server_program {
	const char *name;
	const char *places[5];
	const char *fix;
};

static const struct server_program server_storage = {
	"qemu-storage-daemon",
	{ "/usr/bin/qemu-storage-daemon", "/usr/local/bin/qemu-storage-daemon" },
	"apt-get install qemu-system-common",
};

/* Debian 12 has the first version of it in a package of QEMU's, later ones a package of its own. */
static const struct server_program server_folder = {
	"virtiofsd",
	{ "/usr/libexec/virtiofsd", "/usr/lib/virtiofsd", "/usr/lib/qemu/virtiofsd",
	  "/usr/local/libexec/virtiofsd" },
	SERVER_PROCESS_GET_VIRTIOFSD,
};

static const char *server_find_place(const struct server_program *program)
{
	for (unsigned int i = 0; program->places[i]; i++)
		if (access(program->places[i], X_OK) == 0)
			return program->places[i];
	return NULL;
}

static const char *server_find(const struct server_program *program, const char *path)
{
	const char *place = server_find_place(program);

	if (!place) {
		log_error(path, "there is no %s to serve it", program->name);
		log_fix("%s", program->fix);
	}
	return place;
}

enum server_obstacle server_process_find_obstacle(const struct options_served *served)
{
	const char *program = server_find_place(&server_folder);
	struct server_folder_options options;

	if (!program)
		return SERVER_NOT_INSTALLED;
	options = server_folder_ask(program);
	return server_folder_can_serve(&options, served) ? SERVER_NO_OBSTACLE : SERVER_NO_NAMESPACE;
}

/* ---- what is to be served ---- */

/*
 * QEMU's locks keep other programs of QEMU's away, but two qemu-storage-daemons would share a raw
 * image. This lock keeps two guests of minivmm from using one image. The server inherits it, and
 * holds it until it has ended, which may be later than minivmm. minivmm itself has no image open.
 */
static int server_lock_image(struct server_process *process, const struct options_served *served)
{
	unsigned int tries = 0;
	int ret;

	process->image = open(served->path, (served->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (process->image < 0)
		return log_errno(served->path, -errno, "open the disk image");
	do
		ret = flock(process->image, (served->readonly ? LOCK_SH : LOCK_EX) | LOCK_NB);
	while (ret < 0 && errno == EWOULDBLOCK && tries++ < SERVER_LOCK_TRIES &&
	       usleep(SERVER_LOCK_US) == 0);
	if (ret == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return log_errno(served->path, -errno, "lock the disk image");
	log_error(served->path, "in use by another guest");
	return -EBUSY;
}

static void server_let_go_of_image(struct server_process *process)
{
	if (process->image >= 0)
		close(process->image);
	process->image = -1;
}

static bool server_is_qcow2(const char *path)
{
	static const char magic[4] = { 'Q', 'F', 'I', '\xfb' };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char start[sizeof(magic)] = "";
	bool is_qcow2 = false;

	if (fd >= 0) {
		is_qcow2 = read(fd, start, sizeof(start)) == sizeof(start) &&
			   memcmp(start, magic, sizeof(magic)) == 0;
		close(fd);
	}
	return is_qcow2;
}

/*
 * The file's name decides its format. Its contents must not be trusted, because a guest could write
 * the header of a qcow2 image onto its raw disk and name any file of the host as its base.
 */
static const char *server_find_format(const struct options_served *served)
{
	const char *dot = strrchr(served->path, '.');

	if (served->format)
		return served->format;
	if (dot && strcmp(dot, ".qcow2") == 0)
		return "qcow2";
	if (!server_is_qcow2(served->path))
		return "raw";
	log_error(served->path, "not named .qcow2, but it looks like such an image");
	log_fix("minivmm --disk %s,format=qcow2   # or format=raw", served->path);
	return NULL;
}

static int server_check_folder(const struct options_served *served)
{
	struct stat st;

	if (stat(served->path, &st) < 0)
		return log_errno(served->path, -errno, "share the folder");
	if (S_ISDIR(st.st_mode))
		return 0;
	log_error(served->path, "is not a folder: --share is for folders, --disk for images");
	return -ENOTDIR;
}

/* ---- the socket ---- */

/*
 * Make a socket that listens, with minivmm's connection already in its queue. Its name is in a
 * folder that only this user can enter, and is removed before the server runs.
 */
static int server_make_socket(const char *path, int *listener, int *client)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char folder[] = "/tmp/minivmm-XXXXXX";
	int ret = 0;

	if (!mkdtemp(folder))
		return log_errno(folder, -errno, "make a folder for the socket of %s", path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
	*listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*listener < 0 || *client < 0 ||
	    bind(*listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(*listener, 1) < 0 ||
	    connect(*client, (struct sockaddr *)&address, sizeof(address)) < 0)
		ret = log_errno(path, -errno, "make a socket for its server");
	unlink(address.sun_path);
	rmdir(folder);
	return ret;
}

/* ---- the child ---- */

/* Write a value for a list separated by commas, with each comma doubled. */
static void server_escape(char *to, const char *from)
{
	for (; *from; from++) {
		if (*from == ',')
			*to++ = ',';
		*to++ = *from;
	}
	*to = '\0';
}

static _Noreturn void server_exec_storage(const char *program, const struct options_served *served,
					  const char *format, int listener)
{
	const char *readonly = served->readonly ? "on" : "off";
	char path[2 * PATH_MAX], file[SERVER_PATH], image[128], export[256];

	server_escape(path, served->path);
	snprintf(file, sizeof(file), "driver=file,node-name=file,filename=%s,read-only=%s", path,
		 readonly);
	snprintf(image, sizeof(image), "driver=%s,node-name=disk,file=file,read-only=%s", format,
		 readonly);
	snprintf(export, sizeof(export),
		 "type=vhost-user-blk,id=disk,node-name=disk,addr.type=fd,addr.str=%d,writable=%s",
		 listener, served->readonly ? "off" : "on");
	execl(program, program, "--blockdev", file, "--blockdev", image, "--export", export, NULL);
	server_sandbox_die(program);
}

/* What the child becomes. */
struct server_command {
	const char *program;
	const char *format;                   /* of a disk */
	struct server_folder_options options; /* of virtiofsd */
	bool confined;
};

static _Noreturn void server_run(const struct server_process *process,
				 const struct server_command *command,
				 const struct options_served *served, int listener)
{
	server_sandbox_detach(process->output);
	fcntl(listener, F_SETFD, 0);
	if (process->image >= 0)
		fcntl(process->image, F_SETFD, 0);
	if (command->confined)
		server_sandbox_hide_memory();
	if (command->confined && served->server == OPTIONS_SERVER_DISK)
		server_sandbox_confine_disk(served->path, served->readonly,
					    strcmp(command->format, "qcow2") == 0);
	if (served->server == OPTIONS_SERVER_DISK)
		server_exec_storage(command->program, served, command->format, listener);
	server_folder_exec(command->program, command->options, served, listener);
}

/* The program is a child process or, with a supervisor, a grandchild. */
static _Noreturn void server_start(const struct server_process *process,
				   const struct server_command *command,
				   const struct options_served *served, int listener, int life)
{
	pid_t server = life >= 0 ? fork() : 0;

	if (server == 0)
		server_run(process, command, served, listener);
	if (server < 0)
		_exit(EXIT_FAILURE);
	server_supervise(server, life);
}

/* ---- life ---- */

static int server_fork_child(struct server_process *process, const struct server_command *command,
			     const struct options_served *served, int listener, int life)
{
	process->pid = fork();
	if (process->pid == 0)
		server_start(process, command, served, listener, life);
	server_let_go_of_image(process);
	if (process->pid > 0) {
		process->file = process_signal_open(process->pid);
		return 0;
	}
	process->pid = 0;
	return log_errno(served->path, -errno, "fork");
}

static int server_fork(struct server_process *process, const struct server_command *command,
		       const struct options_served *served, bool supervised)
{
	int listener = -1, life[2] = { -1, -1 }, ret;

	process->output = memfd_create("output of a server", MFD_CLOEXEC);
	if (process->output < 0)
		return log_errno(served->path, -errno, "memfd_create");
	ret = server_make_socket(served->path, &listener, &process->socket);
	if (ret == 0 && supervised && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, life) < 0)
		ret = log_errno(served->path, -errno, "socketpair");
	if (ret == 0) {
		process->life = life[1];
		ret = server_fork_child(process, command, served, listener, life[0]);
	}
	if (life[0] >= 0)
		close(life[0]);
	if (listener >= 0)
		close(listener);
	return ret;
}

static int server_choose_options(struct server_command *command,
				 const struct options_served *served)
{
	command->options = server_folder_ask(command->program);
	if (server_folder_can_serve(&command->options, served))
		return 0;
	log_error(served->path,
		  "virtiofsd serves it to a caller who is not root with a user namespace, "
		  "which this host refuses");
	user_namespace_log_fix();
	return -EPERM;
}

int server_process_start(struct server_process *process, const struct options_served *served,
			 const struct sandbox *sandbox)
{
	bool disk = served->server == OPTIONS_SERVER_DISK;
	struct server_command command = { .format = "", .confined = sandbox->on };
	int ret;

	*process = (struct server_process){ .path = served->path,
					    .image = -1,
					    .file = -1,
					    .life = -1,
					    .socket = -1,
					    .output = -1 };
	ret = disk ? server_lock_image(process, served) : server_check_folder(served);
	if (ret < 0)
		return ret;
	command.program = server_find(disk ? &server_storage : &server_folder, served->path);
	if (!command.program)
		return -ENOENT;
	if (disk)
		command.format = server_find_format(served);
	else
		ret = server_choose_options(&command, served);
	if (!command.format)
		ret = -EINVAL;
	return ret < 0 ? ret : server_fork(process, &command, served, sandbox->user.change);
}

/* A server that failed prints its error before it exits. */
void server_process_explain(const struct server_process *process)
{
	char text[SERVER_TEXT + 1], *state;
	ssize_t length;

	if (process->pid == 0)
		return;
	for (unsigned int ms = 0; ms < 1000; ms += 10) {
		siginfo_t info = { .si_pid = 0 };

		waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT);
		if (info.si_pid)
			break;
		usleep(10000);
	}
	length = pread(process->output, text, SERVER_TEXT, 0);
	if (length <= 0)
		return;
	text[length] = '\0';
	for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state))
		log_error(process->path, "%s", line);
}

void server_process_stop(struct server_process *process)
{
	if (!process->path)
		return;
	if (process->socket >= 0)
		close(process->socket);
	if (process->output >= 0)
		close(process->output);
	if (process->life >= 0)
		server_supervisor_finish(process->pid, process->life, process->path, process->lost);
	else if (process->pid)
		server_end(process->pid, process->file, process->path, process->lost);
	if (process->file >= 0)
		close(process->file);
	server_let_go_of_image(process);
	*process = (struct server_process){ .file = -1, .socket = -1, .life = -1 };
}
