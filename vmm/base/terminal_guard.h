/* SPDX-License-Identifier: MIT */
/*
 * The terminal as it was, whatever ends or stops us: a signal that nobody waits for, a fault of our
 * own, a job that is sent to the background.
 *
 * Owns the mode of the one terminal that is in raw mode, and the handlers of signals that would end
 * the process without a word. Against SIGKILL nothing helps; `stty sane` does afterwards.
 *
 * Read beside it: termios(3), signal(7), "Job Control Signals" in the manual of libc.
 */
#ifndef MINIVMM_TERMINAL_GUARD_H
#define MINIVMM_TERMINAL_GUARD_H

#include <stdbool.h>
#include <termios.h>

/*
 * From now on a signal that ends the process gives the terminal back first. Signals that have a
 * handler already keep it. Nothing where standard input is no terminal. Before the sandbox, which
 * lets no handler be set.
 */
void terminal_guard_init(void);

/* The terminal `fd` goes from mode `before` to mode `raw`. 0 or -errno, not logged. */
int terminal_guard_enter(int fd, const struct termios *before, const struct termios *raw);

/* The mode before, unless another job has the terminal. It may be entered again. */
void terminal_guard_leave(void);

/*
 * The same for a while: from a signal's handler, or before we are stopped. Where we own no raw
 * terminal, nothing happens.
 */
void terminal_guard_restore(void);

/* And raw again, where it was. */
void terminal_guard_resume(void);

/*
 * Whether the terminal is in the hands of another job: we were started with `&`, or sent to the
 * background. Who reads from it then is stopped, and who changes its mode spoils it for the other.
 * False where `fd` is no terminal, or not the one that controls us.
 */
bool terminal_is_of_others(int fd);

#endif
