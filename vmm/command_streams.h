/* SPDX-License-Identifier: MIT */
/*
 * The caller's side of `minivmm -- COMMAND`: connects standard input, output and error with the
 * ports of the guest's console, and receives the status. Owns a thread that does the copying, and
 * the mode of the caller's terminal while the command runs. The thread blocks on no file: it writes
 * only what poll(2) says there is room for. So the caller's files need not be made non-blocking,
 * which other programs that have them open would notice. guests/command_ports.h describes the
 * control port.
 */
#ifndef MINIVMM_COMMAND_STREAMS_H
#define MINIVMM_COMMAND_STREAMS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "devices/virtio_console.h"

#define COMMAND_CHUNK 4096 /* a pipe that is ready has room for this many bytes */

/* What the guest wrote to a port, on its way to a file of minivmm's. */
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
	int stop;     /* eventfd that ends the thread; -1 before command_streams_start() */
	int resized;  /* signalfd of SIGWINCH, or -1 */
	bool tty[3];  /* which of the standard files are a terminal */
	int terminal; /* the number of one that is a terminal, or -1 */
	bool raw;     /* it is in raw mode */

	/* The members below belong to the thread. */
	struct command_output outputs[3];
	unsigned int input_port;
	bool input_over, input_told;
	size_t input_at, input_size;
	char input[COMMAND_CHUNK];
	char line[64]; /* the part of a line on the control port that has come */
	size_t length;
	bool ended, told;
	bool busy;          /* there is more to do, whatever happens */
	bool lost;          /* some of what the command printed could not be written */
	_Atomic int status; /* the command's status; -1: not known */
};

/* Initialise the struct, with nothing open. */
void command_streams_init(struct command_streams *streams);

/*
 * Find out which standard files are terminals. Must be called before the command is described to
 * the guest.
 */
void command_streams_find_terminal(struct command_streams *streams);

/*
 * Start to copy, before any vCPU runs. 0 or -errno, logged; call command_streams_stop() in either
 * case.
 */
int command_streams_start(struct command_streams *streams, struct virtio_console *console,
			  const struct thread_guard *guard);

/* We were stopped for a while: what the terminal's size is now is told again. */
void command_streams_continue(const struct command_streams *streams);

/* Stop copying, and restore the terminal. Accepts one that was only initialised. */
void command_streams_stop(struct command_streams *streams);

#endif
