/* SPDX-License-Identifier: MIT */
#include "command_streams.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "guests/command_ports.h"
#include "terminal.h"
#include "vmm/base/terminal_guard.h"
#include "vmm/base/thread_guard.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

/* ---- the control port ---- */

static void streams_tell(struct command_streams *streams, const char *line)
{
	virtio_console_write(streams->console, COMMAND_PORT_CONTROL, line, strlen(line));
}

static void streams_tell_size(struct command_streams *streams)
{
	unsigned int rows, columns;
	char line[64];

	terminal_get_size(streams->terminal, &rows, &columns);
	snprintf(line, sizeof(line), "size %u %u\n", rows, columns);
	streams_tell(streams, line);
}

/* The guest may send anything. Only one line is known, and the number in it is bounded. */
static void streams_obey(struct command_streams *streams)
{
	int status;

	if (sscanf(streams->line, "status %d", &status) != 1 || status < 0 || status > 255)
		return;
	streams->status = status;
	streams->ended = true;
}

/*
 * Read a few lines at a time, so that a guest that sends without end does not keep the thread from
 * its other work.
 */
static void streams_hear(struct command_streams *streams)
{
	char byte;

	for (unsigned int i = 0; i < COMMAND_CHUNK; i++) {
		if (!virtio_console_read(streams->console, COMMAND_PORT_CONTROL, &byte, 1))
			return;
		if (byte != '\n' && streams->length < sizeof(streams->line) - 1) {
			streams->line[streams->length++] = byte;
			continue;
		}
		streams->line[streams->length] = '\0';
		streams->length = 0;
		streams_obey(streams);
	}
	streams->busy = true;
}

/* ---- output ---- */

static void streams_fill_output(struct command_streams *streams, struct command_output *output)
{
	if (output->size)
		return;
	output->at = 0;
	output->size = virtio_console_read(streams->console, output->port, output->data,
					   sizeof(output->data));
}

/* The reader of the stream is gone, so the guest closes the stream that the command writes to. */
static void streams_close_output(struct command_streams *streams, struct command_output *output)
{
	char line[32];

	output->fd = -1;
	snprintf(line, sizeof(line), "closed %d\n", output->port == COMMAND_PORT_OUTPUT ? 1 : 2);
	if (output->port != COMMAND_PORT_TERMINAL)
		streams_tell(streams, line);
}

static void streams_write_output(struct command_streams *streams, struct command_output *output)
{
	ssize_t n = write(output->fd, output->data + output->at, output->size);

	if (n >= 0) {
		output->at += (size_t)n;
		output->size -= (size_t)n;
	} else if (errno != EAGAIN && errno != EINTR) {
		if (errno != EPIPE && !streams->lost) {
			log_errno("command", -errno, "write what it printed");
			streams->lost = true;
		}
		streams_close_output(streams, output);
	}
}

/* ---- input ---- */

/* Once the command may read, the terminal's keys belong to it. */
static bool streams_input_open(struct command_streams *streams)
{
	if (!virtio_console_is_open(streams->console, streams->input_port))
		return false;
	if (!streams->tty[0])
		return true;
	if (terminal_is_of_others(STDIN_FILENO))
		return false;
	if (!streams->raw)
		streams->raw = terminal_set_raw(STDIN_FILENO, false) == 0;
	return streams->raw;
}

static void streams_read_input(struct command_streams *streams)
{
	ssize_t n = read(STDIN_FILENO, streams->input, sizeof(streams->input));

	if (n > 0) {
		streams->input_at = 0;
		streams->input_size = (size_t)n;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		/* Sent to the background meanwhile: that is an error, too, but not the end. */
		streams->input_over = !streams->tty[0] || !terminal_is_of_others(STDIN_FILENO);
	}
}

static void streams_pass_input(struct command_streams *streams)
{
	size_t taken =
		virtio_console_write(streams->console, streams->input_port,
				     streams->input + streams->input_at, streams->input_size);

	streams->input_at += taken;
	streams->input_size -= taken;
	if (!streams->input_over || streams->input_size || streams->input_told ||
	    !virtio_console_is_open(streams->console, COMMAND_PORT_CONTROL))
		return;
	streams->input_told = true;
	streams_tell(streams, "eof\n");
}

/* ---- the thread ---- */

enum { WAIT_STOP, WAIT_CONSOLE, WAIT_RESIZED, WAIT_INPUT, WAIT_OUTPUTS, WAIT_COUNT = 7 };

static void streams_wait(struct command_streams *streams, struct pollfd files[WAIT_COUNT])
{
	bool hungry = streams_input_open(streams) && !streams->input_over && !streams->input_size &&
		      !streams->ended;

	files[WAIT_STOP] = (struct pollfd){ .fd = streams->stop, .events = POLLIN };
	files[WAIT_CONSOLE] =
		(struct pollfd){ .fd = virtio_console_fd(streams->console), .events = POLLIN };
	files[WAIT_RESIZED] = (struct pollfd){ .fd = streams->resized, .events = POLLIN };
	files[WAIT_INPUT] = (struct pollfd){ .fd = hungry ? STDIN_FILENO : -1, .events = POLLIN };
	for (unsigned int i = 0; i < array_size(streams->outputs); i++) {
		const struct command_output *output = &streams->outputs[i];

		files[WAIT_OUTPUTS + i] =
			(struct pollfd){ .fd = output->size ? output->fd : -1, .events = POLLOUT };
	}
	if (poll(files, WAIT_COUNT, streams->busy ? 0 : -1) < 0)
		memset(files, 0, WAIT_COUNT * sizeof(*files));
	streams->busy = false;
}

/* Output without a reader is thrown away, so that the guest can go on and end. */
static bool streams_turn_outputs(struct command_streams *streams, const struct pollfd *files)
{
	bool empty = true;

	for (unsigned int i = 0; i < array_size(streams->outputs); i++) {
		struct command_output *output = &streams->outputs[i];

		if (output->size && files[i].revents)
			streams_write_output(streams, output);
		if (output->fd < 0)
			output->size = 0;
		streams_fill_output(streams, output);
		streams->busy = streams->busy || (output->fd < 0 && output->size);
		empty = empty && !output->size;
	}
	return empty;
}

static void streams_resized(struct command_streams *streams)
{
	struct signalfd_siginfo info;

	if (read(streams->resized, &info, sizeof(info)) == sizeof(info))
		streams_tell_size(streams);
}

/* The status comes last: everything that was written before it is in the ports by then. */
static void *streams_run(void *arg)
{
	struct command_streams *streams = arg;
	struct pollfd files[WAIT_COUNT];

	thread_guard_enter(streams->guard, THREAD_COMMAND);
	for (;;) {
		streams_wait(streams, files);
		if (files[WAIT_STOP].revents)
			return NULL;
		virtio_console_serve(streams->console);
		streams_hear(streams);
		if (files[WAIT_RESIZED].revents)
			streams_resized(streams);
		if (files[WAIT_INPUT].revents)
			streams_read_input(streams);
		streams_pass_input(streams);
		if (streams_turn_outputs(streams, &files[WAIT_OUTPUTS]) && streams->ended &&
		    !streams->told) {
			streams->told = true;
			streams_tell(streams, "bye\n");
		}
	}
}

/* ---- life ---- */

void command_streams_init(struct command_streams *streams)
{
	*streams =
		(struct command_streams){ .stop = -1, .resized = -1, .terminal = -1, .status = -1 };
}

void command_streams_find_terminal(struct command_streams *streams)
{
	for (int fd = 0; fd < 3; fd++)
		streams->tty[fd] = isatty(fd);
	if (streams->tty[1])
		streams->terminal = STDOUT_FILENO;
	else if (streams->tty[2])
		streams->terminal = STDERR_FILENO;
	/*
	 * What is typed is echoed where the command writes. If that is not a terminal, input is not
	 * treated as one either.
	 */
	streams->tty[0] = streams->tty[0] && streams->terminal >= 0;
}

static void streams_choose_ports(struct command_streams *streams)
{
	const struct command_output none = { .fd = -1 };

	for (unsigned int i = 0; i < array_size(streams->outputs); i++)
		streams->outputs[i] = none;
	streams->outputs[0].port = COMMAND_PORT_OUTPUT;
	streams->outputs[1].port = COMMAND_PORT_ERROR;
	streams->outputs[2].port = COMMAND_PORT_TERMINAL;
	streams->outputs[0].fd = STDOUT_FILENO;
	streams->outputs[1].fd = STDERR_FILENO;
	streams->outputs[2].fd = streams->terminal;
	streams->input_port = streams->tty[0] ? COMMAND_PORT_TERMINAL : COMMAND_PORT_INPUT;
}

/* Threads that are made from now on inherit the blocked signal. */
static int streams_watch_size(struct command_streams *streams)
{
	sigset_t set;

	if (streams->terminal < 0)
		return 0;
	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	streams->resized = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return streams->resized < 0 ? log_errno("terminal", -errno, "signalfd") : 0;
}

int command_streams_start(struct command_streams *streams, struct virtio_console *console,
			  const struct thread_guard *guard)
{
	int ret;

	streams->console = console;
	streams->guard = guard;
	streams_choose_ports(streams);
	streams->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (streams->stop < 0)
		return log_errno("command", -errno, "eventfd");
	ret = streams_watch_size(streams);
	if (ret < 0)
		return ret;
	ret = pthread_create(&streams->thread, NULL, streams_run, streams);
	streams->running = ret == 0;
	return ret ? log_errno("command", -ret, "start a thread for its streams") : 0;
}

void command_streams_continue(const struct command_streams *streams)
{
	if (streams->running && streams->resized >= 0)
		pthread_kill(streams->thread, SIGWINCH);
}

void command_streams_stop(struct command_streams *streams)
{
	if (streams->running) {
		eventfd_write(streams->stop, 1);
		pthread_join(streams->thread, NULL);
	}
	if (streams->raw)
		terminal_guard_leave();
	if (streams->stop >= 0)
		close(streams->stop);
	if (streams->resized >= 0)
		close(streams->resized);
	streams->running = streams->raw = false;
	streams->stop = streams->resized = -1;
}
