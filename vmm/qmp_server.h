/* SPDX-License-Identifier: MIT */
/*
 * The control socket: one client at a time, served by the main loop.
 *
 * Owns the socket, whose file only its owner may use and which is removed at the end, and the
 * client. The next client waits until the current one leaves. A client that does not read, or sends
 * nonsense, costs a bounded amount of memory and does not delay the machine.
 *
 * Read beside it: unix(7).
 */
#ifndef MINIVMM_QMP_SERVER_H
#define MINIVMM_QMP_SERVER_H

#include "qmp_keeper.h"
#include "qmp_session.h"
#include "vmm/core/loop.h"

struct qmp_server {
	struct loop *loop; /* NULL: there is no socket */
	const char *path;
	struct qmp_keeper keeper; /* of the socket's file */
	struct loop_source listener, client;
	const struct qmp_command *commands;
	size_t command_count;
	void *owner;
	struct qmp_session session; /* while there is a client */
	char input[4096];
	size_t input_at, input_size;
};

/*
 * Listen at `path`; commands are called with `owner`. The process that removes the socket keeps no
 * right for anything else if `confined`. Path and table stay the caller's. A socket to
 * which no program listens is replaced. 0 or -errno, logged.
 */
int qmp_server_open(struct qmp_server *server, struct loop *loop, const char *path, bool confined,
		    const struct qmp_command *commands, size_t count, void *owner);

/* Close everything; what the client has not read is lost. Accepts one that was never opened. */
void qmp_server_close(struct qmp_server *server);

/* Send an event to the client, if there is one; takes `data` over, which may be NULL. */
void qmp_server_event(struct qmp_server *server, const char *name, json_t *data);

#endif
