/* SPDX-License-Identifier: MIT */
#include "pending_signal.h"

#include <signal.h>

bool pending_signal_ends(void)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) ||
	       sigismember(&pending, SIGHUP) || sigismember(&pending, SIGQUIT);
}
