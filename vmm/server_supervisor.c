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

#define SERVER_STOP_MS 10000
#define SERVER_LOST_MS 500
#define SERVER_TICK_MS 10

#define SUPERVISOR_LIFE 3 /* the number of the socket, which is the only open file here */

int server_end(pid_t server, int file, bool lost)
{
	const unsigned int most = lost ? SERVER_LOST_MS : SERVER_STOP_MS;
	int status = 0;

	process_signal_send(file, server, SIGTERM);
	for (unsigned int ms = 0; ms < most; ms += SERVER_TICK_MS) {
		if (waitpid(server, &status, WNOHANG) != 0)
			return status;
		usleep(SERVER_TICK_MS * 1000);
	}
	process_signal_send(file, server, SIGKILL);
	waitpid(server, &status, 0);
	return status;
}

/* ---- the supervisor ---- */

/* A kernel older than 5.3 has no such file, so it must be polled. */
static int supervisor_watch(pid_t server, int pidfd)
{
	struct pollfd files[2] = {
		{ .fd = SUPERVISOR_LIFE, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
	};
	const int ms = files[1].fd < 0 ? SERVER_TICK_MS : -1;
	int status = 0;
	char lost;

	for (;;) {
		poll(files, 2, ms);
		if (waitpid(server, &status, WNOHANG) == server)
			return status;
		if (files[0].revents)
			return server_end(server, -1, read(SUPERVISOR_LIFE, &lost, 1) == 1);
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
		status = server_end(server, -1, true);
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
void server_supervisor_finish(pid_t supervisor, int life, bool lost)
{
	char word = 0;
	struct iovec byte = { &word, 1 };
	const struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1 };

	if (lost)
		sendmsg(life, &message, MSG_NOSIGNAL);
	close(life);
	waitpid(supervisor, NULL, 0);
}
