/* SPDX-License-Identifier: MIT */
/*
 * --bind: who binds devices and gives them back while minivmm runs, and at its end.
 *
 * A confined minivmm has no right to. A child that never sees the guest or its memory keeps the
 * right, and waits for an order. When minivmm is killed the child does nothing: as without it, the
 * next start does. Where nothing is confined there is no child, and all of this happens at once.
 */
#ifndef MINIVMM_BIND_KEEPER_H
#define MINIVMM_BIND_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "vfio/host/bind/host_bind.h"

struct bind_keeper {
	struct host_held *held;
	bool more;  /* devices may come while the guest runs */
	pid_t pid;  /* of the child, or 0 */
	int socket; /* to it, or -1 */
};

/*
 * Keep what is held: by a child, if `child`, while the process has one thread. Unless `more`, no
 * order can bind a device that was not held at the start. 0 or -errno, logged;
 * bind_keeper_finish() after either.
 */
int bind_keeper_start(struct bind_keeper *keeper, struct host_held *held, bool child, bool more);

/* One more device, with its group; as host_hold_more(). -EPERM, logged, where none may come. */
int bind_keeper_hold(struct bind_keeper *keeper, const char *bdf);

/* The devices of this group are closed: they go back now. */
void bind_keeper_release(struct bind_keeper *keeper, int group);

/* All devices are closed: they go back, and that is waited for. */
void bind_keeper_finish(struct bind_keeper *keeper);

#endif
