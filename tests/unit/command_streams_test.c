/* SPDX-License-Identifier: MIT */
/*
 * vmm/command_streams.c: bytes and a status on their way between the caller's files and the ports
 * of a guest.
 */
#include <fcntl.h>
#include <linux/virtio_console.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "console_rig.h"
#include "guests/command_ports.h"
#include "stderr_text.h"
#include "unit.h"
#include "vmm/command_streams.h"

/* Standard input, output and error are pipes, as in a pipeline. These are the other ends. */
struct caller {
	struct console_rig rig;
	struct command_streams streams;
	int input, output, error;
	uint16_t sent[RIG_QUEUES]; /* buffers that the guest has sent by a queue */
};

/* The two queues of a port: VIRTIO 1.1, 5.3.2. */
static unsigned int to_guest(unsigned int port)
{
	return port ? 2 * port + 2 : 0;
}

static unsigned int from_guest(unsigned int port)
{
	return to_guest(port) + 1;
}

/*
 * Nothing here has a deadline of its own. If something never comes, the time limit of the test
 * ends it.
 */
static void wait_used(struct caller *caller, unsigned int queue, uint16_t count)
{
	while (console_rig_used(&caller->rig, queue) < count)
		usleep(1000);
}

static void put_control(struct caller *caller, uint32_t port, uint16_t event)
{
	console_rig_tell(&caller->rig, port, event, 1);
	wait_used(caller, 3, ++caller->sent[3]);
}

static void put(struct caller *caller, unsigned int port, const char *text)
{
	unsigned int queue = from_guest(port), n = caller->sent[queue]++ % RIG_SIZE;

	memcpy(console_rig_buffer(&caller->rig, queue, n), text, strlen(text));
	console_rig_offer(&caller->rig, queue, n, (uint32_t)strlen(text));
}

/* Read what the guest gets next on a port. On the control port this is a line. */
static void expect_text(struct caller *caller, unsigned int port, const char *text)
{
	unsigned int queue = to_guest(port);
	uint16_t at = caller->rig.seen[queue]++;

	wait_used(caller, queue, (uint16_t)(at + 1));
	ck_assert_uint_eq(console_rig_length(&caller->rig, queue, at), strlen(text));
	ck_assert_mem_eq(console_rig_buffer(&caller->rig, queue, at), text, strlen(text));
}

static int make_pipe(int standard)
{
	int pair[2];

	ck_assert_int_eq(pipe(pair), 0);
	if (standard == STDIN_FILENO) {
		dup2(pair[0], standard);
		close(pair[0]);
		return pair[1];
	}
	dup2(pair[1], standard);
	close(pair[1]);
	return pair[0];
}

/*
 * The guest has opened all ports, and has put buffers into the queues to it. Standard output is
 * `terminal`, or a pipe if that is -1.
 */
static void begin_on(struct caller *caller, int terminal)
{
	memset(caller, 0, sizeof(*caller));
	console_rig_open(&caller->rig);
	console_rig_start(&caller->rig);
	caller->input = make_pipe(STDIN_FILENO);
	caller->output = terminal < 0 ? make_pipe(STDOUT_FILENO) : dup2(terminal, STDOUT_FILENO);
	caller->error = make_pipe(STDERR_FILENO);
	command_streams_init(&caller->streams);
	command_streams_find_terminal(&caller->streams);
	ck_assert_int_eq(command_streams_start(&caller->streams, caller->rig.console, NULL), 0);
	for (uint32_t port = 0; port < COMMAND_PORTS; port++) {
		put_control(caller, port, VIRTIO_CONSOLE_PORT_OPEN);
		for (unsigned int n = 0; n < RIG_SIZE; n++)
			console_rig_offer(&caller->rig, to_guest(port), n, 0);
	}
}

static void begin(struct caller *caller)
{
	begin_on(caller, -1);
}

static void end(struct caller *caller)
{
	command_streams_stop(&caller->streams);
	console_rig_close(&caller->rig);
}

static void expect_read(int fd, const char *text)
{
	char got[64] = "";
	size_t done = 0;

	while (done < strlen(text)) {
		ssize_t n = read(fd, got + done, strlen(text) - done);

		ck_assert_int_gt((int)n, 0);
		done += (size_t)n;
	}
	ck_assert_str_eq(got, text);
}

/* When the guest is told that it may go, both outputs are there, each in its own file. */
START_TEST(status_comes_last)
{
	struct caller caller;

	begin(&caller);
	put(&caller, COMMAND_PORT_OUTPUT, "out");
	put(&caller, COMMAND_PORT_ERROR, "err");
	put(&caller, COMMAND_PORT_OUTPUT, "put");
	put(&caller, COMMAND_PORT_CONTROL, "status 7\n");
	expect_text(&caller, COMMAND_PORT_CONTROL, "bye\n");
	expect_read(caller.output, "output");
	expect_read(caller.error, "err");
	ck_assert_int_eq(caller.streams.status, 7);
	end(&caller);
}
END_TEST

static const int statuses[] = { 0, 1, 42, 124, 125, 126, 127, 128, 129, 143, 254, 255 };

START_TEST(every_status)
{
	struct caller caller;
	char line[32];

	begin(&caller);
	snprintf(line, sizeof(line), "status %d\n", statuses[_i]);
	put(&caller, COMMAND_PORT_CONTROL, line);
	expect_text(&caller, COMMAND_PORT_CONTROL, "bye\n");
	ck_assert_int_eq(caller.streams.status, statuses[_i]);
	end(&caller);
}
END_TEST

/* The guest is not trusted. If it says what it must not say, nothing happens. */
static const char *const nonsense[] = {
	"status 256\n",
	"status -1\n",
	"status\n",
	"status x\n",
	"\n\n\n",
	"stat",
	"status 99999999999999999999\n",
	"a line that is longer than any that there is, and has no end that one",
};

START_TEST(nonsense_is_ignored)
{
	struct caller caller;

	begin(&caller);
	for (size_t at = 0; at < strlen(nonsense[_i]); at += 16) {
		char part[17];

		snprintf(part, sizeof(part), "%s", nonsense[_i] + at);
		put(&caller, COMMAND_PORT_CONTROL, part);
	}
	wait_used(&caller, from_guest(COMMAND_PORT_CONTROL),
		  caller.sent[from_guest(COMMAND_PORT_CONTROL)]);
	ck_assert_int_eq(caller.streams.status, -1);
	put(&caller, COMMAND_PORT_CONTROL, "\nstatus 3\n");
	expect_text(&caller, COMMAND_PORT_CONTROL, "bye\n");
	ck_assert_int_eq(caller.streams.status, 3);
	end(&caller);
}
END_TEST

START_TEST(input_and_its_end)
{
	struct caller caller;

	begin(&caller);
	ck_assert_int_eq(write(caller.input, "ab\0c", 4), 4);
	wait_used(&caller, to_guest(COMMAND_PORT_INPUT), 1);
	ck_assert_mem_eq(console_rig_buffer(&caller.rig, to_guest(COMMAND_PORT_INPUT), 0), "ab\0c",
			 4);
	close(caller.input);
	expect_text(&caller, COMMAND_PORT_CONTROL, "eof\n");
	end(&caller);
}
END_TEST

/* The reader has gone. The command is told so, and what it still writes holds nobody up. */
START_TEST(reader_is_gone)
{
	const unsigned int port = _i ? COMMAND_PORT_ERROR : COMMAND_PORT_OUTPUT;
	struct caller caller;

	signal(SIGPIPE, SIG_IGN); /* as minivmm does */
	begin(&caller);
	close(_i ? caller.error : caller.output);
	put(&caller, port, "text");
	expect_text(&caller, COMMAND_PORT_CONTROL, _i ? "closed 2\n" : "closed 1\n");
	put(&caller, port, "more");
	put(&caller, COMMAND_PORT_CONTROL, "status 141\n");
	expect_text(&caller, COMMAND_PORT_CONTROL, "bye\n");
	ck_assert_int_eq(caller.streams.status, 141);
	end(&caller);
}
END_TEST

/* A full disk is reported once, and the command ends as it would have ended. */
START_TEST(output_is_lost)
{
	struct stderr_text caught;
	struct caller caller;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	begin(&caller);
	dup2(full, STDOUT_FILENO);
	stderr_begin(&caught);
	put(&caller, COMMAND_PORT_OUTPUT, "text");
	expect_text(&caller, COMMAND_PORT_CONTROL, "closed 1\n");
	put(&caller, COMMAND_PORT_OUTPUT, "more");
	put(&caller, COMMAND_PORT_CONTROL, "status 0\n");
	expect_text(&caller, COMMAND_PORT_CONTROL, "bye\n");
	stderr_end(&caught);
	stderr_holds(&caught, "command: write what it printed: No space left");
	ck_assert_ptr_eq(strchr(caught.text, '\n'), strrchr(caught.text, '\n'));
	ck_assert(caller.streams.lost);
	end(&caller);
}
END_TEST

/* Signals to processes: a confined minivmm dies of kill(). */
static unsigned int kills;

int kill(pid_t pid, int signal)
{
	kills++;
	return (int)syscall(SYS_kill, pid, signal);
}

/* After fg the terminal may have another size. */
START_TEST(continued_job_tells_the_size)
{
	const struct winsize size = { .ws_row = 33, .ws_col = 77 };
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), terminal;
	struct caller caller;

	ck_assert_int_eq(unlockpt(master), 0);
	terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(terminal, 0);
	ck_assert_int_eq(ioctl(master, TIOCSWINSZ, &size), 0);
	begin_on(&caller, terminal);
	kills = 0;
	command_streams_continue(&caller.streams);
	expect_text(&caller, COMMAND_PORT_CONTROL, "size 33 77\n");
	ck_assert_uint_eq(kills, 0);
	end(&caller);
	close(terminal);
	close(master);
}
END_TEST

START_TEST(stops_at_any_time)
{
	struct caller caller;

	command_streams_init(&caller.streams);
	command_streams_stop(&caller.streams);
	begin(&caller);
	put(&caller, COMMAND_PORT_OUTPUT, "text");
	end(&caller);
	ck_assert_int_eq(caller.streams.status, -1);
	command_streams_stop(&caller.streams);
}
END_TEST

UNIT_MAIN("command_streams", { status_comes_last, 0 }, { every_status, UNIT_COUNT(statuses) },
	  { nonsense_is_ignored, UNIT_COUNT(nonsense) }, { input_and_its_end, 0 },
	  { reader_is_gone, 2 }, { output_is_lost, 0 }, { continued_job_tells_the_size, 0 },
	  { stops_at_any_time, 0 })
