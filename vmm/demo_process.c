/* SPDX-License-Identifier: MIT */
#include "demo_process.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guests/demo/demo_server.h"
#include "vmm/trace/log.h"

/* It dies with its parent, and of nothing that is typed at the parent's terminal. */
static _Noreturn void demo_serve(int socket)
{
	prctl(PR_SET_NAME, "demo-device");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	_exit(demo_server_run(socket) < 0);
}

int demo_start(struct demo *demo)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return log_errno("demo", -errno, "socketpair");
	demo->pid = fork();
	if (demo->pid == 0) {
		close(pair[0]);
		demo_serve(pair[1]);
	}
	close(pair[1]);
	demo->socket = pair[0];
	if (demo->pid > 0)
		return 0;
	demo->pid = 0;
	return log_errno("demo", -errno, "fork");
}

/* There is nothing in it to lose. */
void demo_stop(struct demo *demo)
{
	if (demo->pid == 0)
		return;
	if (demo->socket >= 0)
		close(demo->socket);
	demo->socket = -1;
	kill(demo->pid, SIGKILL);
	waitpid(demo->pid, NULL, 0);
	demo->pid = 0;
}
