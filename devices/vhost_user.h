/* SPDX-License-Identifier: MIT */
/*
 * The front end of vhost-user: minivmm asks, a server answers, and from then on the guest's virtio
 * queues are the server's.
 *
 * Owns the connection, the features agreed on, and the order of requests that starts or stops a
 * queue. virtio_pci.h has the queues' addresses and eventfds. The server gets the guest's memory as
 * files and can read and write all of it, but it is not trusted beyond that: answers are checked,
 * every request has a deadline, and the first error ends the connection, with one line in the log.
 * Functions log their own failures.
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
#define VHOST_USER_HURRY_MS   500 /* for all requests together when minivmm ends */

struct vhost_user {
	const char *name;        /* for messages */
	int fd;                  /* -1: not connected */
	unsigned int timeout_ms; /* for a request, or a group of them */
	/* Called once when the server is lost, from any thread and with the lock held; or NULL. */
	void (*lost)(void *owner);
	void *owner;

	pthread_mutex_t lock; /* held during a request; it also guards the members below */
	bool dead;
	bool grouped; /* requests have until `until` */
	struct timespec until;
	atomic_bool hurried;  /* minivmm ends, ... */
	struct timespec last; /* ... and all requests must be over by then */
	uint64_t features;    /* of virtio, offered by the server */
	uint64_t protocol;    /* VHOST_PROTOCOL_* that both sides have */
	unsigned int queues;  /* the server's number of queues; 0: not known */
};

/*
 * Agree with the server behind `fd`, a connected stream socket, which belongs to *vhost from now
 * on. `lost` of *vhost is NULL at first: a server lost during this call is only logged. Begins a
 * group, to which all requests belong until the device is complete. 0 or -errno, logged; call
 * vhost_user_close() in either case.
 */
int vhost_user_open(struct vhost_user *vhost, const char *name, int fd, unsigned int timeout_ms);

/* Hang up. Idempotent; accepts a half-opened one. */
void vhost_user_close(struct vhost_user *vhost);

/*
 * To be called when the socket has something to read. If no request is under way, the server has
 * died or misbehaves. Does not wait for a request of another thread.
 */
void vhost_user_check(struct vhost_user *vhost);

/* From here to vhost_user_end_group() all requests together have the time of one. */
void vhost_user_begin_group(struct vhost_user *vhost);
void vhost_user_end_group(struct vhost_user *vhost);

/*
 * To be called when minivmm ends: requests from now on must be over at `last`, when requests of
 * other threads fail, too. Returns at that time at the latest. Not logged.
 */
void vhost_user_hurry(struct vhost_user *vhost, const struct timespec *last);

/* True if a request that is under way takes longer than `ms` milliseconds, for which this waits. */
bool vhost_user_is_stalled(struct vhost_user *vhost, unsigned int ms);

/* Set the offered features that the driver wants. 0 or -errno, logged. */
int vhost_user_set_features(struct vhost_user *vhost, uint64_t features);

/* The guest's RAM: at most VHOST_REGIONS_MAX regions, each with its file. 0 or -errno. */
int vhost_user_set_memory(struct vhost_user *vhost, const struct vhost_region *regions,
			  const int *fds, unsigned int count);

/* Start a queue, from its beginning. Features and memory must have been set. 0 or -errno. */
int vhost_user_start_ring(struct vhost_user *vhost, const struct virtio_ring *ring);

/* Stop a queue: when this returns, the server is done with it. 0 or -errno. */
int vhost_user_stop_ring(struct vhost_user *vhost, unsigned int index);

/* Set another eventfd for a running queue's interrupts; -1 for none. 0 or -errno, logged. */
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
