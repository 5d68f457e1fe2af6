/* SPDX-License-Identifier: MIT */
/*
 * Ends a server that minivmm started, by a separate process if necessary.
 *
 * If minivmm was root and continues as another user, it may not send a signal to root's processes.
 * So such a server has a supervisor between it and minivmm, which stays root and does nothing else.
 * minivmm only closes a socket to it, which also happens if minivmm is killed.
 */
#ifndef MINIVMM_SERVER_SUPERVISOR_H
#define MINIVMM_SERVER_SUPERVISOR_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Ask `server`, a child, to end, and wait as long as it works at that, ten seconds at most. After
 * that it goes on without minivmm, as one does that waits for its file. One that is `lost` is
 * killed. `file` is of process_signal_open(), or -1. A server that is left behind is named in a
 * line, with `path`.
 */
void server_end(pid_t server, int file, const char *path, bool lost);

/*
 * The supervisor's main function: wait until `server`, its child, has ended, or the other end of
 * `life` is closed, and then end it. A byte in the socket says that the server is lost. Exits with
 * the server's status.
 */
_Noreturn void server_supervise(pid_t server, int life);

/* minivmm's side: the same by its `supervisor`, which stays with the server. Closes `life`. */
void server_supervisor_finish(pid_t supervisor, int life, const char *path, bool lost);

#endif
