/* SPDX-License-Identifier: MIT */
/*
 * A terminal of the caller's: its size and its mode.
 *
 * Owns nothing: whoever changes the mode gives it back. Read beside it: termios(3),
 * ioctl_tty(2).
 */
#ifndef MINIVMM_TERMINAL_H
#define MINIVMM_TERMINAL_H

#include <stdbool.h>
#include <termios.h>

/*
 * Whether the terminal is in the hands of another job: we were started with `&`, or sent to the
 * background. Who reads from it then is stopped, and who changes its mode spoils it for the other.
 * False where `fd` is no terminal, or not the one that controls us.
 */
bool terminal_is_of_others(int fd);

/* Rows and columns; 0 and 0 where `fd` is no terminal, or does not tell. */
void terminal_get_size(int fd, unsigned int *rows, unsigned int *columns);

/*
 * From now on every key is a byte, and every byte goes to the screen as it is. The mode before is
 * in *saved. 0 or -errno, logged.
 */
int terminal_set_raw(int fd, struct termios *saved);

#endif
