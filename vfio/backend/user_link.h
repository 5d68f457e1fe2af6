/* SPDX-License-Identifier: MIT */
/*
 * The connection to a vfio-user server: commands go out, replies come back, and the server's own
 * commands - reads and writes of guest RAM - are answered meanwhile.
 *
 * Owns the socket, a thread that reads it, and the list of memory that the server may reach. The
 * server is another program and not trusted: its messages are checked as a whole before anything
 * acts on them, every wait is bounded, and the first thing that is wrong ends the connection - with
 * one line, and a ring of the bell that user_link_set_bell() hung up.
 *
 * Read beside it: docs/interop/vfio-user.rst of the QEMU project, "Client/server interactions".
 */
#ifndef MINIVMM_USER_LINK_H
#define MINIVMM_USER_LINK_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "user_message.h"
#include "user_version.h"
#include "vfio/vfio.h"

#define USER_MAPS_MAX 64u

/* A server that does not accept for longer is not there. */
#define USER_CONNECT_MS 5000u

/*
 * A server that needs longer to take a message, to send one, or to answer one is given up, however
 * many bytes it moves meanwhile.
 */
#define USER_TIMEOUT_MS 5000u

/* All that is asked of a server when the machine is taken down takes no longer than this. */
#define USER_HURRY_MS 1000u

struct user_call;

struct user_link {
	const char *name; /* for messages */
	int fd;
	int twin_fd; /* the server's own commands, where it wants a socket for them; or -1 */
	struct user_limits limits;
	bool agreed; /* on version and limits: before, the server may only answer */

	pthread_t reader;
	const struct thread_guard *guard; /* the reader's, or NULL */
	bool reading;                     /* the reader is there; before, whoever asks reads */

	pthread_mutex_t call_lock; /* one question at a time */
	pthread_mutex_t send_lock; /* messages do not mix */
	pthread_mutex_t lock;      /* all below */
	pthread_cond_t answered;
	const struct user_call *question; /* NULL, or what was asked and not yet answered */
	struct user_header question_header;
	struct user_message answer;
	bool has_answer;
	uint16_t next_id;
	bool dead;
	bool closing;
	bool hurried; /* then no wait goes on past: */
	struct timespec hurry_until;
	int bell; /* eventfd, whose ring stops the guest; or -1 */
	struct vfio_dma maps[USER_MAPS_MAX];
	unsigned int map_count;
};

/* A command and what becomes of it. */
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
	 * By when it must be answered, for one of several messages that make one request; NULL:
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

/* From now on a thread reads, which `guard` confines, unless that is NULL. 0 or -errno, logged. */
int user_link_start(struct user_link *link, const struct thread_guard *guard);

/* Ends thread and connection. Accepts a half-opened link; idempotent. */
void user_link_close(struct user_link *link);

/*
 * Sends the command and waits for its reply, which is *reply afterwards, the caller's to destroy
 * whatever comes back. 0; what the server reported, as -errno; -EIO when the connection is lost,
 * logged then; -ETIMEDOUT when its time was over before its turn came; or -ENOMEM. From any thread.
 */
int user_link_call(struct user_link *link, const struct user_call *call,
		   struct user_message *reply);

/*
 * The server broke the protocol: the connection ends, with one line that says `wrong`. Returns
 * -EIO.
 */
int user_link_fail(struct user_link *link, const char *wrong);

/* From now on nobody waits for the server longer than USER_HURRY_MS in all; who waits, likewise. */
void user_link_hurry(struct user_link *link);

bool user_link_is_lost(struct user_link *link);

/*
 * The eventfd to ring when the connection is lost, at once if it already is; -1 for none. Stays the
 * caller's.
 */
void user_link_set_bell(struct user_link *link, int bell);

/*
 * Memory the server may reach by DMA_READ and DMA_WRITE. 0; -EEXIST, -ENOSPC; -ENOENT for what is
 * not exactly one that was added. When user_link_del_map() returns, nothing touches it any more.
 */
int user_link_add_map(struct user_link *link, const struct vfio_dma *dma);
int user_link_del_map(struct user_link *link, uint64_t iova, uint64_t size);

#endif
