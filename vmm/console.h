/* SPDX-License-Identifier: MIT */
/*
 * The guest's console on the host: the terminal, a pseudo-terminal, a file or nothing.
 *
 * Owns the terminal's mode, which it always restores, and the Ctrl-A keys. Bytes go to and come
 * from the serial port.
 */
#ifndef MINIVMM_CONSOLE_H
#define MINIVMM_CONSOLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "power_button.h"
#include "serial_port.h"
#include "vmm/core/vm.h"

#define CONSOLE_PENDING_MAX 256
#define CONSOLE_EARLY_MAX   64

struct console {
	struct vm *vm;
	struct serial_port *serial;
	struct power_button *button;
	struct loop_source input;
	int out_fd; /* -1: output is dropped */
	bool lost;  /* output could not be written, so the run was not a success */
	/* files to close at the end: the file, or the pty and its other side */
	int opened[2];
	bool raw;                         /* the terminal is ours */
	bool escape;                      /* Ctrl-A was the last key */
	uint8_t early[CONSOLE_EARLY_MAX]; /* read by console_peeks_end(), not looked at yet */
	unsigned int early_count;
	pthread_mutex_t lock;                 /* guards the members below */
	bool listening;                       /* input is in the loop */
	uint8_t pending[CONSOLE_PENDING_MAX]; /* bytes that were read while the port was full */
	unsigned int pending_count;
};

/* The callbacks of the serial port, whose owner is the console. */
extern const struct serial_line console_line;

/*
 * `spec` is stdio, none, pty or file:PATH; Ctrl-A p presses the button. The terminal is not touched
 * yet. 0 or -errno, logged.
 */
int console_init(struct console *console, const char *spec, struct vm *vm,
		 struct serial_port *serial, struct power_button *button);

/*
 * To be called when the guest is about to run, and when minivmm was continued after a stop. Sets
 * raw mode if standard input and output are a terminal, and starts input. While another job has the
 * terminal, it is left alone and there is no input. 0 or -errno, logged.
 */
int console_start(struct console *console);

/*
 * Whether the console's keys ask for the end; for the main thread, while it waits for something
 * else than the loop that reads them. `owner` is the console. See base/pending_signal.h.
 */
bool console_asks_end(void *owner);

/*
 * The same for pending_end_peek(): all other keys wait until the next one is typed. At most
 * CONSOLE_EARLY_MAX of them are read.
 */
bool console_peeks_end(void *owner);

/* The terminal as it was. Idempotent; accepts a zeroed console that was never initialised. */
void console_destroy(struct console *console);

#endif
