/* SPDX-License-Identifier: MIT */
#include "sandbox_opener.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sandbox_child.h"
#include "vmm/base/patient_stream.h"
#include "vmm/base/process_signal.h"
#include "vmm/trace/log.h"

/* ---- the child ---- */

static int opener_serve_path(const char *path, const char *const *paths, unsigned int count)
{
	int fd;

	for (unsigned int i = 0; i < count; i++)
		if (strcmp(path, paths[i]) == 0) {
			fd = open(paths[i], O_RDWR | O_CLOEXEC);
			return fd < 0 ? -errno : fd;
		}
	return -EPERM;
}

struct opener_paths {
	const char *const *list;
	unsigned int count;
};

static bool opener_serve(const struct opener_paths *paths)
{
	struct opener_question question = { .what = OPENER_FILE };
	struct opener_answer answer = { .err = 0 };
	ssize_t n = recv(OPENER_SOCKET, &question, sizeof(question), 0);
	bool sent;
	int fd;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	question.path[sizeof(question.path) - 1] = '\0';
	fd = opener_serve_path(question.path, paths->list, paths->count);
	answer.err = fd < 0 ? fd : 0;
	sent = opener_reply(OPENER_SOCKET, &answer, sizeof(answer), fd);
	if (fd >= 0)
		close(fd);
	return sent;
}

/*
 * The process keeps its user, who may open the files, and root's right to ignore the modes of
 * files.
 */
static void opener_confine(const struct opener_paths *paths)
{
	struct sandbox_path *files = calloc(paths->count, sizeof(*files));
	const struct sandbox_child child = {
		.kind = THREAD_OPENER,
		.capabilities = 1u << CAP_DAC_OVERRIDE,
		.paths = files,
		.path_count = paths->count,
	};

	for (unsigned int i = 0; files && i < paths->count; i++)
		files[i] = (struct sandbox_path){ paths->list[i], SANDBOX_READ | SANDBOX_WRITE };
	if (!files) {
		log_errno("sandbox", -ENOMEM, "confine the process that opens files");
		_exit(EXIT_FAILURE);
	}
	sandbox_child_enter(&child);
}

static void opener_run(void *arg)
{
	const struct opener_paths *paths = arg;

	opener_confine(paths);
	while (opener_serve(paths))
		;
}

int sandbox_opener_start(struct sandbox_opener *opener, const char *const *paths,
			 unsigned int count)
{
	struct opener_paths told = { paths, count };

	return sandbox_opener_fork(opener, "opener", opener_run, &told);
}

/* ---- life ---- */

/* What minivmm reads and prints is not this process's; its errors are. */
static void opener_leave_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	close(null);
}

/* It ends when minivmm does: nobody can ask it any more. Keys of the terminal do not reach it. */
static _Noreturn void opener_live(int socket, const char *name, sandbox_opener_run run, void *arg)
{
	prctl(PR_SET_NAME, name);
	setsid();
	patient_stream_hurry(); /* no reader of its messages may hold it */
	if (socket != OPENER_SOCKET && dup2(socket, OPENER_SOCKET) < 0)
		_exit(EXIT_FAILURE);
	close_range(OPENER_SOCKET + 1, ~0u, 0);
	opener_leave_streams();
	run(arg);
	_exit(EXIT_SUCCESS);
}

int sandbox_opener_fork(struct sandbox_opener *opener, const char *name, sandbox_opener_run run,
			void *arg)
{
	int pair[2];

	/* This type keeps messages whole, and tells when the other side is closed. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return log_errno("sandbox", -errno, "socketpair");
	opener->pid = fork();
	if (opener->pid == 0) {
		close(pair[0]);
		opener_live(pair[1], name, run, arg);
	}
	close(pair[1]);
	if (opener->pid > 0) {
		opener->opener.socket = pair[0];
		return 0;
	}
	close(pair[0]);
	opener->pid = 0;
	return log_errno("sandbox", -errno, "fork");
}

void sandbox_opener_stop(struct sandbox_opener *opener)
{
	if (opener->pid == 0)
		return;
	close(opener->opener.socket);
	process_wait(opener->pid, "sandbox");
	opener->pid = 0;
}
