/* SPDX-License-Identifier: MIT */
#include "vhost_peer.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define PEER_FILES_MAX 8

union peer_control {
	char bytes[CMSG_SPACE(PEER_FILES_MAX * sizeof(int))];
	struct cmsghdr align;
};

/* Close the files that came, and return how many there were. */
static unsigned int peer_close_files(struct msghdr *msg)
{
	unsigned int files = 0;
	int fd;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		for (size_t at = CMSG_LEN(0); at < c->cmsg_len; at += sizeof(fd), files++) {
			memcpy(&fd, (char *)c + at, sizeof(fd));
			close(fd);
		}
	return files;
}

/* Read one request. Returns false when the client has hung up. */
static bool peer_receive(struct vhost_peer *peer, struct vhost_message *message,
			 unsigned int *files)
{
	union peer_control control;
	struct iovec part = { &message->header, sizeof(message->header) };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };

	memset(message, 0, sizeof(*message));
	if (recvmsg(peer->here, &msg, MSG_WAITALL) != sizeof(message->header))
		return false;
	*files = peer_close_files(&msg);
	return message->header.size == 0 ||
	       recv(peer->here, &message->payload, message->header.size, MSG_WAITALL) ==
		       (ssize_t)message->header.size;
}

static void peer_write_down(struct vhost_peer *peer, const struct vhost_message *message,
			    unsigned int files)
{
	size_t length = strlen(peer->log);
	char text[64] = "";

	switch (message->header.request) {
	case VHOST_SET_MEM_TABLE:
		snprintf(text, sizeof(text), " %u", message->payload.memory.count);
		break;
	case VHOST_SET_VRING_NUM:
	case VHOST_SET_VRING_BASE:
	case VHOST_GET_VRING_BASE:
	case VHOST_SET_VRING_ENABLE:
		snprintf(text, sizeof(text), " %u %u", message->payload.state.index,
			 message->payload.state.value);
		break;
	case VHOST_SET_FEATURES:
	case VHOST_SET_VRING_KICK:
	case VHOST_SET_VRING_CALL:
		snprintf(text, sizeof(text), " %#llx", (unsigned long long)message->payload.number);
		break;
	}
	snprintf(peer->log + length, sizeof(peer->log) - length, "%u%s%.*s\n",
		 message->header.request, text, (int)(2 * files), " f f f f f f f f");
}

/* Turn the request into its answer. Returns false if it has none. */
static bool peer_answer(struct vhost_peer *peer, struct vhost_message *message)
{
	struct vhost_config *config = &message->payload.config;
	bool ack = message->header.flags & VHOST_NEED_REPLY;

	message->header.flags = VHOST_VERSION | VHOST_REPLY;
	switch (message->header.request) {
	case VHOST_GET_FEATURES:
		message->payload.number = peer->features;
		break;
	case VHOST_GET_PROTOCOL_FEATURES:
		message->payload.number = peer->protocol;
		break;
	case VHOST_GET_QUEUE_NUM:
		message->payload.number = peer->queues;
		break;
	case VHOST_GET_VRING_BASE:
		return true;
	case VHOST_GET_CONFIG:
		memcpy(config->data, peer->config, config->size);
		return true;
	default:
		message->payload.number = 0;
		message->header.size = sizeof(uint64_t);
		return ack;
	}
	message->header.size = sizeof(uint64_t);
	return true;
}

static void peer_drip(struct vhost_peer *peer, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		usleep(50000);
		if (send(peer->here, bytes + i, 1, MSG_NOSIGNAL) < 0)
			return;
	}
}

static void peer_send_files(struct vhost_peer *peer, void *bytes, size_t size, unsigned int files)
{
	union peer_control control;
	struct iovec part = { bytes, size };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = CMSG_SPACE(files * sizeof(int)) };
	int fd = STDERR_FILENO;

	memset(&control, 0, sizeof(control));
	*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
						 .cmsg_type = SCM_RIGHTS,
						 .cmsg_len = CMSG_LEN(files * sizeof(int)) };
	for (unsigned int i = 0; i < files; i++)
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)) + i * sizeof(fd), &fd, sizeof(fd));
	sendmsg(peer->here, &msg, MSG_NOSIGNAL);
}

/* Send the answer, spoilt. Returns false if the connection ends here. */
static bool peer_spoil(struct vhost_peer *peer, struct vhost_message *answer)
{
	size_t size = sizeof(answer->header) + answer->header.size;
	const struct vhost_lie *lie = peer->lie;
	char *bytes = (char *)&answer->header;

	peer->lie = NULL;
	switch (lie->spoil) {
	case VHOST_PATCH:
		memcpy(bytes + lie->offset, &lie->value, lie->size);
		break;
	case VHOST_CUT:
		send(peer->here, bytes, lie->offset, MSG_NOSIGNAL);
		return false;
	case VHOST_SILENT:
		return true;
	case VHOST_DRIP:
		peer_drip(peer, bytes, size);
		return true;
	case VHOST_TWICE:
		send(peer->here, bytes, size, MSG_NOSIGNAL);
		break;
	case VHOST_FILES:
		peer_send_files(peer, bytes, size, lie->offset);
		return true;
	}
	return send(peer->here, bytes, size, MSG_NOSIGNAL) >= 0;
}

static void *peer_serve(void *arg)
{
	struct vhost_peer *peer = arg;
	struct vhost_message message;
	unsigned int files;
	bool open = true;

	while (open && peer_receive(peer, &message, &files)) {
		peer_write_down(peer, &message, files);
		if (!peer_answer(peer, &message))
			continue;
		if (peer->lie && peer->lie->request == message.header.request)
			open = peer_spoil(peer, &message);
		else
			open = send(peer->here, &message.header,
				    sizeof(message.header) + message.header.size,
				    MSG_NOSIGNAL) >= 0;
	}
	shutdown(peer->here, SHUT_RDWR);
	return NULL;
}

void vhost_peer_start(struct vhost_peer *peer)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	peer->client = pair[0];
	peer->here = pair[1];
	ck_assert_int_eq(pthread_create(&peer->thread, NULL, peer_serve, peer), 0);
}

void vhost_peer_join(struct vhost_peer *peer)
{
	pthread_join(peer->thread, NULL);
	close(peer->here);
}
