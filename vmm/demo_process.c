/* SPDX-License-Identifier: MIT */
#include "demo_process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guests/demo/demo_server.h"
#include "vmm/base/patient_stream.h"
#include "vmm/base/process_signal.h"
#include "vmm/base/thread_guard.h"
#include "vmm/trace/log.h"

#define DEMO_SOCKET 3 /* its number in the child, which has no other file of minivmm's */

/*
 * The process dies with its parent, but not from keys at the parent's terminal. A change of its
 * user would make the kernel forget the former.
 */
static _Noreturn void demo_serve(int socket, const struct thread_guard *guard, pid_t parent)
{
	prctl(PR_SET_NAME, "demo-device");
	setsid();
	patient_stream_hurry(); /* no reader of its messages may hold it */
	if (socket != DEMO_SOCKET && dup2(socket, DEMO_SOCKET) < 0)
		_exit(EXIT_FAILURE);
	close_range(DEMO_SOCKET + 1, ~0u, 0);
	thread_guard_enter(guard, THREAD_DEMO);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	_exit(demo_server_run(DEMO_SOCKET) < 0);
}

int demo_start(struct demo *demo, const struct thread_guard *guard)
{
	const pid_t self = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return log_errno("demo", -errno, "socketpair");
	demo->pid = fork();
	if (demo->pid == 0) {
		close(pair[0]);
		demo_serve(pair[1], guard, self);
	}
	close(pair[1]);
	demo->socket = pair[0];
	if (demo->pid > 0) {
		demo->file = process_signal_open(demo->pid);
		return 0;
	}
	demo->pid = 0;
	return log_errno("demo", -errno, "fork");
}

/* The device has no state that must be saved, so it is killed. */
void demo_stop(struct demo *demo)
{
	if (demo->pid == 0)
		return;
	if (demo->socket >= 0)
		close(demo->socket);
	demo->socket = -1;
	process_signal_send(demo->file, demo->pid, SIGKILL);
	if (demo->file >= 0)
		close(demo->file);
	waitpid(demo->pid, NULL, 0);
	demo->pid = 0;
}
