/* SPDX-License-Identifier: MIT */
#include "user_peer.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guests/demo/demo_server.h"
#include "vfio/backend/user_socket.h"

#define PEER_FILES_MAX 64

static void *peer_serve(void *arg)
{
	demo_server_run(((struct user_peer *)arg)->honest);
	return NULL;
}

/* The write ends early if nobody listens any more. */
static bool peer_drip(int socket, const struct user_message *message, size_t payload)
{
	size_t header = sizeof(message->header);

	for (size_t i = 0; i < header + payload; i++) {
		const char *from = i < header ? (const char *)&message->header + i
					      : (const char *)message->payload + i - header;

		usleep(200000);
		if (send(socket, from, 1, MSG_NOSIGNAL) < 0)
			return false;
	}
	return true;
}

/* Pass the message on as it is, whatever its header says. */
static bool peer_send_files(int socket, const struct user_message *message, size_t payload,
			    const int *fds, unsigned int count)
{
	struct iovec parts[2] = { { (void *)&message->header, sizeof(message->header) },
				  { message->payload, payload } };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };
	union {
		char bytes[CMSG_SPACE(PEER_FILES_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;

	if (count) {
		size_t size = count * sizeof(int);

		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(size);
		memset(&control, 0, sizeof(control));
		*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
							 .cmsg_type = SCM_RIGHTS,
							 .cmsg_len = CMSG_LEN(size) };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), fds, size);
	}
	return sendmsg(socket, &msg, MSG_NOSIGNAL) >= 0;
}

static bool peer_send(int socket, const struct user_message *message, size_t payload)
{
	return peer_send_files(socket, message, payload, message->fds, message->fd_count);
}

/* The reply with the files that the lie is about. */
static bool peer_send_odd_files(const struct user_peer *peer, const struct user_message *reply,
				size_t payload)
{
	const struct user_lie *lie = peer->lie;
	unsigned int count = lie->spoil == USER_MIXED ? 2 : lie->offset;
	int files[PEER_FILES_MAX] = { 0 }; /* standard input, often */

	for (unsigned int i = 0; lie->spoil == USER_COPIES && i < count; i++)
		files[i] = reply->fds[0];
	if (lie->spoil == USER_MIXED)
		files[0] = reply->fds[0];
	if (lie->spoil == USER_OTHER)
		files[0] = (int)lie->value;
	return peer_send_files(peer->here, reply, payload, files, count);
}

static void peer_patch(struct user_message *reply, const struct user_lie *lie)
{
	size_t header = sizeof(reply->header);
	char *at = lie->offset < header ? (char *)&reply->header + lie->offset
					: (char *)reply->payload + lie->offset - header;

	memcpy(at, &lie->value, lie->size);
}

static void peer_set_text(struct user_message *reply, const char *text)
{
	size_t size = strlen(text) + 1;

	reply->payload = realloc(reply->payload, 4 + size);
	memcpy((char *)reply->payload + 4, text, size);
	reply->header.size = (uint32_t)(sizeof(reply->header) + 4 + size);
}

/* Send a command of the server's own. `value` is the start of its payload. */
static bool peer_interrupt(const struct user_peer *peer, const struct user_lie *lie)
{
	struct user_message command = {
		.header = { .id = 7, .command = (uint16_t)lie->offset },
		.payload = calloc(1, lie->size + 1),
	};
	struct user_message answer = { .payload = NULL };
	bool sent;

	memcpy(command.payload, &lie->value, lie->size < 8 ? lie->size : 8);
	command.header.size = (uint32_t)(sizeof(command.header) + lie->size);
	sent = peer_send(peer->here, &command, lie->size) &&
	       !user_socket_receive(peer->here, &answer, NULL);
	user_message_destroy(&command);
	user_message_destroy(&answer);
	return sent;
}

/*
 * What is sent in place of the reply, with *payload bytes of it. Returns false if the connection
 * ends there.
 */
static bool peer_spoil(struct user_peer *peer, struct user_message *reply, size_t *payload)
{
	const struct user_lie *lie = peer->lie;

	switch (lie->spoil) {
	case USER_PATCH:
		peer_patch(reply, lie);
		break;
	case USER_TEXT:
		peer_set_text(reply, lie->text);
		*payload = user_payload_size(reply);
		break;
	case USER_INTERRUPT:
		return peer_interrupt(peer, lie);
	case USER_TWICE:
		return peer_send(peer->here, reply, *payload);
	case USER_CUT:
		peer_send(peer->here, reply, lie->offset);
		return false;
	default:
		break;
	}
	return true;
}

static bool peer_answer(struct user_peer *peer, const struct user_message *command,
			struct user_message *reply, bool *lied)
{
	size_t payload = user_payload_size(reply);
	const struct user_lie *next = __atomic_load_n(&peer->lie, __ATOMIC_ACQUIRE);
	bool lie = !*lied && next && command->header.command == next->command &&
		   (reply->fd_count || next->spoil < USER_COPIES);

	*lied |= lie;
	usleep(peer->delay * 1000);
	if (lie && peer->lie->spoil == USER_SILENT)
		return true;
	if (lie && peer->lie->spoil == USER_DRIP)
		return peer_drip(peer->here, reply, payload);
	if (lie && peer->lie->spoil >= USER_FILES)
		return peer_send_odd_files(peer, reply, payload);
	if (lie && !peer_spoil(peer, reply, &payload))
		return false;
	return peer_send(peer->here, reply, payload);
}

/*
 * Read the honest server's reply. What that server asks before is passed on, and so is the
 * answer.
 */
static bool peer_await(const struct user_peer *peer, struct user_message *reply)
{
	while (!user_socket_receive(peer->there, reply, NULL)) {
		struct user_message answer = { .payload = NULL };
		bool on = (reply->header.flags & USER_TYPE_MASK) == USER_TYPE_COMMAND;

		if (!on)
			return true;
		on = peer_send(peer->here, reply, user_payload_size(reply)) &&
		     !user_socket_receive(peer->here, &answer, NULL) &&
		     peer_send(peer->there, &answer, user_payload_size(&answer));
		user_message_destroy(&answer);
		user_message_destroy(reply);
		if (!on)
			return false;
	}
	return false;
}

static bool peer_pass(struct user_peer *peer, bool *lied)
{
	struct user_message command = { .payload = NULL }, reply = { .payload = NULL };
	bool on = !user_socket_receive(peer->here, &command, NULL);

	on = on && peer_send(peer->there, &command, user_payload_size(&command)) &&
	     peer_await(peer, &reply) && peer_answer(peer, &command, &reply, lied);
	user_message_destroy(&command);
	user_message_destroy(&reply);
	return on;
}

static void *peer_lie(void *arg)
{
	struct user_peer *peer = arg;
	bool lied = false;

	while (peer_pass(peer, &lied))
		;
	close(peer->here);
	close(peer->there);
	return NULL;
}

void user_peer_start(struct user_peer *peer, const struct user_lie *lie)
{
	int front[2], back[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, front), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, back), 0);
	*peer = (struct user_peer){ .lie = lie,
				    .client = front[0],
				    .here = front[1],
				    .there = back[0],
				    .honest = back[1] };
	ck_assert_int_eq(pthread_create(&peer->liar, NULL, peer_lie, peer), 0);
	ck_assert_int_eq(pthread_create(&peer->server, NULL, peer_serve, peer), 0);
}

void user_peer_join(struct user_peer *peer)
{
	pthread_join(peer->liar, NULL);
	pthread_join(peer->server, NULL);
}
