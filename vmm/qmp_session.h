/* SPDX-License-Identifier: MIT */
/*
 * A conversation in QMP, QEMU's machine protocol: JSON in, JSON out.
 *
 * Owns the greeting, the negotiation, what a command must look like, replies and their ids, events,
 * and how much may wait to be read. Knows no socket, and no command: those come as a table.
 *
 * Read beside it: QEMU's docs/interop/qmp-spec.
 */
#ifndef MINIVMM_QMP_SESSION_H
#define MINIVMM_QMP_SESSION_H

#include <jansson.h>
#include <stdbool.h>

#include "qmp_reader.h"

/* While more than this waits to be read, no command is carried out. */
#define QMP_OUTPUT_ENOUGH 16384u
/* More than this, a client is taken for one that reads nothing any more. */
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
	struct qmp_argument arguments[QMP_ARGUMENTS_MAX]; /* as many as have a name */
	bool more; /* there may be others: the command judges them */
	/*
	 * `arguments` is an object, never NULL. Returns what the reply tells, the caller's, or NULL
	 * with *error filled in.
	 */
	json_t *(*run)(void *owner, json_t *arguments, struct qmp_error *error);
};

struct qmp_session {
	const struct qmp_command *commands;
	size_t command_count;
	void *owner;
	bool negotiated;
	bool broken; /* too much waits to be read, or memory is short: the client must go */
	char *output;
	size_t output_size, output_room;
	struct qmp_reader reader;
};

/* The table stays the caller's. The greeting waits to be read, then. */
void qmp_session_begin(struct qmp_session *session, const struct qmp_command *commands,
		       size_t count, void *owner);
void qmp_session_end(struct qmp_session *session);

/*
 * Take bytes from the client. Returns how many: fewer than there are where enough waits to be read.
 */
size_t qmp_session_take(struct qmp_session *session, const char *bytes, size_t count);

/* The client has read so many bytes of the output. */
void qmp_session_sent(struct qmp_session *session, size_t count);

/* Tell of an event; `data` may be NULL, and is taken over. Nothing before the negotiation. */
void qmp_session_event(struct qmp_session *session, const char *name, json_t *data);

/* For commands: an error with a class (NULL: GenericError) and words. Returns NULL. */
__attribute__((format(printf, 3, 4))) json_t *qmp_error_set(struct qmp_error *error,
							    const char *class, const char *fmt,
							    ...);

#endif
