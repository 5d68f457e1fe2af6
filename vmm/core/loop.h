/* SPDX-License-Identifier: MIT */
/*
 * The main thread's epoll loop: console input, signals, device notifications, events from vCPUs.
 *
 * Owns who is called when a file becomes ready. Everything it calls runs in the main thread, one at
 * a time.
 */
#ifndef MINIVMM_LOOP_H
#define MINIVMM_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* Lives in its owner; must stay where it is while it is added. */
struct loop_source {
	int fd;
	void (*ready)(void *owner, uint32_t events); /* EPOLLIN, EPOLLHUP, ... */
	void *owner;
};

struct loop {
	int epoll_fd;
	bool stop;
};

/* 0 or -errno, logged. */
int loop_init(struct loop *loop);
void loop_destroy(struct loop *loop);

/* Call source->ready when source->fd has input or is hung up. 0 or -errno, logged. A regular file,
 * which is always ready, is -EPERM and not logged. */
int loop_add(struct loop *loop, struct loop_source *source);

/* What source->ready is called for from now on: EPOLLIN at first, EPOLLOUT. */
void loop_set_events(struct loop *loop, struct loop_source *source, uint32_t events);

/* From any source's ready(), too: the loop holds on to no source but the one it calls. */
void loop_del(struct loop *loop, struct loop_source *source);

/*
 * Empty an eventfd: whether it had been signalled. Never blocks, even if another process that has
 * the file took O_NONBLOCK away from it, or has emptied it meanwhile.
 */
bool loop_take_event(int fd);

/*
 * Signal an eventfd that a server of devices has, too. One that is full is signalled already: a
 * write would block if the server took O_NONBLOCK away.
 */
void loop_raise_event(int fd);

/* Serve sources until loop_stop() is called from one of them. 0 or -errno, logged. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
