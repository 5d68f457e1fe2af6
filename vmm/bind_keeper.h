/* SPDX-License-Identifier: MIT */
/*
 * --bind: a process that binds devices and gives them back while minivmm runs, and at its end.
 *
 * A confined minivmm has no right to do this. A child that never sees the guest or its memory keeps
 * the right, and waits for an order. If minivmm is killed the child does nothing, and the next
 * start gives the devices back. Without confinement there is no child, and minivmm does all of this
 * itself.
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

/* Give the devices of this group back, now that they are closed. */
void bind_keeper_release(struct bind_keeper *keeper, int group);

/* Give all devices back, now that they are closed, and wait for that. */
void bind_keeper_finish(struct bind_keeper *keeper);

#endif
