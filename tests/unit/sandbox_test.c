/* SPDX-License-Identifier: MIT */
/* The sandbox, in children: what each kind of thread may do, and how it ends if it does more. */
#include "child_process.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vmm/base/pending_signal.h"
#include "vmm/sandbox/sandbox.h"
#include "vmm/sandbox/sandbox_child.h"
#include "vmm/sandbox/sandbox_opener.h"
#include "vmm/sandbox/sandbox_trap.h"
#include "vmm/trace/log.h"

#define STATUS 77 /* of a sandbox's end, told apart from a sanitizer's */

static struct sandbox sandbox;

static void child_prepare(enum thread_kind kind)
{
	const struct sandbox_options options = { .status = STATUS,
						 .threads = SANDBOX_MAIN | 1u << kind,
						 .wanted = { true, true } };

	if (sandbox_init(&sandbox, &options) < 0)
		_exit(2);
}

static void child_enter(enum thread_kind kind)
{
	child_prepare(kind);
	if (kind >= THREAD_OPENER)
		sandbox_child_enter(&(struct sandbox_child){ .kind = kind });
	else if (kind != THREAD_MAIN)
		thread_guard_enter(sandbox_guard(&sandbox), kind);
	else if (sandbox_confine(&sandbox, NULL, 0) < 0)
		_exit(2);
}

/* Processes end with a status of their own. */
static int child_status(enum thread_kind kind)
{
	return kind >= THREAD_OPENER ? EXIT_FAILURE : STATUS;
}

/* ---- forbidden calls ---- */

static void forbidden_call(enum thread_kind kind)
{
	child_enter(kind);
	syscall(SYS_getuid);
}

static void forbidden_path(enum thread_kind kind)
{
	child_enter(kind);
	syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}

static void forbidden_ioctl(enum thread_kind kind)
{
	child_enter(kind);
	syscall(SYS_ioctl, 0, KVM_GET_API_VERSION, 0);
}

static void forbidden_code(enum thread_kind kind)
{
	child_enter(kind);
	syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void forbidden_fork(enum thread_kind kind)
{
	child_enter(kind);
	syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

static void forbidden_kill(enum thread_kind kind)
{
	const pid_t other = getppid();

	child_enter(kind);
	syscall(SYS_tgkill, other, other, 0);
}

static void forbidden_signal(enum thread_kind kind)
{
	const pid_t other = getppid();

	child_enter(kind);
	syscall(SYS_kill, other, 0);
}

static void forbidden_limit(enum thread_kind kind)
{
	const pid_t other = getppid();

	child_enter(kind);
	syscall(SYS_prlimit64, other, RLIMIT_CPU, NULL, NULL);
}

static void blocked_signals(enum thread_kind kind)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	forbidden_call(kind);
}

static const struct {
	const char *call;
	void (*make)(enum thread_kind kind);
} forbidden[] = {
	{ "getuid", forbidden_call },     { "openat", forbidden_path },
	{ "ioctl", forbidden_ioctl },     { "mmap", forbidden_code },
	{ "clone", forbidden_fork },      { "getuid", blocked_signals },
	{ "tgkill", forbidden_kill },     { "kill", forbidden_signal },
	{ "prlimit64", forbidden_limit },
};

/* The kinds that open files are told by Landlock which files; see sandbox_child_test.c. */
START_TEST(forbidden_call_ends)
{
	enum thread_kind kind = (enum thread_kind)(_i % THREAD_KINDS);
	unsigned int row = (unsigned int)_i / THREAD_KINDS;
	char text[160];
	struct child child;

	if (forbidden[row].make == forbidden_path &&
	    (kind == THREAD_OPENER || kind == THREAD_FINDER || kind == THREAD_NAMES))
		return;
	if (kind == THREAD_BINDER)
		return; /* see sandbox_child_test.c */
	child_run(&child, forbidden[row].make, kind);
	snprintf(text, sizeof(text),
		 "minivmm: error: sandbox: the system call %s is not allowed in a thread of kind "
		 "%s: ",
		 forbidden[row].call, sandbox_kind_name(kind));
	child_expect(&child, child_status(kind), text);
	ck_assert_ptr_eq(strchr(child.said, '\n'), strrchr(child.said, '\n'));
}
END_TEST

/* ---- what it leaves ---- */

/* Threads cannot be made here, because the lists lack the sanitizers' own calls. */
static void allowed_life(enum thread_kind kind)
{
	void *memory;

	child_enter(kind);
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	child_must(memory != MAP_FAILED && munmap(memory, 4096) == 0, "memory");
	child_must(syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS, "clone3");
	child_must(write(STDERR_FILENO, "lived", 5) == 5, "a message");
	syscall(SYS_exit_group, 0);
}

START_TEST(allowed_calls_go_on)
{
	struct child child;

	child_run(&child, allowed_life, THREAD_MAIN);
	child_expect(&child, 0, "lived");
}
END_TEST

static void allowed_wait(enum thread_kind kind)
{
	child_enter(kind);
	child_must(!pending_end_is_asked(), "no end is asked for");
	child_must(write(STDERR_FILENO, "lived", 5) == 5, "a message");
	syscall(SYS_exit_group, 0);
}

static const enum thread_kind waiting[] = { THREAD_MAIN, THREAD_VCPU, THREAD_SERVER };

/* Each of these may be the one that waits for a slow server. */
START_TEST(who_waits_may_look_for_the_end)
{
	struct child child;

	child_run(&child, allowed_wait, waiting[_i]);
	child_expect(&child, 0, "lived");
}
END_TEST

/* Strays are files that came through exec(): they lack close-on-exec. */
static void strays_go(enum thread_kind kind)
{
	int stray = dup(STDERR_FILENO), kept = dup(STDERR_FILENO);
	int own = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

	child_prepare(kind);
	child_must(sandbox_confine(&sandbox, &kept, 1) == 0, "confine");
	child_must(write(stray, "x", 1) < 0, "a stray stayed");
	child_must(write(kept, "kept ", 5) == 5, "a file that was to stay is gone");
	child_must(write(own, "own", 3) == 3, "a file of minivmm's is gone");
}

START_TEST(stray_files_are_closed)
{
	struct child child;

	child_run(&child, strays_go, THREAD_MAIN);
	child_expect(&child, 0, "kept own");
}
END_TEST

/*
 * What Landlock calls scopes. A process that must end others, which it started before, can send
 * signals; any other cannot.
 */
static void signal_is_scoped(bool children)
{
	const long abi =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	const bool sent = kill(getppid(), 0) == 0;

	child_must(sent == (children || abi < 6), "a signal to another process");
	child_must(kill(getpid(), 0) == 0, "a signal to itself");
}

static void scoped(enum thread_kind kind)
{
	child_prepare(kind);
	sandbox.filters_known = false;
	sandbox.signals = kind == THREAD_VCPU;
	child_must(sandbox_confine(&sandbox, NULL, 0) == 0, "confine");
	signal_is_scoped(sandbox.signals);
}

START_TEST(signals_reach_children_alone)
{
	struct child child;

	child_run(&child, scoped, _i ? THREAD_VCPU : THREAD_MAIN);
	child_expect(&child, 0, "");
}
END_TEST

/* Landlock holds even where there is no filter. */
static void paths_closed(enum thread_kind kind)
{
	child_prepare(kind);
	sandbox.filters_known = false;
	child_must(sandbox_confine(&sandbox, NULL, 0) == 0, "confine");
	if (!sandbox.paths_closed)
		dprintf(STDERR_FILENO, "no Landlock");
	else
		child_must(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES, "a path");
	child_must(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no_new_privs");
	child_must(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0, "dumpable");
	child_must(geteuid() != 0 || prctl(PR_CAPBSET_READ, 0, 0, 0, 0) == 0, "bounding set");
}

START_TEST(paths_are_closed)
{
	struct child child;

	child_run(&child, paths_closed, THREAD_MAIN);
	child_expect(&child, 0, "");
}
END_TEST

/* ---- the user ---- */

static void becomes_user(enum thread_kind kind)
{
	uid_t real, effective, saved;

	setenv("SUDO_UID", "65534", 1);
	setenv("SUDO_GID", "65533", 1);
	child_prepare(kind);
	sandbox.filters_known = false;
	child_must(sandbox_confine(&sandbox, NULL, 0) == 0, "confine");
	getresuid(&real, &effective, &saved);
	child_must(real == 65534 && effective == 65534 && saved == 65534, "the user");
	getresgid(&real, &effective, &saved);
	child_must(real == 65533 && effective == 65533 && saved == 65533, "the group");
	child_must(getgroups(0, NULL) == 0, "further groups");
	child_must(setuid(0) < 0, "root again");
}

START_TEST(sudo_goes_on_as_its_caller)
{
	struct child child;

	if (geteuid() != 0)
		return;
	child_run(&child, becomes_user, THREAD_MAIN);
	child_expect(&child, 0, "");
}
END_TEST

START_TEST(user_is_found)
{
	struct sandbox_user user;

	unsetenv("SUDO_UID");
	ck_assert_int_eq(sandbox_user_find(&user, NULL), 0);
	ck_assert(!user.change);
	ck_assert_int_eq(sandbox_user_find(&user, "no such user"), -ENOENT);
	ck_assert_int_eq(sandbox_user_find(&user, "4000000000"), -ENOENT);
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(sandbox_user_find(&user, "nobody"), 0);
	ck_assert(user.change && user.uid == 65534);
	ck_assert_int_eq(sandbox_user_find(&user, "65534"), 0);
	ck_assert(user.change && user.uid == 65534);
	ck_assert_int_eq(sandbox_user_find(&user, "root"), 0);
	ck_assert(!user.change);
}
END_TEST

/* ---- the process that opens ---- */

static void opener_serves(enum thread_kind kind)
{
	const char *paths[] = { "/dev/null", "/dev/zero" };
	struct sandbox_opener opener;
	int fd;

	child_prepare(kind);
	child_must(sandbox_opener_start(&opener, paths, 2) == 0, "start");
	for (int i = 0; i < 3; i++) {
		fd = opener_open(&opener.opener, "/dev/zero");
		child_must(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC, "a file");
		close(fd);
	}
	child_must(opener_open(&opener.opener, "/etc/passwd") == -EPERM, "another file");
	child_must(opener_open(NULL, "/dev/nowhere") == -ENOENT, "without an opener");
	kill(opener.pid, SIGKILL);
	child_must(opener_open(&opener.opener, "/dev/null") == -LOG_TOLD, "a lost opener");
	sandbox_opener_stop(&opener);
	sandbox_opener_stop(&opener);
}

START_TEST(opener_opens_what_it_was_told)
{
	struct child child;

	child_run(&child, opener_serves, THREAD_OPENER);
	child_expect(&child, 0, "");
}
END_TEST

UNIT_MAIN("sandbox", { forbidden_call_ends, THREAD_KINDS *UNIT_COUNT(forbidden) },
	  { allowed_calls_go_on, 0 }, { who_waits_may_look_for_the_end, UNIT_COUNT(waiting) },
	  { stray_files_are_closed, 0 }, { paths_are_closed, 0 },
	  { signals_reach_children_alone, 2 }, { sudo_goes_on_as_its_caller, 0 },
	  { user_is_found, 0 }, { opener_opens_what_it_was_told, 0 })
