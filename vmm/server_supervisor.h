/* SPDX-License-Identifier: MIT */
/*
 * How a server that minivmm started is ended, and the process that does it for minivmm.
 *
 * Who was root and goes on as another user may not send root's processes a signal. So such a server
 * has a supervisor between it and minivmm, which stays root and does nothing else. minivmm only
 * closes a socket to it, which also happens when minivmm is killed.
 */
#ifndef MINIVMM_SERVER_SUPERVISOR_H
#define MINIVMM_SERVER_SUPERVISOR_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Ask `server`, a child, to end; kill it after some seconds, or soon if it is `lost` anyway.
 * Returns what waitpid() said of it.
 */
int server_end(pid_t server, bool lost);

/*
 * The supervisor: wait until `server`, its child, has ended, or the other end of `life` is closed,
 * and end it then. A byte in the socket says that the server is lost. Ends with its status.
 */
_Noreturn void server_supervise(pid_t server, int life);

/* minivmm's side: have the server ended by `supervisor`, and wait for that. Closes `life`. */
void server_supervisor_finish(pid_t supervisor, int life, bool lost);

#endif
