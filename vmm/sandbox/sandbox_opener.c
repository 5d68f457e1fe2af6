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
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox_paths.h"
#include "sandbox_trap.h"
#include "vmm/trace/log.h"

#define OPENER_SOCKET 3 /* its number in the child, which has no other file of minivmm's */

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

static bool opener_answer(int fd)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct opener_answer answer = { .err = fd < 0 ? fd : 0 };
	struct iovec data = { &answer, sizeof(answer) };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
	bool sent;

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	sent = sendmsg(OPENER_SOCKET, &message, MSG_NOSIGNAL) == (ssize_t)sizeof(answer);
	if (fd >= 0)
		close(fd);
	return sent;
}

static bool opener_serve(const char *const *paths, unsigned int count)
{
	char path[PATH_MAX];
	struct iovec data = { path, sizeof(path) - 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
	ssize_t n = recvmsg(OPENER_SOCKET, &message, 0);

	if (n <= 0)
		return n < 0 && errno == EINTR;
	path[n] = '\0';
	return opener_answer(opener_serve_path(path, paths, count));
}

/* It keeps the user, who may open the files, and root's way around the files' own modes. */
static int opener_confine(const struct sandbox *sandbox, const char *const *paths,
			  unsigned int count)
{
	const struct sandbox_user nobody_else = { .change = false };
	int ret = sandbox_rights_drop(&nobody_else, 1u << CAP_DAC_OVERRIDE);

	if (ret == 0)
		ret = sandbox_paths_restrict(paths, count);
	if (ret == 0 || ret == -EOPNOTSUPP)
		ret = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
	if (ret == 0 && sandbox->filters_known) {
		sandbox_trap_enter();
		ret = sandbox_filter_load(&sandbox->filters[THREAD_OPENER]);
	}
	return ret;
}

/* It ends when minivmm does: nobody can ask it any more. Keys of the terminal do not reach it. */
static _Noreturn void opener_run(const struct sandbox *sandbox, int socket,
				 const char *const *paths, unsigned int count)
{
	int ret;

	prctl(PR_SET_NAME, "opener");
	setsid();
	if (socket != OPENER_SOCKET && dup2(socket, OPENER_SOCKET) < 0)
		_exit(EXIT_FAILURE);
	close_range(OPENER_SOCKET + 1, ~0u, 0);
	ret = opener_confine(sandbox, paths, count);
	if (ret < 0) {
		log_errno("sandbox", ret, "confine the process that opens files");
		_exit(EXIT_FAILURE);
	}
	while (opener_serve(paths, count))
		;
	_exit(EXIT_SUCCESS);
}

/* ---- life ---- */

int sandbox_opener_start(struct sandbox_opener *opener, const struct sandbox *sandbox,
			 const char *const *paths, unsigned int count)
{
	int pair[2];

	/* Whole messages, and an end when the other side is closed. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return log_errno("sandbox", -errno, "socketpair");
	opener->pid = fork();
	if (opener->pid == 0) {
		close(pair[0]);
		opener_run(sandbox, pair[1], paths, count);
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
	waitpid(opener->pid, NULL, 0);
	opener->pid = 0;
}
