/* SPDX-License-Identifier: MIT */
/*
 * A vfio-user server that lies: the demo device, with somebody in between.
 *
 * The client under test talks to a thread. The thread passes every message on to an honest
 * server, and passes the reply back. It spoils one reply. So a test only says what is wrong.
 */
#ifndef MINIVMM_TESTS_USER_PEER_H
#define MINIVMM_TESTS_USER_PEER_H

#include <pthread.h>
#include <stdint.h>

#include "vfio/backend/user_message.h"

enum user_spoil {
	USER_PATCH,     /* `value`, of `size` bytes, at `offset` of the reply, header included */
	USER_CUT,       /* the reply ends after `offset` bytes, and so does the connection */
	USER_SILENT,    /* no reply */
	USER_DRIP,      /* the reply comes byte by byte, one each 200 ms */
	USER_TWICE,     /* the reply comes twice */
	USER_TEXT,      /* the payload behind its first four bytes is `text` and its NUL */
	USER_INTERRUPT, /* a command with number `offset` and `size` bytes comes first */
	USER_FILES,     /* the reply brings `offset` files too many */
	USER_COPIES,    /* the reply brings its file `offset` times */
	USER_MIXED,     /* the reply brings its file and another one */
	USER_OTHER,     /* the reply brings the file `value`, once, in the place of its own */
};

struct user_lie {
	enum user_command command; /* the first reply to this command is spoilt */
	enum user_spoil spoil;
	uint32_t offset, size;
	uint64_t value;
	const char *text;
};

struct user_peer {
	const struct user_lie *lie; /* NULL: none */
	_Atomic unsigned int delay; /* milliseconds before each reply */
	int client;                 /* the socket's end for the code under test */
	int here, there;            /* the thread's ends: to the client, to the honest server */
	int honest;
	pthread_t liar, server;
};

void user_peer_start(struct user_peer *peer, const struct user_lie *lie);

/* Wait for the thread, once the client has closed its end. */
void user_peer_join(struct user_peer *peer);

#endif
