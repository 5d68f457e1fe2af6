/* SPDX-License-Identifier: MIT */
/*
 * The front end of vhost-user: minivmm asks, a server answers, and from then on the guest's virtio
 * queues are the server's.
 *
 * Owns the connection, what was agreed on, and the order of requests that starts or stops a queue.
 * Does not own the queues' addresses or the files that ring and interrupt: virtio_pci.h has them.
 * The server gets the guest's memory as files and can read and write all of it, but it is not
 * trusted otherwise: answers are checked, every request has a deadline, and the first thing that is
 * wrong ends the connection, with one line. Functions log their own failures.
 *
 * Requests that belong together, such as all that start a device, have one deadline between them:
 * a server that takes its time for each cannot add them up.
 *
 * Read beside it: docs/interop/vhost-user.rst of the QEMU project, "Communication".
 */
#ifndef MINIVMM_VHOST_USER_H
#define MINIVMM_VHOST_USER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "vhost_message.h"
#include "virtio.h"

#define VHOST_USER_TIMEOUT_MS 10000
#define VHOST_USER_HURRY_MS   500 /* for all that is asked when minivmm ends */

struct vhost_user {
	const char *name;        /* for messages */
	int fd;                  /* -1: not connected */
	unsigned int timeout_ms; /* for a request, or a group of them */
	/* Called once when the server is lost, from any thread and with the lock held; or NULL. */
	void (*lost)(void *owner);
	void *owner;

	pthread_mutex_t lock; /* one request at a time; and all below */
	bool dead;
	bool grouped; /* requests have until `until` */
	struct timespec until;
	atomic_bool hurried;  /* minivmm ends ... */
	struct timespec last; /* ... and everything has until then */
	uint64_t features;    /* of virtio, offered by the server */
	uint64_t protocol;    /* VHOST_PROTOCOL_* that both sides have */
	unsigned int queues;  /* how many it has; 0: it does not tell */
};

/*
 * Agree with the server behind `fd`, a connected stream socket, which belongs to *vhost from now
 * on. `lost` of *vhost is NULL at first: a server lost during this call is only logged. Begins a
 * group: what else is asked before the device is complete belongs to it. 0 or -errno;
 * vhost_user_close() after either.
 */
int vhost_user_open(struct vhost_user *vhost, const char *name, int fd, unsigned int timeout_ms);

/* Hang up. Idempotent; accepts a half-opened one. */
void vhost_user_close(struct vhost_user *vhost);

/*
 * The socket has something to read: if nothing was asked, the server died, or misbehaves. Does not
 * wait for who asks.
 */
void vhost_user_check(struct vhost_user *vhost);

/* From here to vhost_user_end_group() all requests together have the time of one. */
void vhost_user_begin_group(struct vhost_user *vhost);
void vhost_user_end_group(struct vhost_user *vhost);

/*
 * minivmm ends: what is asked from now on has until `last`, and a request that another thread makes
 * by then fails then. Returns at that time at the latest. Not logged.
 */
void vhost_user_hurry(struct vhost_user *vhost, const struct timespec *last);

/* Whether a request takes longer than `ms` milliseconds, for which it waits. */
bool vhost_user_is_stalled(struct vhost_user *vhost, unsigned int ms);

/* The features that the driver wants of those offered. 0 or -errno. */
int vhost_user_set_features(struct vhost_user *vhost, uint64_t features);

/* The guest's RAM: at most VHOST_REGIONS_MAX regions, each with its file. 0 or -errno. */
int vhost_user_set_memory(struct vhost_user *vhost, const struct vhost_region *regions,
			  const int *fds, unsigned int count);

/* Start a queue, from its beginning. Features and memory must have been set. 0 or -errno. */
int vhost_user_start_ring(struct vhost_user *vhost, const struct virtio_ring *ring);

/* Stop a queue: when this returns, the server is done with it. 0 or -errno. */
int vhost_user_stop_ring(struct vhost_user *vhost, unsigned int index);

/* Another eventfd for a running queue's interrupts, -1 for none. 0 or -errno. */
int vhost_user_set_call(struct vhost_user *vhost, unsigned int index, int call);

/*
 * Read or write `size` bytes of the device's configuration space from `offset`; both together at
 * most VHOST_CONFIG_MAX. 0; -ENOTSUP, not logged, where the server keeps none; or -errno.
 */
int vhost_user_get_config(struct vhost_user *vhost, unsigned int offset, void *data,
			  unsigned int size);
int vhost_user_set_config(struct vhost_user *vhost, unsigned int offset, const void *data,
			  unsigned int size);

#endif
