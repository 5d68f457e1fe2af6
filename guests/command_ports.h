/* SPDX-License-Identifier: MIT */
/*
 * What minivmm and the guest's init agree on for `minivmm -- COMMAND`: the ports of the console
 * between them, and the file that says what to run.
 *
 * COMMAND_FILE is in the initramfs. It is a list of `name=value` texts, each ended by a NUL:
 *
 *	arg=WORD       once for each word of the command
 *	env=NAME=VALUE once for each variable
 *	cwd=FOLDER     where to run it
 *	tty=DIGITS     which of 0, 1 and 2 are a terminal
 *	rows=N cols=N  its size
 *	root=TAG       the shared folder that becomes the root, read-only; without, there is none
 *	layer=memory   what is written to the root stays in memory; or none: it can only be read
 *	share=TAG:FOLDER, share-ro=TAG:FOLDER   another one, and where it is mounted
 *
 * Lines on the control port, to the guest: `size ROWS COLUMNS`, `eof` (no more standard input),
 * `closed N` (nobody reads stream N any more), `bye` (all output has been written down: the guest
 * may power off). To minivmm: `status N`, when the command has ended and all its output is sent.
 */
#ifndef MINIVMM_COMMAND_PORTS_H
#define MINIVMM_COMMAND_PORTS_H

#define COMMAND_FILE "/command"

enum command_port {
	COMMAND_PORT_INPUT,    /* standard input, unless that is the terminal */
	COMMAND_PORT_OUTPUT,   /* standard output, likewise */
	COMMAND_PORT_ERROR,    /* standard error, likewise */
	COMMAND_PORT_TERMINAL, /* both ways */
	COMMAND_PORT_CONTROL,  /* both ways, lines of text */
	COMMAND_PORTS,
};

/* The statuses of env(1) and of shells. */
#define COMMAND_STATUS_FAILED    125 /* minivmm itself failed */
#define COMMAND_STATUS_NOT_RUN   126 /* the command exists but cannot be run */
#define COMMAND_STATUS_NOT_FOUND 127
#define COMMAND_STATUS_SIGNAL    128 /* plus the number */

#endif
