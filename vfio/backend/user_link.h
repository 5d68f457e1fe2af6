/* SPDX-License-Identifier: MIT */
/*
 * The connection to a vfio-user server: commands go out, replies come back, and meanwhile the
 * server's own commands, which read and write guest RAM, are answered.
 *
 * Owns the socket, a thread that reads it, and the memory that the server may reach. The server is
 * another program and not trusted: its messages are checked as a whole before anything acts on
 * them, every wait is bounded, and the first error ends the connection. Then one line is logged,
 * and the eventfd of user_link_set_bell() is signalled.
 *
 * Read beside it: docs/interop/vfio-user.rst of the QEMU project, "Client/server interactions".
 */
#ifndef MINIVMM_USER_LINK_H
#define MINIVMM_USER_LINK_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "user_memory.h"
#include "user_message.h"
#include "user_version.h"

/* A server that does not accept within this time is taken as missing. */
#define USER_CONNECT_MS 5000u

/*
 * A server that takes longer to receive, send or answer one message is given up, even if it moves
 * bytes meanwhile.
 */
#define USER_TIMEOUT_MS 5000u

/* All requests to a server while the machine is taken down take no longer than this together. */
#define USER_HURRY_MS 1000u

/* After this time without an answer the server is stalled: it may still answer. */
#define USER_STALL_MS 500u

struct user_call;

struct user_link {
	const char *name; /* for messages */
	int fd;
	int twin_fd; /* socket for the server's own commands, if it wants one; or -1 */
	struct user_limits limits;
	bool agreed; /* version and limits are agreed on; before that, the server may only answer */
	/* the process that connected has already asked for the version: see user_greeting.h */
	bool greeted;

	pthread_t reader;
	const struct thread_guard *guard; /* the reader thread's guard, or NULL */
	/* the reader thread runs; before that, the caller reads the reply itself */
	bool reading;

	struct user_memory memory; /* what the server may reach by its own commands */

	pthread_mutex_t call_lock; /* held during a question, so that there is one at a time */
	pthread_mutex_t send_lock; /* held while a message is sent, so that messages do not mix */
	pthread_mutex_t lock;      /* all below */
	pthread_cond_t answered;
	const struct user_call *question; /* the question that is not yet answered, or NULL */
	struct user_header question_header;
	struct timespec answer_due; /* after that time the server is stalled */
	struct user_message answer;
	bool has_answer;
	uint16_t next_id;
	bool dead;
	const char *wrong; /* once it is dead: what the server did, as it was logged, ... */
	int lost_by;       /* ... and the call's errno, or 0 where no call failed */
	bool closing;
	bool hurried; /* if set, no wait goes past: */
	struct timespec hurry_until;
	int bell; /* eventfd that stops the guest when it is signalled, or -1 */
};

/* A command, and the place for its reply. */
struct user_call {
	enum user_command command;
	const void *head; /* the payload, in two parts */
	size_t head_size;
	const void *data;
	size_t data_size;
	const int *fds; /* files to send along; at most limits.max_fds of them */
	unsigned int fd_count;
	size_t reply_min, reply_max; /* bytes of payload expected */
	/*
	 * Deadline of the answer, for one of several messages that make up one request. NULL:
	 * USER_TIMEOUT_MS after its turn has come.
	 */
	const struct timespec *until;
};

/*
 * A connection over `fd`, a connected stream socket, which it owns from now on; or, where fd is -1,
 * to the server that listens at `path`, by `opener` unless that is NULL. Agrees on the version. No
 * thread yet. 0 or -errno, logged; user_link_close() after either.
 */
int user_link_open(struct user_link *link, const char *name, const struct opener *opener,
		   const char *path, int fd);

/* Start the thread that reads; `guard` confines it, unless that is NULL. 0 or -errno, logged. */
int user_link_start(struct user_link *link, const struct thread_guard *guard);

/* End thread and connection. Accepts a half-opened link; idempotent. */
void user_link_close(struct user_link *link);

/*
 * Send the command and wait for its reply, which is stored in *reply; the caller destroys it
 * whatever is returned. 0, the error that the server reported, as -errno, -LOG_TOLD if the
 * connection is lost, or -ETIMEDOUT if its time was over before its turn came. May be called from
 * any thread.
 */
int user_link_call(struct user_link *link, const struct user_call *call,
		   struct user_message *reply);

/*
 * End the connection because the server broke the protocol, and log one line that says `wrong`, a
 * constant text. Returns -LOG_TOLD.
 */
int user_link_fail(struct user_link *link, const char *wrong);

/*
 * From now on no thread waits for the server longer than USER_HURRY_MS in all, including those that
 * already wait.
 */
void user_link_hurry(struct user_link *link);

/* True if a question has been waiting for its answer for USER_STALL_MS. */
bool user_link_is_stalled(struct user_link *link);

/*
 * Set the eventfd to signal when the connection is lost, at once if it already is; -1 for none. The
 * file stays the caller's.
 */
void user_link_set_bell(struct user_link *link, int bell);

#endif
