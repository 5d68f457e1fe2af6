/* SPDX-License-Identifier: MIT */
#include "qmp_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sandbox/sandbox_child.h"
#include "vmm/base/process_signal.h"
#include "vmm/trace/log.h"

#define KEEPER_BACKLOG 4

#define KEEPER_FOLDER 3 /* the number of the one file that the process has beside its streams */

/* What the process is told at its start. */
struct keeper_task {
	const char *path;
	int socket;
	bool confined;
	struct sockaddr_un address;
};

static int keeper_refuse(const char *path, int err, const char *why)
{
	log_error(path, "cannot be the control socket: %s", why);
	return err;
}

/* Remove a socket to which no program listens any more; refuse any other file. */
static int keeper_clear_path(const struct keeper_task *task)
{
	struct stat file;
	int fd, err;

	if (lstat(task->path, &file) < 0)
		return 0;
	if (!S_ISSOCK(file.st_mode))
		return keeper_refuse(task->path, -EEXIST, "a file of another kind is there");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return log_errno(task->path, -errno, "socket");
	err = connect(fd, (const struct sockaddr *)&task->address, sizeof(task->address)) < 0
		      ? errno
		      : 0;
	close(fd);
	if (err != ECONNREFUSED)
		return keeper_refuse(task->path, -EADDRINUSE, "another program listens there");
	if (unlink(task->path) < 0)
		return log_errno(task->path, -errno, "unlink the socket that was left there");
	return 0;
}

/* ---- the process ---- */

/*
 * The mode is set before bind(), so that only its owner can ever use it. Whoever waits for the file
 * connects as soon as it is there, so the socket listens at once.
 */
static int keeper_bind(const struct keeper_task *task, struct stat *file)
{
	const char *failed = NULL;
	int ret;

	umask(0177);
	if (bind(task->socket, (const struct sockaddr *)&task->address, sizeof(task->address)) < 0)
		return log_errno(task->path, -errno, "bind the control socket");
	if (listen(task->socket, KEEPER_BACKLOG) < 0)
		failed = "listen";
	else if (lstat(task->path, file) < 0)
		failed = "look at the control socket";
	if (!failed)
		return 0;
	ret = log_errno(task->path, -errno, "%s", failed);
	unlink(task->path);
	return ret;
}

/* Remove only the file that was made; another program may have put its own there. */
static void keeper_unlink(const struct stat *file, const char *name)
{
	struct stat now;

	if (fstatat(KEEPER_FOLDER, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    now.st_ino == file->st_ino && now.st_dev == file->st_dev)
		unlinkat(KEEPER_FOLDER, name, 0);
}

/*
 * Who may remove the file: the folder's owner, who needs no capability for it. In a folder of
 * root's, or where this is not root, it is whoever this process is.
 */
static struct sandbox_user keeper_find_remover(void)
{
	struct stat status;

	if (geteuid() != 0 || fstat(KEEPER_FOLDER, &status) < 0 || status.st_uid == 0)
		return (struct sandbox_user){ .change = false };
	return (struct sandbox_user){ true, status.st_uid, status.st_gid };
}

static void keeper_confine(const char *folder)
{
	const struct sandbox_path beneath = { folder, SANDBOX_REMOVE };
	const struct sandbox_child child = { .kind = THREAD_UNLINKER,
					     .user = keeper_find_remover(),
					     .paths = &beneath,
					     .path_count = 1 };

	sandbox_child_enter(&child);
}

/* The folder's path, in memory of the caller's, and the name in it. */
static const char *keeper_split_path(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return path;
	*slash = '\0';
	return slash + 1;
}

/* Keep the folder and the other end as the only files, above all none of a device. */
static void keeper_leave_files(int folder, int other_end)
{
	dup2(other_end, STDIN_FILENO);
	if (dup2(folder, KEEPER_FOLDER) < 0)
		_exit(EXIT_FAILURE);
	close(STDOUT_FILENO);
	close_range(KEEPER_FOLDER + 1, ~0u, 0);
}

/* Say how it went, and wait until the other end is closed, which happens however minivmm ends. */
static void keeper_wait(int ret)
{
	char byte;

	if (write(STDIN_FILENO, &ret, sizeof(ret)) == sizeof(ret))
		while (read(STDIN_FILENO, &byte, 1) != 0)
			;
}

/* Without its folder the file is not made. */
static int keeper_make_file(const struct keeper_task *task, const char *folder, struct stat *file)
{
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return log_errno(task->path, -errno, "open the control socket's folder");
	ret = keeper_bind(task, file);
	return ret < 0 ? ret : fd;
}

static _Noreturn void keeper_live(const struct keeper_task *task, int other_end)
{
	char path[sizeof(task->address.sun_path)];
	const char *name, *parent;
	struct stat file = { 0 };
	int folder;

	strcpy(path, task->path);
	name = keeper_split_path(path);
	parent = name == path ? "." : path[0] ? path : "/";
	prctl(PR_SET_NAME, "unlinker");
	setsid(); /* the terminal's signals must not reach it */
	folder = keeper_make_file(task, parent, &file);
	if (folder >= 0) {
		keeper_leave_files(folder, other_end);
		if (task->confined)
			keeper_confine(parent);
		keeper_wait(0);
		keeper_unlink(&file, name);
	} else {
		dup2(other_end, STDIN_FILENO);
		keeper_wait(folder);
	}
	_exit(0);
}

/* ---- minivmm's side ---- */

/* How it went. A process that ended before it could say so may have left the file. */
static int keeper_ask(const struct qmp_keeper *keeper, const struct keeper_task *task)
{
	ssize_t size;
	int ret;

	do
		size = read(keeper->fd, &ret, sizeof(ret));
	while (size < 0 && errno == EINTR);
	if (size == sizeof(ret))
		return ret;
	log_error(task->path, "the process that keeps the control socket ended at its start");
	shutdown(task->socket, SHUT_RDWR); /* nobody listens any more */
	keeper_clear_path(task);
	return -ECHILD;
}

static int keeper_fork(struct qmp_keeper *keeper, const struct keeper_task *task)
{
	int ends[2], ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return log_errno(task->path, -errno, "socketpair");
	keeper->pid = fork();
	if (keeper->pid == 0) {
		close(ends[0]);
		keeper_live(task, ends[1]);
	}
	ret = keeper->pid < 0 ? log_errno(task->path, -errno, "fork") : 0;
	close(ends[1]);
	keeper->fd = ends[0];
	if (ret < 0) {
		close(keeper->fd);
		keeper->pid = 0;
	}
	return ret;
}

int qmp_keeper_start(struct qmp_keeper *keeper, const char *path, int socket, bool confined)
{
	struct keeper_task task = { path, socket, confined, { .sun_family = AF_UNIX } };
	int ret;

	keeper->pid = 0;
	if (strlen(path) >= sizeof(task.address.sun_path))
		return log_errno(path, -ENAMETOOLONG, "bind the control socket");
	strcpy(task.address.sun_path, path);
	ret = keeper_clear_path(&task);
	if (ret == 0)
		ret = keeper_fork(keeper, &task);
	if (ret == 0)
		ret = keeper_ask(keeper, &task);
	if (ret < 0)
		qmp_keeper_end(keeper);
	return ret;
}

void qmp_keeper_end(struct qmp_keeper *keeper)
{
	if (keeper->pid == 0)
		return;
	close(keeper->fd);
	process_wait(keeper->pid, "control socket");
	keeper->pid = 0;
}
