/* SPDX-License-Identifier: MIT */
#include "pending_signal.h"

#include <signal.h>
#include <stddef.h>

static _Thread_local struct {
	bool (*asks)(void *owner);
	void *owner;
} pending_keys;

bool pending_signal_ends(void)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) ||
	       sigismember(&pending, SIGHUP) || sigismember(&pending, SIGQUIT);
}

void pending_end_watch(bool (*asks)(void *owner), void *owner)
{
	pending_keys.asks = asks;
	pending_keys.owner = owner;
}

bool pending_end_is_asked(void)
{
	return pending_signal_ends() ||
	       (pending_keys.asks && pending_keys.asks(pending_keys.owner));
}
