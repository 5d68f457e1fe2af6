/* SPDX-License-Identifier: MIT */
/*
 * A vhost-user server for tests. It is a thread that answers as it should, except for one answer,
 * which it spoils. It writes down what it was asked. So a test only says what is wrong.
 */
#ifndef MINIVMM_TESTS_VHOST_PEER_H
#define MINIVMM_TESTS_VHOST_PEER_H

#include <pthread.h>
#include <stdint.h>

#include "devices/vhost_message.h"

enum vhost_spoil {
	VHOST_PATCH,  /* `value`, of `size` bytes, at `offset` of the answer, header included */
	VHOST_CUT,    /* the answer ends after `offset` bytes, and so does the connection */
	VHOST_SILENT, /* no answer */
	VHOST_DRIP,   /* the answer comes byte by byte, one each 50 ms */
	VHOST_TWICE,  /* the answer comes twice */
	VHOST_FILES,  /* `offset` files come along */
};

struct vhost_lie {
	enum vhost_request request; /* the first answer to this request is spoilt */
	enum vhost_spoil spoil;
	uint32_t offset, size;
	uint64_t value;
};

struct vhost_peer {
	const struct vhost_lie *lie; /* NULL: none */
	uint64_t features;
	uint64_t protocol;
	uint64_t queues;
	uint8_t config[VHOST_CONFIG_MAX];
	char log[4096]; /* what was asked, one line each; to be read after the join */
	int client;     /* the socket's end for the code under test */
	int here;
	pthread_t thread;
};

/* Start the server. What it offers is filled in before. */
void vhost_peer_start(struct vhost_peer *peer);

/* Wait for the thread, once the client has closed its end. */
void vhost_peer_join(struct vhost_peer *peer);

#endif
