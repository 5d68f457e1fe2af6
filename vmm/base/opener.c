/* SPDX-License-Identifier: MIT */
#include "opener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "pending_signal.h"
#include "unix_socket.h"
#include "vmm/trace/log.h"

#define OPENER_PROTOCOL    "vfio-user"
#define OPENER_IMAGE_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK)

union opener_control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* -LOG_TOLD, after a line that says why: `err` is an errno, or 0 where the process has ended. */
static int opener_lose(int err)
{
	if (err)
		log_errno(NULL, -err, "ask the process that opens files");
	else
		log_error(NULL, "the process that opens files has ended");
	return -LOG_TOLD;
}

/*
 * A server may let the process wait. If minivmm is to end meanwhile nobody asks the process again:
 * its answer would be that to another question.
 */
static void opener_wait(int socket)
{
	struct pollfd file = { .fd = socket, .events = POLLIN };

	while (poll(&file, 1, UNIX_SOCKET_SLICE_MS) == 0)
		if (pending_end_is_asked())
			shutdown(socket, SHUT_RDWR);
}

/* The answer's file, or -1. */
static int opener_receive(int socket, struct opener_answer *answer, size_t size)
{
	union opener_control control = { .bytes = { 0 } };
	struct iovec data = { answer, size };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t n;
	int fd = -1;

	opener_wait(socket);
	do
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)size)
		answer->err = opener_lose(n < 0 ? errno : 0);
	else if (message.msg_flags & MSG_CTRUNC)
		answer->err = -EMFILE; /* the kernel could not give minivmm the file */
	else if (message.msg_controllen >= CMSG_LEN(sizeof(fd)) &&
		 control.head.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

int opener_ask(int socket, const void *question, size_t question_size, struct opener_answer *answer,
	       size_t size)
{
	struct iovec data = { (void *)question, question_size };
	const struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

	memset(answer, 0, size);
	if (sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)question_size)
		return opener_receive(socket, answer, size);
	answer->err = opener_lose(errno);
	return -1;
}

bool opener_reply(int socket, const struct opener_answer *answer, size_t size, int fd)
{
	union opener_control control = { .bytes = { 0 } };
	struct iovec data = { (void *)answer, size };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

	if (fd >= 0)
		unix_socket_attach(&message, &control, &fd, 1);
	return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)size;
}

static int opener_ask_path(const struct opener *opener, enum opener_what what, const char *path,
			   unsigned int ms)
{
	struct opener_question question = { .what = what, .ms = ms };
	const bool file = what == OPENER_FILE || !opener->names;
	size_t length = strlen(path) + 1;
	struct opener_answer answer;
	int fd;

	if (length > sizeof(question.path))
		return -ENAMETOOLONG;
	memcpy(question.path, path, length);
	fd = opener_ask(file ? opener->socket : opener->names, &question,
			offsetof(struct opener_question, path) + length, &answer, sizeof(answer));
	log_repeat_error(answer.words);
	if (answer.err < 0)
		return answer.err;
	return fd < 0 ? opener_lose(0) : fd;
}

static int opener_open_as(const struct opener *opener, enum opener_what what, const char *path,
			  int flags)
{
	int fd;

	if (opener)
		return opener_ask_path(opener, what, path, 0);
	fd = open(path, flags);
	return fd < 0 ? -errno : fd;
}

int opener_open(const struct opener *opener, const char *path)
{
	return opener_open_as(opener, OPENER_FILE, path, O_RDWR | O_CLOEXEC);
}

int opener_open_image(const struct opener *opener, const char *path)
{
	return opener_open_as(opener, OPENER_IMAGE, path, OPENER_IMAGE_FLAGS);
}

int opener_connect(const struct opener *opener, const char *path, unsigned int ms)
{
	return opener ? opener_ask_path(opener, OPENER_SERVER, path, ms)
		      : unix_socket_connect(path, OPENER_PROTOCOL, ms);
}
