/* SPDX-License-Identifier: MIT */
/*
 * vmm/sandbox/sandbox_child.c: what a process that keeps one right may do, and what the program
 * of a server may do. sandbox_test.c has the calls that end each kind of process.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child_process.h"
#include "vmm/sandbox/sandbox_child.h"

/* The process that runs modprobe may not do this, though it may do much. */
static const struct {
	const char *name;
	long call, arg;
} denied[] = {
	{ "ptrace", SYS_ptrace, 0 },
	{ "process_vm_readv", SYS_process_vm_readv, 0 },
	{ "mount", SYS_mount, 0 },
	{ "unshare", SYS_unshare, 0 },
	{ "setns", SYS_setns, 0 },
	{ "socket", SYS_socket, 0 },
	{ "bpf", SYS_bpf, 0 },
	{ "kexec_load", SYS_kexec_load, 0 },
	{ "reboot", SYS_reboot, 0 },
	{ "keyctl", SYS_keyctl, 0 },
	{ "setresuid", SYS_setresuid, 0 },
	{ "io_uring_setup", SYS_io_uring_setup, 0 },
	{ "chroot", SYS_chroot, 0 },
	{ "open_by_handle_at", SYS_open_by_handle_at, 0 },
	{ "kill", SYS_kill, 0 },
	{ "tkill", SYS_tkill, 0 },
	{ "tgkill", SYS_tgkill, 1 },
	{ "rt_tgsigqueueinfo", SYS_rt_tgsigqueueinfo, 0 },
	{ "pidfd_send_signal", SYS_pidfd_send_signal, 0 },
	{ "prlimit64", SYS_prlimit64, 1 },
	{ "clone", SYS_clone, CLONE_NEWUSER | SIGCHLD },
};
static unsigned int denied_row;

static void denied_call(enum thread_kind kind)
{
	sandbox_child_enter(&(struct sandbox_child){ .kind = kind });
	syscall(denied[denied_row].call, denied[denied_row].arg, 0, 0, 0, 0, 0);
}

START_TEST(denied_call_ends)
{
	struct child child;
	char text[80];

	denied_row = (unsigned int)_i;
	child_run(&child, denied_call, THREAD_BINDER);
	snprintf(text, sizeof(text), "%s is not allowed in a thread of kind bind-keeper",
		 denied[_i].name);
	child_expect(&child, EXIT_FAILURE, text);
}
END_TEST

/* In a server's program, which does not know of filters, the call fails. */
static void denied_in_program(enum thread_kind kind)
{
	sandbox_child_enter_program(&(struct sandbox_child){ .kind = kind });
	if (syscall(denied[denied_row].call, denied[denied_row].arg, 0, 0, 0, 0, 0) == 0 ||
	    errno != EPERM)
		dprintf(STDERR_FILENO, "errno %d", errno);
	else
		dprintf(STDERR_FILENO, "refused");
	syscall(SYS_exit_group, 0);
}

START_TEST(denied_call_fails_in_a_program)
{
	struct child child;

	denied_row = (unsigned int)_i;
	child_run(&child, denied_in_program, THREAD_BINDER);
	child_expect(&child, 0, "refused");
}
END_TEST

/* What such a program needs of calls that are denied with other arguments. */
static void denied_to_others_alone(enum thread_kind kind)
{
	struct rlimit limit;
	int status = 0;
	pid_t child;

	sandbox_child_enter_program(&(struct sandbox_child){ .kind = kind });
	child_must(syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS, "clone3");
	child_must(getrlimit(RLIMIT_NOFILE, &limit) == 0, "its limits");
	child_must(syscall(SYS_tgkill, getpid(), gettid(), 0) == 0, "a signal to itself");
	child = fork();
	if (child == 0)
		syscall(SYS_exit_group, 7);
	child_must(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7, "a program");
}

START_TEST(program_may_start_programs)
{
	struct child child;

	child_run(&child, denied_to_others_alone, THREAD_BINDER);
	child_expect(&child, 0, "");
}
END_TEST

/* The process that ends a server can signal no other process. */
static void signal_to_another(enum thread_kind kind)
{
	const pid_t server = getppid();

	sandbox_child_enter(&(struct sandbox_child){ .kind = kind, .child = server });
	kill(server, 0);
	child_must(write(STDERR_FILENO, "its own, ", 9) == 9, "a message");
	kill(1, 0);
}

START_TEST(supervisor_signals_its_server_alone)
{
	struct child child;

	child_run(&child, signal_to_another, THREAD_SUPERVISOR);
	child_expect(&child, EXIT_FAILURE,
		     "its own, minivmm: error: sandbox: the system call kill");
}
END_TEST

/* ---- processes ---- */

static const struct {
	enum thread_kind kind;
	uint32_t keep;
} alone[] = {
	{ THREAD_FINDER, 1u << CAP_DAC_OVERRIDE },
	{ THREAD_NAMES, 0 },
	{ THREAD_UNLINKER, 0 },
	{ THREAD_SUPERVISOR, 0 },
	{ THREAD_BINDER, 1u << CAP_SYS_MODULE | 1u << CAP_DAC_OVERRIDE },
};
static unsigned int alone_row;

/* The process runs without its filter, which allows no question of this kind. */
static void alone_looks(enum thread_kind kind)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct before[_LINUX_CAPABILITY_U32S_3],
		now[_LINUX_CAPABILITY_U32S_3];
	const struct sandbox_path none = { "/", 0 };
	const uint32_t keep = alone[alone_row].keep;

	(void)kind;
	child_must(syscall(SYS_capget, &header, before) == 0, "capget");
	sandbox_child_enter_program(&(struct sandbox_child){
		.kind = THREAD_BINDER, .capabilities = keep, .paths = &none, .path_count = 1 });
	child_must(syscall(SYS_capget, &header, now) == 0, "capget");
	child_must(now[0].effective == (before[0].permitted & keep) && now[1].effective == 0,
		   "its capabilities");
	child_must(now[0].permitted == now[0].effective && now[0].inheritable == 0, "further ones");
	child_must(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no_new_privs");
	child_must(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0, "dumpable");
	child_must(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER, "a filter");
}

START_TEST(processes_have_no_rights)
{
	struct child child;

	alone_row = (unsigned int)_i;
	child_run(&child, alone_looks, alone[_i].kind);
	child_expect(&child, 0, "");
}
END_TEST

/* What each access means to Landlock, if the kernel has it. */
static const struct {
	unsigned int access;
	const char *path;
	int flags, err;
} opened[] = {
	{ SANDBOX_READ, "/dev/null", O_RDONLY, 0 },
	{ SANDBOX_READ, "/dev/null", O_RDWR, EACCES },
	{ SANDBOX_READ, "/dev", O_RDONLY | O_DIRECTORY, 0 },
	{ SANDBOX_READ, "/etc/passwd", O_RDONLY, EACCES },
	{ SANDBOX_READ | SANDBOX_WRITE, "/dev/null", O_RDWR, 0 },
	{ SANDBOX_READ | SANDBOX_WRITE, "/dev/minivmm.new", O_RDWR | O_CREAT, EACCES },
	{ 0, "/dev/null", O_RDONLY, EACCES },
};
static unsigned int opened_row;

static void opened_tries(enum thread_kind kind)
{
	const struct sandbox_path dev = { "/dev", opened[opened_row].access };
	int fd;

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 0)
		return;
	sandbox_child_enter_program(
		&(struct sandbox_child){ .kind = kind, .paths = &dev, .path_count = 1 });
	fd = open(opened[opened_row].path, opened[opened_row].flags | O_CLOEXEC, 0600);
	child_must((fd < 0 ? errno : 0) == opened[opened_row].err, opened[opened_row].path);
}

START_TEST(opened_files_are_the_ones_allowed)
{
	struct child child;

	opened_row = (unsigned int)_i;
	child_run(&child, opened_tries, THREAD_BINDER);
	child_expect(&child, 0, "");
}
END_TEST

/*
 * Sockets with abstract names and signals, of which a kernel before 6.12 leaves all. The filter
 * would hide what Landlock does, so there is none. `_i` is what the process is told about signals.
 */
static bool scope_signals;
static struct sockaddr_un scope_address = { .sun_family = AF_UNIX, .sun_path = "\0minivmm-scope" };

static void scope_must_fail(bool fails, int ret, const char *what)
{
	child_must(fails ? ret < 0 && errno == EPERM : ret == 0, what);
}

static void scope_tries(enum thread_kind kind)
{
	const long abi =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	const int parent = (int)syscall(SYS_pidfd_open, getppid(), 0);
	pid_t started;

	(void)kind;
	if (abi < 6)
		return;
	child_must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
	child_must(sandbox_paths_restrict(NULL, 0, scope_signals) == 0, "restrict");
	scope_must_fail(true, connect(fd, (struct sockaddr *)&scope_address, sizeof(scope_address)),
			"a socket with an abstract name");
	scope_must_fail(!scope_signals, kill(getppid(), 0), "kill");
	scope_must_fail(!scope_signals, (int)syscall(SYS_pidfd_send_signal, parent, 0, NULL, 0),
			"pidfd_send_signal");
	started = fork();
	if (started == 0)
		pause();
	scope_must_fail(false, kill(started, SIGKILL), "a child that it starts then");
	child_must(waitpid(started, NULL, 0) == started, "its end");
}

START_TEST(scopes_end_at_the_process)
{
	const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct child child;

	snprintf(&scope_address.sun_path[1], sizeof(scope_address.sun_path) - 1, "minivmm-scope-%d",
		 getpid());
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&scope_address, sizeof(scope_address)),
			 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	scope_signals = _i;
	child_run(&child, scope_tries, THREAD_BINDER);
	child_expect(&child, 0, "");
	close(listener);
}
END_TEST

UNIT_MAIN("sandbox_child", { denied_call_ends, UNIT_COUNT(denied) },
	  { denied_call_fails_in_a_program, UNIT_COUNT(denied) }, { program_may_start_programs, 0 },
	  { supervisor_signals_its_server_alone, 0 },
	  { processes_have_no_rights, UNIT_COUNT(alone) },
	  { opened_files_are_the_ones_allowed, UNIT_COUNT(opened) },
	  { scopes_end_at_the_process, 2 })
