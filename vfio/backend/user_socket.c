/* SPDX-License-Identifier: MIT */
#include "user_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vmm/base/pending_signal.h"
#include "vmm/base/unix_socket.h"

union socket_control {
	char bytes[CMSG_SPACE(USER_FDS_MAX * sizeof(int))];
	struct cmsghdr align;
};

/* The kernel has already installed the files, so all are taken and none stays open by accident. */
static const char *socket_take_fds(struct msghdr *msg, struct user_message *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (message->fd_count < USER_FDS_MAX)
				message->fds[message->fd_count++] = fd;
			else
				close(fd);
		}
	}
	return msg->msg_flags & MSG_CTRUNC ? "sent more files than were agreed on" : NULL;
}

/*
 * Read exactly `size` bytes; files that come with them go into *message. NULL, or a text that says
 * what went wrong.
 */
static const char *socket_read(int fd, void *data, size_t size, struct user_message *message,
			       const struct timespec *until)
{
	const char *wrong = NULL;

	for (size_t done = 0; done < size && !wrong;) {
		union socket_control control;
		struct iovec part = { (char *)data + done, size - done };
		struct msghdr msg = { .msg_iov = &part,
				      .msg_iovlen = 1,
				      .msg_control = control.bytes,
				      .msg_controllen = sizeof(control.bytes) };
		ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (n < 0) {
			wrong = unix_socket_wait(fd, POLLIN, until, "does not answer");
			continue;
		}
		wrong = n ? socket_take_fds(&msg, message) : "closed the connection";
		errno = 0;
		done += (size_t)n;
	}
	return wrong;
}

/* Room for what follows the header. */
static const char *socket_prepare(struct user_message *message)
{
	const char *wrong = user_check_header(&message->header);
	size_t size = wrong ? 0 : user_payload_size(message);

	errno = 0;
	if (wrong)
		return wrong;
	message->payload = malloc(size ? size : 1);
	return message->payload ? NULL : "sent more than there is memory for";
}

const char *user_socket_receive(int fd, struct user_message *message, const struct timespec *until)
{
	const char *wrong =
		socket_read(fd, &message->header, sizeof(message->header), message, until);

	if (!wrong)
		wrong = socket_prepare(message);
	return wrong ? wrong
		     : socket_read(fd, message->payload, user_payload_size(message), message,
				   until);
}

/* The first bytes of a header do not go away, so poll() would not wait for the others. */
#define PEEK_TICK_MS 10

static const char *socket_wait_more(int fd, ssize_t n, const struct timespec *until)
{
	bool late;

	if (n < 0)
		return unix_socket_wait(fd, POLLIN, until, "does not answer");
	if (n > 0)
		poll(NULL, 0, PEEK_TICK_MS);
	late = n > 0 && (pending_end_is_asked() || unix_socket_time_left(until) == 0);
	errno = 0;
	if (n == 0)
		return "closed the connection";
	return late ? "does not answer" : NULL;
}

const char *user_socket_peek(int fd, struct user_header *header, const struct timespec *until)
{
	const ssize_t size = sizeof(*header);
	const char *wrong = NULL;
	ssize_t n;

	while (!wrong && (n = recv(fd, header, sizeof(*header), MSG_PEEK | MSG_DONTWAIT)) != size)
		wrong = socket_wait_more(fd, n, until);
	if (wrong)
		return wrong;
	errno = 0;
	return user_check_header(header);
}

/* Skip the `n` bytes that were sent. */
static void socket_advance(struct msghdr *msg, size_t n)
{
	msg->msg_control = NULL;
	msg->msg_controllen = 0;
	while (msg->msg_iovlen && n >= msg->msg_iov->iov_len) {
		n -= msg->msg_iov->iov_len;
		msg->msg_iov++;
		msg->msg_iovlen--;
	}
	if (msg->msg_iovlen) {
		msg->msg_iov->iov_base = (char *)msg->msg_iov->iov_base + n;
		msg->msg_iov->iov_len -= n;
	}
}

const char *user_socket_send(int fd, struct iovec *parts, unsigned int count, const int *fds,
			     unsigned int fd_count, const struct timespec *until)
{
	struct user_header *header = parts[0].iov_base;
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = count };
	union socket_control control;
	const char *wrong = NULL;

	header->size = 0;
	for (unsigned int i = 0; i < count; i++)
		header->size += (uint32_t)parts[i].iov_len;
	if (fds && fd_count)
		unix_socket_attach(&msg, control.bytes, fds, fd_count);
	while (msg.msg_iovlen && !wrong) {
		ssize_t n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n >= 0)
			socket_advance(&msg, (size_t)n);
		else
			wrong = unix_socket_wait(fd, POLLOUT, until, "takes no more messages");
	}
	return wrong;
}
