/* SPDX-License-Identifier: MIT */
#include "unix_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "pending_signal.h"
#include "vmm/trace/log.h"

/*
 * A server whose queue is full lets callers wait, by SO_SNDTIMEO at most for a slice. 0 or -errno;
 * -EINTR if minivmm is to end meanwhile.
 */
static int socket_connect(int fd, const struct sockaddr_un *address, const struct timespec *until)
{
	const struct timeval slice = { .tv_usec = UNIX_SOCKET_SLICE_MS * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &slice, sizeof(slice));
	while (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (pending_end_is_asked())
			return -EINTR;
		if (unix_socket_time_left(until) == 0)
			return -EAGAIN;
	}
	return 0;
}

int unix_socket_connect(const char *path, const char *protocol, unsigned int ms)
{
	const struct timespec until = unix_socket_deadline(ms);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, ret;

	if (strlen(path) >= sizeof(address.sun_path))
		return log_errno(path, -ENAMETOOLONG, "connect to its %s server", protocol);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return log_errno(path, -errno, "socket");
	ret = socket_connect(fd, &address, &until);
	if (ret == 0)
		return fd;
	log_errno(path, ret, "connect to its %s server", protocol);
	close(fd);
	if (ret == -ENOENT || ret == -ECONNREFUSED)
		log_fix("start the server that is to listen at %s, then minivmm", path);
	return ret;
}

struct timespec unix_socket_deadline(unsigned int ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	return until;
}

int unix_socket_time_left(const struct timespec *until)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (int64_t)(until->tv_sec - now.tv_sec) * 1000 +
	     (until->tv_nsec - now.tv_nsec) / 1000000;
	return ms > 0 ? (int)ms : 0;
}

int unix_socket_slice(const struct timespec *until)
{
	int ms = unix_socket_time_left(until);

	return ms < UNIX_SOCKET_SLICE_MS ? ms : UNIX_SOCKET_SLICE_MS;
}

static const char *socket_explain(int err)
{
	return err == EPIPE || err == ECONNRESET ? "closed the connection" : "cannot be reached";
}

const char *unix_socket_wait(int fd, short events, const struct timespec *until, const char *late)
{
	struct pollfd file = { .fd = fd, .events = events };
	int ms = until ? unix_socket_slice(until) : -1, ready = 0;

	if (errno == EINTR)
		return NULL;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return socket_explain(errno);
	if (ms)
		ready = poll(&file, 1, ms);
	if (ready < 0)
		return errno == EINTR ? NULL : socket_explain(errno);
	if (ready || (ms && !pending_end_is_asked()))
		return NULL;
	errno = 0;
	return ms ? "has not answered yet, and minivmm is to end" : late;
}

void unix_socket_attach(struct msghdr *msg, void *control, const int *fds, unsigned int count)
{
	const size_t size = CMSG_SPACE(count * sizeof(int));
	struct cmsghdr *c;

	memset(control, 0, size);
	msg->msg_control = control;
	msg->msg_controllen = size;
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), fds, count * sizeof(int));
}
