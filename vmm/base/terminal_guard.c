/* SPDX-License-Identifier: MIT */
#include "terminal_guard.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "vmm/trace/macros.h"

/* A signal's handler can be told of nothing in another way. */
static struct {
	_Atomic bool raw; /* what follows is valid */
	int fd;
	struct termios before, mode;
} guard;

/* What ends a process by default, beside what the main loop reads and what the vCPUs use. */
static const int guard_signals[] = { SIGILL,  SIGTRAP, SIGABRT,   SIGFPE, SIGSEGV, SIGALRM,
				     SIGXCPU, SIGPROF, SIGVTALRM, SIGIO,  SIGPWR,  SIGSTKFLT };

bool terminal_is_of_others(int fd)
{
	pid_t foreground = tcgetpgrp(fd);

	return foreground >= 0 && foreground != getpgrp();
}

void terminal_guard_restore(void)
{
	if (atomic_load(&guard.raw) && !terminal_is_of_others(guard.fd))
		tcsetattr(guard.fd, TCSANOW, &guard.before);
}

/* The handler is gone by now: the signal does what it does by default, dump of core and all. */
static void guard_caught(int signal)
{
	terminal_guard_restore();
	raise(signal);
}

void terminal_guard_init(void)
{
	const struct sigaction action = { .sa_handler = guard_caught,
					  .sa_flags = (int)SA_RESETHAND | SA_NODEFER };
	struct sigaction before;

	if (!isatty(STDIN_FILENO))
		return;
	for (size_t i = 0; i < array_size(guard_signals); i++)
		if (sigaction(guard_signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			sigaction(guard_signals[i], &action, NULL);
}

int terminal_guard_enter(int fd, const struct termios *before, const struct termios *raw)
{
	guard.fd = fd;
	guard.before = *before;
	guard.mode = *raw;
	atomic_store(&guard.raw, true);
	return tcsetattr(fd, TCSADRAIN, raw) < 0 ? -errno : 0;
}

void terminal_guard_leave(void)
{
	terminal_guard_restore();
	atomic_store(&guard.raw, false);
}

void terminal_guard_resume(void)
{
	if (atomic_load(&guard.raw) && !terminal_is_of_others(guard.fd))
		tcsetattr(guard.fd, TCSADRAIN, &guard.mode);
}
