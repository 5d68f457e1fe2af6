/* SPDX-License-Identifier: MIT */
/*
 * Signals to a child process of minivmm's, by a file that names this process and no other.
 *
 * kill() reaches every process of the user. A confined minivmm must not have it: whoever takes
 * minivmm over could end the user's programs. With such a file it can end its own children alone.
 * The file is opened when the child starts, before minivmm is confined.
 *
 * Read beside it: pidfd_open(2), pidfd_send_signal(2).
 */
#ifndef MINIVMM_PROCESS_SIGNAL_H
#define MINIVMM_PROCESS_SIGNAL_H

#include <stdbool.h>
#include <sys/types.h>

/* The file of a child that was not waited for; the caller's. -1 on a kernel older than 5.3. */
int process_signal_open(pid_t child);

/*
 * Send the signal by the file, or by kill() where that is -1. A child that has ended is no error.
 */
void process_signal_send(int file, pid_t child, int signal);

/*
 * Wait for the end of a child that was told to end, as long as it does something: one that the
 * processors do nothing for during `idle_ms` waits for something itself. `most_ms` at the most. Its
 * status goes to *status. Whether it has ended, or was no child. Not logged.
 */
bool process_ends(pid_t child, unsigned int idle_ms, unsigned int most_ms, int *status);

/* The same. One that does not end is left behind; a line says so, with `object` as its name. */
void process_wait(pid_t child, const char *object);

/* So long may a process rest that has nothing more to do than to end, and so long may it work. */
#define PROCESS_IDLE_MS 1000u
#define PROCESS_MAX_MS  10000u

/* Whether the kernel has such files. If not, minivmm keeps kill(). */
bool process_signal_has_files(void);

#endif
