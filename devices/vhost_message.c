/* SPDX-License-Identifier: MIT */
#include "vhost_message.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "vmm/base/unix_socket.h"

/* Room for the files of one message, aligned as the macros of cmsg(3) want it. */
union vhost_control {
	char bytes[CMSG_SPACE(VHOST_REGIONS_MAX * sizeof(int))];
	struct cmsghdr align;
};

const char *vhost_message_send(int fd, const struct vhost_message *message, const int *fds,
			       unsigned int fd_count, const struct timespec *until)
{
	size_t size = sizeof(message->header) + message->header.size;
	union vhost_control control;
	const char *wrong = NULL;

	for (size_t done = 0; done < size && !wrong;) {
		struct iovec part = { (char *)&message->header + done, size - done };
		struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
		ssize_t n;

		if (fd_count && done == 0)
			unix_socket_attach(&msg, control.bytes, fds, fd_count);
		n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0)
			done += (size_t)n;
		else
			wrong = unix_socket_wait(fd, POLLOUT, until, "takes no more messages");
	}
	return wrong;
}

/* The kernel has already installed the files: each of them must be closed. */
static void vhost_close_files(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			close(fd);
		}
	}
}

static const char *vhost_receive_bytes(int fd, void *data, size_t size,
				       const struct timespec *until)
{
	const char *wrong = NULL;

	for (size_t done = 0; done < size && !wrong;) {
		union vhost_control control;
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
		vhost_close_files(&msg);
		errno = 0;
		if (n == 0)
			return "closed the connection";
		done += (size_t)n;
	}
	return wrong;
}

static const char *vhost_check_header(const struct vhost_header *header, uint32_t request)
{
	if ((header->flags & VHOST_VERSION_MASK) != VHOST_VERSION)
		return "speaks another version of the protocol";
	if (!(header->flags & VHOST_REPLY))
		return "sent something that is not an answer";
	if (header->request != request)
		return "answered a question that was not asked";
	if (header->size > sizeof(union vhost_payload))
		return "sent an answer that is too long";
	return NULL;
}

const char *vhost_message_receive(int fd, uint32_t request, struct vhost_message *message,
				  const struct timespec *until)
{
	const char *wrong =
		vhost_receive_bytes(fd, &message->header, sizeof(message->header), until);

	if (wrong)
		return wrong;
	wrong = vhost_check_header(&message->header, request);
	errno = 0;
	return wrong ? wrong
		     : vhost_receive_bytes(fd, &message->payload, message->header.size, until);
}
