/* SPDX-License-Identifier: MIT */
#include "opener.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* The answer's file, or -1. */
static int opener_receive(int socket, struct opener_answer *answer)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec data = { answer, sizeof(*answer) };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t n;
	int fd = -1;

	do
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != sizeof(*answer))
		answer->err = -EIO;
	else if (message.msg_controllen >= CMSG_LEN(sizeof(fd)) &&
		 control.head.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

int opener_open(const struct opener *opener, const char *path)
{
	struct iovec data = { (void *)path, strlen(path) };
	const struct msghdr question = { .msg_iov = &data, .msg_iovlen = 1 };
	struct opener_answer answer = { .err = 0 };
	int fd;

	if (!opener) {
		fd = open(path, O_RDWR | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	if (sendmsg(opener->socket, &question, MSG_NOSIGNAL) != (ssize_t)data.iov_len)
		return -EIO;
	fd = opener_receive(opener->socket, &answer);
	if (answer.err < 0)
		return answer.err;
	return fd < 0 ? -EIO : fd;
}
