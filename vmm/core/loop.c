/* SPDX-License-Identifier: MIT */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <sys/uio.h>

#include "vmm/trace/log.h"

int loop_init(struct loop *loop)
{
	*loop = (struct loop){ .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
	return loop->epoll_fd < 0 ? log_errno("main loop", -errno, "epoll_create1") : 0;
}

void loop_destroy(struct loop *loop)
{
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	loop->epoll_fd = -1;
}

static int loop_control(struct loop *loop, int call, struct loop_source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	return epoll_ctl(loop->epoll_fd, call, source->fd, &event) < 0 ? -errno : 0;
}

static int loop_explain(const struct loop_source *source, int ret)
{
	return ret ? log_errno(source->object, ret, "wait for %s (epoll_ctl)", source->what) : 0;
}

int loop_try_add(struct loop *loop, struct loop_source *source)
{
	return loop_control(loop, EPOLL_CTL_ADD, source, EPOLLIN);
}

int loop_add(struct loop *loop, struct loop_source *source)
{
	return loop_explain(source, loop_try_add(loop, source));
}

int loop_set_events(struct loop *loop, struct loop_source *source, uint32_t events)
{
	return loop_explain(source, loop_control(loop, EPOLL_CTL_MOD, source, events));
}

void loop_del(struct loop *loop, struct loop_source *source)
{
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
}

int loop_run(struct loop *loop)
{
	loop->stop = false;
	while (!loop->stop) {
		struct epoll_event event;
		int n = epoll_wait(loop->epoll_fd, &event, 1, -1);

		if (n < 0 && errno != EINTR)
			return log_errno("main loop", -errno, "epoll_wait");
		if (n > 0) {
			struct loop_source *source = event.data.ptr;

			source->ready(source->owner, event.events);
		}
	}
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->stop = true;
}

bool loop_take_event(int fd)
{
	uint64_t count;
	struct iovec data = { &count, sizeof(count) };

	return preadv2(fd, &data, 1, -1, RWF_NOWAIT) == (ssize_t)sizeof(count);
}

void loop_raise_event(int fd)
{
	struct pollfd event = { .fd = fd, .events = POLLOUT };

	if (poll(&event, 1, 0) == 1 && (event.revents & POLLOUT))
		eventfd_write(fd, 1);
}
