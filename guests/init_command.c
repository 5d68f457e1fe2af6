/* SPDX-License-Identifier: MIT */
#include "init_command.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command_ports.h"
#include "init_order.h"
#include "init_pump.h"
#include "init_root.h"

#define PORT_TRIES 500 /* 10 ms each */

enum { PUMP_INPUT, PUMP_OUTPUT, PUMP_ERROR, PUMP_TYPED, PUMP_SHOWN, PUMPS };

struct session {
	struct pump pumps[PUMPS];
	int ports[COMMAND_PORTS];
	int signals;
	int terminal; /* the master side, or -1 */
	pid_t child;
	int status; /* the child's status, once `ended` */
	bool ended, input_over, told, bye;
	char line[256]; /* the part of a line that the control port has brought */
	size_t length;
};

static struct order command;
static struct session session;

/*
 * Messages go to the console at first, and to the caller's standard error once the ports are
 * open.
 */
static void complain(const char *object, const char *operation)
{
	fprintf(stderr, "minivmm: error: guest: %s: %s: %s\n", object, operation, strerror(errno));
}

bool init_has_command(void)
{
	return access(COMMAND_FILE, F_OK) == 0;
}

/* ---- ports ---- */

/*
 * Wait until both sides are there: before that, writing blocks for ever and reading ends at once.
 */
static bool port_is_up(int fd)
{
	struct pollfd file = { .fd = fd, .events = POLLIN };

	return poll(&file, 1, 0) >= 0 && !(file.revents & POLLHUP);
}

static int open_port(unsigned int port)
{
	char pattern[32];
	glob_t found;
	int fd = -1;

	snprintf(pattern, sizeof(pattern), "/dev/vport*p%u", port);
	for (int i = 0; i < PORT_TRIES; i++) {
		if (fd < 0 && !glob(pattern, 0, NULL, &found)) {
			fd = open(found.gl_pathv[0], O_RDWR | O_CLOEXEC | O_NONBLOCK);
			globfree(&found);
		}
		if (fd >= 0 && port_is_up(fd))
			return fd;
		usleep(10000);
	}
	complain(pattern, "wait for the console of minivmm");
	return -1;
}

static int open_ports(void)
{
	for (unsigned int port = 0; port < COMMAND_PORTS; port++) {
		session.ports[port] = open_port(port);
		if (session.ports[port] < 0)
			return -1;
	}
	dup2(session.ports[COMMAND_PORT_ERROR], STDERR_FILENO);
	return 0;
}

/* ---- the child ---- */

/* The child closes the ends that the pumps use, and keeps its own. */
struct ends {
	int fd[3];
};

static void set_nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static int make_terminal(struct ends *ends)
{
	int slave;

	if (!command.tty[0] && !command.tty[1] && !command.tty[2])
		return 0;
	if (openpty(&session.terminal, &slave, NULL, NULL, &command.size)) {
		complain("terminal", "open");
		return -1;
	}
	fcntl(session.terminal, F_SETFD, FD_CLOEXEC);
	fcntl(slave, F_SETFD, FD_CLOEXEC);
	set_nonblocking(session.terminal);
	for (int fd = 0; fd < 3; fd++)
		if (command.tty[fd])
			ends->fd[fd] = slave;
	session.pumps[PUMP_TYPED].from = session.ports[COMMAND_PORT_TERMINAL];
	session.pumps[PUMP_TYPED].to = session.terminal;
	session.pumps[PUMP_SHOWN].from = session.terminal;
	session.pumps[PUMP_SHOWN].to = session.ports[COMMAND_PORT_TERMINAL];
	return 0;
}

static int make_pipe(struct ends *ends, int fd)
{
	struct pump *pump = &session.pumps[fd];
	int pair[2];

	if (command.tty[fd])
		return 0;
	if (pipe2(pair, O_CLOEXEC)) {
		complain("pipe", "make");
		return -1;
	}
	if (fd == 0) {
		ends->fd[0] = pair[0];
		pump->from = session.ports[COMMAND_PORT_INPUT];
		pump->to = pair[1];
		pump->owns_to = true;
		set_nonblocking(pair[1]);
	} else {
		ends->fd[fd] = pair[1];
		pump->from = pair[0];
		pump->owns_from = true;
		pump->to = session.ports[fd == 1 ? COMMAND_PORT_OUTPUT : COMMAND_PORT_ERROR];
		set_nonblocking(pair[0]);
	}
	return 0;
}

static int make_streams(struct ends *ends)
{
	int ret = make_terminal(ends);

	for (int fd = 0; fd < 3 && ret == 0; fd++)
		ret = make_pipe(ends, fd);
	return ret;
}

/* The message goes to standard error, which is the caller's by now. */
static _Noreturn void cannot_run(void)
{
	int status = errno == ENOENT ? COMMAND_STATUS_NOT_FOUND : COMMAND_STATUS_NOT_RUN;

	fprintf(stderr, "minivmm: error: %s: run in the guest: %s\n", command.args[0],
		strerror(errno));
	_exit(status);
}

static _Noreturn void run_child(const struct ends *ends)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	for (int fd = 0; fd < 3; fd++)
		dup2(ends->fd[fd], fd);
	for (int fd = 0; fd < 3; fd++)
		if (command.tty[fd] && ioctl(fd, TIOCSCTTY, 0) == 0)
			break;
	if (chdir(command.cwd))
		fprintf(stderr, "minivmm: warning: %s: the guest has no such folder: %s\n",
			command.cwd, strerror(errno));
	environ = command.env;
	execvp(command.args[0], command.args);
	cannot_run();
}

static int start_child(void)
{
	struct ends ends = { { -1, -1, -1 } };

	if (make_streams(&ends))
		return -1;
	session.child = fork();
	if (session.child == 0)
		run_child(&ends);
	for (int fd = 0; fd < 3; fd++)
		if (fd == 0 || ends.fd[fd] != ends.fd[fd - 1])
			close(ends.fd[fd]);
	if (session.child > 0)
		return 0;
	complain(command.args[0], "fork");
	return -1;
}

/* ---- the control port ---- */

static void set_size(const char *text)
{
	struct winsize size = { 0 };

	if (session.terminal >= 0 && sscanf(text, "%hu %hu", &size.ws_row, &size.ws_col) == 2)
		ioctl(session.terminal, TIOCSWINSZ, &size);
}

static void obey(const char *line)
{
	int stream;

	if (!strncmp(line, "size ", 5))
		set_size(line + 5);
	else if (!strcmp(line, "eof"))
		session.input_over = true;
	else if (!strcmp(line, "bye"))
		session.bye = true;
	else if (sscanf(line, "closed %d", &stream) == 1 && (stream == 1 || stream == 2))
		pump_end(&session.pumps[stream]);
}

static void hear_control(void)
{
	char byte;

	while (read(session.ports[COMMAND_PORT_CONTROL], &byte, 1) == 1) {
		if (byte != '\n' && session.length < sizeof(session.line) - 1) {
			session.line[session.length++] = byte;
			continue;
		}
		session.line[session.length] = '\0';
		session.length = 0;
		obey(session.line);
	}
}

/* Everything that minivmm sent before it said `eof` is in the port by now. */
static void finish_input(void)
{
	struct pump *pump = &session.pumps[PUMP_INPUT];
	struct pollfd file = { .fd = pump->from, .events = POLLIN };

	if (session.input_over && pump->from >= 0 && !pump->size && poll(&file, 1, 0) == 0)
		pump_end(pump);
}

/* ---- the end ---- */

/* Process 1 becomes the parent of every orphan, so this reaps all of them. */
static void reap(void)
{
	struct signalfd_siginfo info;
	pid_t pid;
	int status;

	while (read(session.signals, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == session.child) {
			session.ended = true;
			session.status = WIFEXITED(status)
						 ? WEXITSTATUS(status)
						 : COMMAND_STATUS_SIGNAL + WTERMSIG(status);
		}
}

/*
 * Returns whether everything that the command wrote has gone to minivmm. Other processes may
 * still hold its streams open.
 */
static bool is_drained(void)
{
	return pump_is_dry(&session.pumps[PUMP_OUTPUT]) &&
	       pump_is_dry(&session.pumps[PUMP_ERROR]) && pump_is_dry(&session.pumps[PUMP_SHOWN]);
}

static void tell_status(int status)
{
	char line[32];
	int length = snprintf(line, sizeof(line), "status %d\n", status);

	sync();
	session.told = write(session.ports[COMMAND_PORT_CONTROL], line, (size_t)length) == length;
}

static void wait_for_something(void)
{
	struct pollfd files[PUMPS + 2] = {
		{ .fd = session.ports[COMMAND_PORT_CONTROL], .events = POLLIN },
		{ .fd = session.signals, .events = POLLIN },
	};

	for (int i = 0; i < PUMPS; i++)
		files[i + 2] = pump_wants(&session.pumps[i]);
	poll(files, PUMPS + 2, -1);
}

static void run_session(void)
{
	while (!session.bye) {
		wait_for_something();
		reap();
		hear_control();
		for (int i = 0; i < PUMPS; i++)
			pump_turn(&session.pumps[i]);
		finish_input();
		if (session.ended && !session.told && is_drained())
			tell_status(session.status);
	}
}

static int catch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	session.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return session.signals < 0 ? -1 : 0;
}

static bool is_below_tmp(const char *path)
{
	return path && !strncmp(path, "/tmp", 4) && (path[4] == '/' || !path[4]);
}

/* A read-only root gets at least a folder for temporary files, unless /tmp is in use. */
static int add_temporary_folder(void)
{
	bool used = is_below_tmp(command.cwd);

	for (unsigned int i = 0; i < command.share_count; i++)
		used = used || is_below_tmp(command.shares[i].place);
	return command.root && !command.layered && !used ? root_add_memory("/tmp") : 0;
}

static int prepare_root(void)
{
	if (root_enter(command.root, command.layered) || add_temporary_folder())
		return -1;
	for (unsigned int i = 0; i < command.share_count; i++)
		if (root_add_share(command.shares[i].tag, command.shares[i].place,
				   command.shares[i].readonly))
			return -1;
	if (!command.root && command.cwd)
		root_make_folder(command.cwd);
	return 0;
}

void init_run_command(void)
{
	session.terminal = -1;
	for (int i = 0; i < PUMPS; i++)
		session.pumps[i].from = session.pumps[i].to = -1;
	if (order_read(&command) || open_ports())
		return;
	if (prepare_root() || catch_signals() || start_child()) {
		session.ended = true;
		session.status = COMMAND_STATUS_FAILED;
		tell_status(session.status);
	}
	run_session();
}
