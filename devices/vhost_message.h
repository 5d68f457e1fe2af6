/* SPDX-License-Identifier: MIT */
/*
 * The messages of vhost-user: how a virtual machine monitor hands a virtio device's queues to
 * another program, the server, over a Unix socket.
 *
 * Owns the layout of the messages, and sends and receives them as a whole: each must pass before a
 * time of CLOCK_MONOTONIC. vhost_user.h decides what is asked and when. The server is not trusted,
 * so a message from it is checked before it is used.
 *
 * Read beside it: docs/interop/vhost-user.rst of the QEMU project, "Message Specification".
 */
#ifndef MINIVMM_VHOST_MESSAGE_H
#define MINIVMM_VHOST_MESSAGE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* The requests that minivmm uses. */
enum vhost_request {
	VHOST_GET_FEATURES = 1,
	VHOST_SET_FEATURES = 2,
	VHOST_SET_OWNER = 3,
	VHOST_SET_MEM_TABLE = 5,
	VHOST_SET_VRING_NUM = 8,
	VHOST_SET_VRING_ADDR = 9,
	VHOST_SET_VRING_BASE = 10,
	VHOST_GET_VRING_BASE = 11,
	VHOST_SET_VRING_KICK = 12,
	VHOST_SET_VRING_CALL = 13,
	VHOST_GET_PROTOCOL_FEATURES = 15,
	VHOST_SET_PROTOCOL_FEATURES = 16,
	VHOST_GET_QUEUE_NUM = 17,
	VHOST_SET_VRING_ENABLE = 18,
	VHOST_GET_CONFIG = 24,
	VHOST_SET_CONFIG = 25,
};

/* Bits of the flags field. The two lowest are the version, which is 1. */
#define VHOST_VERSION_MASK 0x3u
#define VHOST_VERSION      0x1u
#define VHOST_REPLY        (1u << 2)
#define VHOST_NEED_REPLY   (1u << 3)

/* The one of virtio's feature bits that concerns only minivmm and the server. */
#define VHOST_F_PROTOCOL_FEATURES (1ull << 30)

/* Protocol features: extensions of vhost-user that both sides support. */
#define VHOST_PROTOCOL_MQ        (1ull << 0) /* the server tells how many queues it has */
#define VHOST_PROTOCOL_REPLY_ACK (1ull << 3) /* it also acknowledges requests that have no answer */
#define VHOST_PROTOCOL_CONFIG    (1ull << 9) /* it keeps the device's configuration space */

/* A flag beside the index of a queue: the message has no eventfd. */
#define VHOST_VRING_NOFD (1u << 8)

#define VHOST_REGIONS_MAX 8   /* files in one memory table */
#define VHOST_CONFIG_MAX  256 /* bytes of configuration space */

struct vhost_header {
	uint32_t request;
	uint32_t flags;
	uint32_t size; /* of the payload, in bytes */
};

struct vhost_state {
	uint32_t index; /* of the queue */
	uint32_t value;
};

/*
 * Where a queue lies. Addresses are those of minivmm's process, which the memory table explains to
 * the server.
 */
struct vhost_address {
	uint32_t index;
	uint32_t flags;
	uint64_t descriptors;
	uint64_t used;
	uint64_t available;
	uint64_t log;
};

struct vhost_region {
	uint64_t gpa;
	uint64_t size;
	uint64_t hva;
	uint64_t fd_offset; /* offset in the file that is sent with the table */
};

struct vhost_memory {
	uint32_t count;
	uint32_t padding;
	struct vhost_region regions[VHOST_REGIONS_MAX];
};

struct vhost_config {
	uint32_t offset;
	uint32_t size;
	uint32_t flags;
	uint8_t data[VHOST_CONFIG_MAX];
};

union vhost_payload {
	uint64_t number;
	struct vhost_state state;
	struct vhost_address address;
	struct vhost_memory memory;
	struct vhost_config config;
};

/* Header and payload are adjacent, as in the message on the socket; `unused` aligns them so. */
struct vhost_message {
	uint32_t unused;
	struct vhost_header header;
	union vhost_payload payload;
};
static_assert(offsetof(struct vhost_message, payload) ==
		      offsetof(struct vhost_message, header) + sizeof(struct vhost_header),
	      "a hole in the message");

/*
 * Send header and payload, whose size the header tells, with `fd_count` files, VHOST_REGIONS_MAX at
 * most. NULL, or words that follow "its vhost-user server" and say what it did instead; then errno
 * says why a call failed, or is 0 where none did.
 */
const char *vhost_message_send(int fd, const struct vhost_message *message, const int *fds,
			       unsigned int fd_count, const struct timespec *until);

/*
 * Receive the answer to `request`. Its version, kind and size are checked; files that came with it
 * are closed, since no answer that minivmm asks for has any. NULL, or such words.
 */
const char *vhost_message_receive(int fd, uint32_t request, struct vhost_message *message,
				  const struct timespec *until);

#endif
