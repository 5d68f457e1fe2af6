/* SPDX-License-Identifier: MIT */
#include "bind_keeper.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/sandbox_child.h"
#include "vmm/base/patient_stream.h"
#include "vmm/trace/log.h"

#define KEEPER_SOCKET 3 /* its number in the child, which has no other file of minivmm's */

enum keeper_what {
	KEEPER_HOLD,    /* `bdf` */
	KEEPER_RELEASE, /* `group` */
	KEEPER_FINISH,
};

/* The answer is an int32_t: 0 or -errno. */
struct keeper_order {
	enum keeper_what what;
	int32_t group;
	char bdf[HOST_BDF_MAX];
};

/* Where no device can come, whoever has taken over minivmm cannot get one by us, either. */
static int32_t keeper_hold(const struct bind_keeper *keeper, struct keeper_order *order)
{
	order->bdf[sizeof(order->bdf) - 1] = '\0';
	if (!keeper->more)
		return log_errno(order->bdf, -EPERM, "bind it while the guest runs");
	return host_hold_more(keeper->held, order->bdf);
}

static int32_t keeper_obey(const struct bind_keeper *keeper, struct keeper_order *order)
{
	switch (order->what) {
	case KEEPER_HOLD:
		return keeper_hold(keeper, order);
	case KEEPER_RELEASE:
		host_release_group(keeper->held, order->group);
		return 0;
	case KEEPER_FINISH:
		host_release(keeper->held);
		return 0;
	}
	return -EINVAL;
}

/* ---- the child ---- */

/* minivmm holds the devices' records. If it is killed, no process does. */
static void keeper_let_go(struct host_held *held)
{
	for (unsigned int i = 0; i < held->count; i++) {
		close(held->locks[i]);
		held->locks[i] = -1;
	}
}

/*
 * Root's sysfs needs no capability, so giving devices back needs that of modprobe alone, for the
 * driver that a device had. To bind more of them it must see who has a device, and open the file of
 * a group that is a user's. Landlock would hide who has a device, and the filter is what modprobe
 * can live with.
 */
static void keeper_confine(bool more)
{
	const uint32_t bind = more ? 1u << CAP_DAC_OVERRIDE | 1u << CAP_SYS_PTRACE : 0;
	const struct sandbox_child child = {
		.kind = THREAD_BINDER,
		.capabilities = bind | 1u << CAP_SYS_MODULE,
	};

	sandbox_child_enter(&child);
}

/* No key and no signal but SIGKILL may end the process before its work is done. */
static _Noreturn void keeper_run(const struct bind_keeper *keeper, int socket)
{
	struct keeper_order order;
	sigset_t all;

	prctl(PR_SET_NAME, "bind-keeper");
	setsid();
	patient_stream_hurry(); /* its work does not wait for who reads its messages */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	keeper_let_go(keeper->held);
	if (socket != KEEPER_SOCKET && dup2(socket, KEEPER_SOCKET) < 0)
		_exit(EXIT_FAILURE);
	close_range(KEEPER_SOCKET + 1, ~0u, 0);
	keeper_confine(keeper->more);
	while (read(KEEPER_SOCKET, &order, sizeof(order)) == sizeof(order)) {
		int32_t ret = keeper_obey(keeper, &order);

		if (write(KEEPER_SOCKET, &ret, sizeof(ret)) != sizeof(ret))
			break;
	}
	_exit(EXIT_SUCCESS);
}

/* ---- minivmm ---- */

static int keeper_order(struct bind_keeper *keeper, struct keeper_order *order)
{
	int32_t ret = 0;
	ssize_t n;

	if (!keeper->pid)
		return keeper_obey(keeper, order);
	n = write(keeper->socket, order, sizeof(*order));
	if (n > 0)
		n = read(keeper->socket, &ret, sizeof(ret));
	if (n < 0)
		return log_errno("--bind", -errno, "ask the process that keeps the devices");
	if (n == sizeof(ret))
		return ret;
	log_error("--bind", "the process that keeps the devices has ended");
	return -LOG_TOLD;
}

int bind_keeper_start(struct bind_keeper *keeper, struct host_held *held, bool child, bool more)
{
	int pair[2];

	*keeper = (struct bind_keeper){ .held = held, .more = more, .socket = -1 };
	if (!child)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return log_errno("--bind", -errno, "socketpair");
	keeper->pid = fork();
	if (keeper->pid == 0) {
		close(pair[0]);
		keeper_run(keeper, pair[1]);
	}
	close(pair[1]);
	keeper->socket = pair[0];
	if (keeper->pid > 0)
		return 0;
	keeper->pid = 0;
	return log_errno("--bind", -errno, "fork");
}

int bind_keeper_hold(struct bind_keeper *keeper, const char *bdf)
{
	struct keeper_order order = { .what = KEEPER_HOLD };

	snprintf(order.bdf, sizeof(order.bdf), "%s", bdf);
	return keeper_order(keeper, &order);
}

void bind_keeper_release(struct bind_keeper *keeper, int group)
{
	struct keeper_order order = { .what = KEEPER_RELEASE, .group = group };

	keeper_order(keeper, &order);
}

void bind_keeper_finish(struct bind_keeper *keeper)
{
	struct keeper_order order = { .what = KEEPER_FINISH };

	keeper_order(keeper, &order);
	if (keeper->socket >= 0)
		close(keeper->socket);
	if (keeper->pid)
		waitpid(keeper->pid, NULL, 0);
}
