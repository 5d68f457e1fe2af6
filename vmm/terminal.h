/* SPDX-License-Identifier: MIT */
/*
 * A terminal of the caller's: its size and its mode.
 *
 * Owns nothing: whoever changes the mode gives it back. Read beside it: termios(3),
 * ioctl_tty(2).
 */
#ifndef MINIVMM_TERMINAL_H
#define MINIVMM_TERMINAL_H

#include <termios.h>

/* Rows and columns; 0 and 0 where `fd` is no terminal, or does not tell. */
void terminal_get_size(int fd, unsigned int *rows, unsigned int *columns);

/*
 * From now on every key is a byte, and every byte goes to the screen as it is. The mode before is
 * in *saved. 0 or -errno, logged.
 */
int terminal_set_raw(int fd, struct termios *saved);

#endif
