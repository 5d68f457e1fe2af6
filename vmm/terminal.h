/* SPDX-License-Identifier: MIT */
/*
 * A terminal of the caller's: its size and its mode.
 *
 * Owns nothing: base/terminal_guard.h has the mode that is to be given back. Read beside it:
 * termios(3), ioctl_tty(2).
 */
#ifndef MINIVMM_TERMINAL_H
#define MINIVMM_TERMINAL_H

#include <stdbool.h>

/* Rows and columns; 0 and 0 if `fd` is not a terminal, or its size is not known. */
void terminal_get_size(int fd, unsigned int *rows, unsigned int *columns);

/*
 * From now on every key is a byte, and every byte goes to the screen as it is; with `post`, the
 * newlines of our own messages still return the carriage. terminal_guard_leave() gives the mode
 * before back. 0 or -errno, logged.
 */
int terminal_set_raw(int fd, bool post);

#endif
