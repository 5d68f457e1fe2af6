/* SPDX-License-Identifier: MIT */
#include "server_supervisor.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/sandbox_child.h"
#include "vmm/base/process_signal.h"
#include "vmm/trace/log.h"

#define SERVER_LOST_MS 500u
#define SERVER_KILL_MS 300u /* after SIGKILL, which not all waits end by */

#define SUPERVISOR_TICK_MS 10
#define SUPERVISOR_LEFT    200 /* the supervisor's status: it has left the server behind */

#define SUPERVISOR_LIFE 3 /* the number of the socket, which is the only open file here */

/*
 * One that writes its caches gets the time for that, and one that waits for its file goes on alone.
 * One that is lost is killed. Whether it has ended.
 */
static bool server_finish(pid_t server, int file, bool lost, int *status)
{
	process_signal_send(file, server, SIGTERM);
	if (!lost)
		return process_ends(server, PROCESS_IDLE_MS, PROCESS_MAX_MS, status);
	if (process_ends(server, SERVER_LOST_MS, SERVER_LOST_MS, status))
		return true;
	process_signal_send(file, server, SIGKILL);
	return process_ends(server, SERVER_KILL_MS, SERVER_KILL_MS, status);
}

static void server_tell_left(const char *path)
{
	log_warn(path, "its server does not end, since it waits for a file: it is left behind");
}

void server_end(pid_t server, int file, const char *path, bool lost)
{
	int status;

	if (!server_finish(server, file, lost, &status))
		server_tell_left(path);
}

/* ---- the supervisor ---- */

static int supervisor_end(pid_t server, bool lost)
{
	int status = 0;

	if (!server_finish(server, -1, lost, &status))
		_exit(SUPERVISOR_LEFT);
	return status;
}

/* A kernel older than 5.3 has no such file, so it must be polled. */
static int supervisor_watch(pid_t server, int pidfd)
{
	struct pollfd files[2] = {
		{ .fd = SUPERVISOR_LIFE, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
	};
	const int ms = files[1].fd < 0 ? SUPERVISOR_TICK_MS : -1;
	int status = 0;
	char lost;

	for (;;) {
		poll(files, 2, ms);
		if (waitpid(server, &status, WNOHANG) == server)
			return status;
		if (files[0].revents)
			return supervisor_end(server, read(SUPERVISOR_LIFE, &lost, 1) == 1);
	}
}

/* It stays root, whose server it ends, and needs no capability for that, and no path. */
static int supervisor_run(pid_t server)
{
	static const struct sandbox_path none = { "/", 0 };
	const struct sandbox_child child = { .kind = THREAD_SUPERVISOR,
					     .paths = &none,
					     .child = server };
	int pidfd = (int)syscall(SYS_pidfd_open, server, 0);

	sandbox_child_enter(&child);
	return supervisor_watch(server, pidfd);
}

_Noreturn void server_supervise(pid_t server, int life)
{
	int status;

	prctl(PR_SET_NAME, "supervisor");
	setsid();
	if (dup2(life, SUPERVISOR_LIFE) < 0) {
		status = supervisor_end(server, true);
	} else {
		close_range(SUPERVISOR_LIFE + 1, ~0u, 0);
		for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
			close(fd);
		status = supervisor_run(server);
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

/* ---- minivmm ---- */

/* If the supervisor is already gone, its server has ended, and nothing is sent. */
void server_supervisor_finish(pid_t supervisor, int life, const char *path, bool lost)
{
	char word = 0;
	struct iovec byte = { &word, 1 };
	const struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1 };
	int status = 0;

	if (lost)
		sendmsg(life, &message, MSG_NOSIGNAL);
	close(life);
	if (!process_ends(supervisor, PROCESS_IDLE_MS + SERVER_LOST_MS,
			  PROCESS_MAX_MS + SERVER_LOST_MS, &status) ||
	    (WIFEXITED(status) && WEXITSTATUS(status) == SUPERVISOR_LEFT))
		server_tell_left(path);
}
