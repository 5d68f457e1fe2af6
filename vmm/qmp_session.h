/* SPDX-License-Identifier: MIT */
/*
 * A conversation in QMP, QEMU's machine protocol: JSON in, JSON out.
 *
 * Owns the greeting, the negotiation, the form of a command, replies and their ids, events, and the
 * limit on unread output. It knows no socket, and gets the commands as a table.
 *
 * Read beside it: QEMU's docs/interop/qmp-spec.
 */
#ifndef MINIVMM_QMP_SESSION_H
#define MINIVMM_QMP_SESSION_H

#include <jansson.h>
#include <stdbool.h>

#include "qmp_reader.h"

/* No command is carried out while the client has more than this many bytes to read. */
#define QMP_OUTPUT_ENOUGH 16384u
/* With more than this many unread bytes, the client is taken as dead. */
#define QMP_OUTPUT_MAX (1u << 20)

struct qmp_error {
	const char *class; /* NULL: GenericError */
	char text[512];
};

struct qmp_argument {
	const char *name;
	json_type type; /* JSON_TRUE: a boolean */
	bool optional;
};

#define QMP_ARGUMENTS_MAX 3

struct qmp_command {
	const char *name;
	struct qmp_argument arguments[QMP_ARGUMENTS_MAX]; /* those with a name */
	bool more; /* further arguments are allowed, which the command checks itself */
	/*
	 * `arguments` is an object, never NULL. Returns the value for the reply, which is the
	 * caller's, or NULL with *error filled in.
	 */
	json_t *(*run)(void *owner, json_t *arguments, struct qmp_error *error);
};

struct qmp_session {
	const struct qmp_command *commands;
	size_t command_count;
	void *owner;
	bool negotiated;
	/* too much output is unread, or memory is short: the client must be disconnected */
	bool broken;
	char *output;
	size_t output_size, output_room;
	struct qmp_reader reader;
};

/* Begin a session, with the greeting as its first output. The table stays the caller's. */
void qmp_session_begin(struct qmp_session *session, const struct qmp_command *commands,
		       size_t count, void *owner);
void qmp_session_end(struct qmp_session *session);

/* Take bytes from the client; returns how many. It takes fewer if much output is unread. */
size_t qmp_session_take(struct qmp_session *session, const char *bytes, size_t count);

/* The client has read this many bytes of the output. */
void qmp_session_sent(struct qmp_session *session, size_t count);

/*
 * Write an event; takes `data` over, which may be NULL. Before the negotiation nothing is written.
 */
void qmp_session_event(struct qmp_session *session, const char *name, json_t *data);

/* For commands: set an error with a class (NULL: GenericError) and a text. Returns NULL. */
__attribute__((format(printf, 3, 4))) json_t *qmp_error_set(struct qmp_error *error,
							    const char *class, const char *fmt,
							    ...);

#endif
