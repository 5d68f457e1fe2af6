/* SPDX-License-Identifier: MIT */
/*
 * The main thread's epoll loop: console input, signals, device notifications, events from vCPUs.
 *
 * Owns the list of what is called when a file becomes ready. Everything it calls runs in the main
 * thread, one at a time.
 */
#ifndef MINIVMM_LOOP_H
#define MINIVMM_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Embedded in its owner; its address must not change while it is added. The words are for a message
 * about a call that failed: `object` is whose file it is, `what` is what comes from there.
 */
struct loop_source {
	int fd;
	void (*ready)(void *owner, uint32_t events); /* EPOLLIN, EPOLLHUP, ... */
	void *owner;
	const char *object, *what;
};

struct loop {
	int epoll_fd;
	bool stop;
};

/* 0 or -errno, logged. */
int loop_init(struct loop *loop);
void loop_destroy(struct loop *loop);

/* Call source->ready when source->fd has input or is hung up. 0 or -errno, logged. */
int loop_add(struct loop *loop, struct loop_source *source);

/* The same for any file: -EPERM for a regular one, which is always ready. Not logged. */
int loop_try_add(struct loop *loop, struct loop_source *source);

/* Set the events that are waited for: EPOLLIN (at first) or EPOLLOUT. 0 or -errno, logged. */
int loop_set_events(struct loop *loop, struct loop_source *source, uint32_t events);

/*
 * Remove a source. Any source's ready() may call this, because the loop keeps no pointer but to the
 * source that it calls.
 */
void loop_del(struct loop *loop, struct loop_source *source);

/*
 * Empty an eventfd; true if it had been signalled. Never blocks, even if another process that has
 * the file cleared O_NONBLOCK, or emptied it meanwhile.
 */
bool loop_take_event(int fd);

/*
 * Signal an eventfd that a server of devices also has. One that is full is signalled already; a
 * write to it would block if the server cleared O_NONBLOCK.
 */
void loop_raise_event(int fd);

/* Serve sources until loop_stop() is called from one of them. 0 or -errno, logged. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
