/* SPDX-License-Identifier: MIT */
#include "sandbox_trap.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/base/terminal_guard.h"
#include "vmm/base/thread_guard.h"
#include "vmm/trace/macros.h"

/*
 * State at file scope, because a signal's handler gets no argument. It is written once, before any
 * filter is loaded.
 */
static int trap_status;

static const char *const trap_calls[] = {
#include "syscall_names.h"
};

static const char *const trap_threads[THREAD_KINDS] = {
	[THREAD_MAIN] = "main",
	[THREAD_VCPU] = "vcpu",
	[THREAD_SERVER] = "server",
	[THREAD_COMMAND] = "command",
	[THREAD_DEMO] = "demo-device",
	[THREAD_OPENER] = "opener",
	[THREAD_FINDER] = "device-opener",
	[THREAD_NAMES] = "name-opener",
	[THREAD_UNLINKER] = "unlinker",
	[THREAD_SUPERVISOR] = "supervisor",
	[THREAD_WRITER] = "file-writer",
	[THREAD_BINDER] = "bind-keeper",
};

const char *sandbox_kind_name(enum thread_kind kind)
{
	return trap_threads[kind];
}

/* A line of text that grows. Code in a signal's handler may not allocate memory or take a lock. */
struct trap_line {
	char text[160];
	size_t length;
};

static void trap_say(struct trap_line *line, const char *text)
{
	while (*text && line->length < sizeof(line->text) - 1)
		line->text[line->length++] = *text++;
}

static void trap_say_number(struct trap_line *line, unsigned int number)
{
	char digits[12];
	unsigned int at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	trap_say(line, &digits[at]);
}

static void trap_say_call(struct trap_line *line, int call)
{
	const char *name =
		call >= 0 && (size_t)call < array_size(trap_calls) ? trap_calls[call] : NULL;

	if (name)
		trap_say(line, name);
	else
		trap_say_number(line, (unsigned int)call);
}

/* With seccomp's SIGSYS, si_errno is what the filter said: the kind of thread. */
static void trap_caught(int signal, siginfo_t *info, void *context)
{
	unsigned int kind = (unsigned int)info->si_errno;
	struct trap_line line = { .length = 0 };
	ssize_t n;

	(void)signal;
	(void)context;
	trap_say(&line, "minivmm: error: sandbox: the system call ");
	trap_say_call(&line, info->si_syscall);
	trap_say(&line, " is not allowed in a thread of kind ");
	trap_say(&line,
		 kind < THREAD_KINDS ? sandbox_kind_name((enum thread_kind)kind) : "unknown");
	trap_say(&line, ": minivmm ends (--no-sandbox is for debugging)\n");
	n = write(STDERR_FILENO, line.text, line.length);
	(void)n;
	terminal_guard_restore();
	syscall(SYS_exit_group, trap_status); /* not exit(), which would run code of libraries */
}

void sandbox_trap_init(int status)
{
	struct sigaction action = { .sa_sigaction = trap_caught, .sa_flags = SA_SIGINFO };

	trap_status = status;
	sigfillset(&action.sa_mask);
	sigaction(SIGSYS, &action, NULL);
}

void sandbox_trap_enter(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
