/* SPDX-License-Identifier: MIT */
/*
 * The caller's side of `minivmm -- COMMAND`: standard input, output and error, joined to the ports
 * of the guest's console, and the status that comes back.
 *
 * Owns a thread that does the copying, and the mode of the caller's terminal while the command
 * runs. The thread blocks on no file: it writes only what poll(2) says there is room for, so that
 * the caller's files need not be made non-blocking, which others who have them open would notice.
 *
 * What is said on the control port is in guests/command_ports.h.
 */
#ifndef MINIVMM_COMMAND_STREAMS_H
#define MINIVMM_COMMAND_STREAMS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "devices/virtio_console.h"

#define COMMAND_CHUNK 4096 /* a pipe that is ready has room for so much */

/* What the guest wrote to a port, on its way to a file of ours. */
struct command_output {
	unsigned int port;
	int fd; /* -1: nobody reads it */
	size_t at, size;
	char data[COMMAND_CHUNK];
};

struct command_streams {
	struct virtio_console *console;
	const struct thread_guard *guard;
	pthread_t thread;
	bool running;
	int stop;     /* eventfd: the thread shall end; -1 before command_streams_start() */
	int resized;  /* signalfd of SIGWINCH, or -1 */
	bool tty[3];  /* which of our files are a terminal */
	int terminal; /* the number of one of them, or -1 */
	bool raw;     /* it is in raw mode */

	/* The thread's own. */
	struct command_output outputs[3];
	unsigned int input_port;
	bool input_over, input_told;
	size_t input_at, input_size;
	char input[COMMAND_CHUNK];
	char line[64]; /* what has come of a line on the control port */
	size_t length;
	bool ended, told;
	bool busy;          /* there is more to do, whatever happens */
	bool lost;          /* some of what the command printed could not be written */
	_Atomic int status; /* of the command; -1: it is not known */
};

/* Nothing is open, and nothing known. Accepts a zeroed struct. */
void command_streams_init(struct command_streams *streams);

/* Learn which of our standard files are terminals; before the command is put into its guest. */
void command_streams_find_terminal(struct command_streams *streams);

/* Start to copy; before any vCPU runs. 0 or -errno, logged; command_streams_stop() after either. */
int command_streams_start(struct command_streams *streams, struct virtio_console *console,
			  const struct thread_guard *guard);

/* We were stopped for a while: what the terminal's size is now is told again. */
void command_streams_continue(const struct command_streams *streams);

/* Stop, and give the terminal back. Accepts one that was only initialised. */
void command_streams_stop(struct command_streams *streams);

#endif
