/* SPDX-License-Identifier: MIT */
#include "vhost_user.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vhost_trace.h"
#include "vmm/base/pending_signal.h"
#include "vmm/base/unix_socket.h"
#include "vmm/trace/log.h"

#define VHOST_PROTOCOL_WANTED (VHOST_PROTOCOL_MQ | VHOST_PROTOCOL_REPLY_ACK | VHOST_PROTOCOL_CONFIG)

#define VHOST_CONFIG_HEAD offsetof(struct vhost_config, data)

/* A request and its answer. */
struct vhost_call {
	struct vhost_message message; /* in: what is asked; out: the answer */
	const int *fds;
	unsigned int fd_count;
	bool answered; /* this request always has an answer */
};

/* ---- one request ---- */

/* Called with the lock held. `err` is the errno of the call that failed, 0 if none did. */
static int vhost_lose(struct vhost_user *vhost, const char *wrong, int err)
{
	const char *then = vhost->lost ? ": the guest is stopped" : "";

	if (vhost->dead)
		return -LOG_TOLD;
	vhost->dead = true;
	if (vhost->hurried) /* vhost_user_hurry() has shut the socket down */
		log_error(vhost->name, "its vhost-user server does not answer%s", then);
	else if (err)
		log_errno(vhost->name, -err, "its vhost-user server %s%s", wrong, then);
	else
		log_error(vhost->name, "its vhost-user server %s%s", wrong, then);
	shutdown(vhost->fd, SHUT_RDWR);
	if (vhost->lost)
		vhost->lost(vhost->owner);
	return -LOG_TOLD;
}

static int vhost_fail(struct vhost_user *vhost, const char *wrong)
{
	return vhost_lose(vhost, wrong, 0);
}

/*
 * Check the server's acknowledgement of a request that has no other answer: 0, or that it failed.
 */
static int vhost_check_ack(struct vhost_user *vhost, const struct vhost_message *answer)
{
	if (answer->header.size != sizeof(answer->payload.number))
		return vhost_fail(vhost, "sent an answer of the wrong size");
	if (answer->payload.number != 0)
		return vhost_fail(vhost, "refused a request");
	return 0;
}

/* The deadline of a request that is made now. */
static struct timespec vhost_deadline(const struct vhost_user *vhost)
{
	struct timespec until =
		vhost->grouped ? vhost->until : unix_socket_deadline(vhost->timeout_ms);

	if (vhost->hurried &&
	    (vhost->last.tv_sec < until.tv_sec ||
	     (vhost->last.tv_sec == until.tv_sec && vhost->last.tv_nsec < until.tv_nsec)))
		return vhost->last;
	return until;
}

static int vhost_exchange(struct vhost_user *vhost, struct vhost_call *call)
{
	struct timespec until = vhost_deadline(vhost);
	struct vhost_header *header = &call->message.header;
	bool ack = !call->answered && (vhost->protocol & VHOST_PROTOCOL_REPLY_ACK);
	const char *wrong;

	if (vhost->dead)
		return -LOG_TOLD;
	header->flags = VHOST_VERSION | (ack ? VHOST_NEED_REPLY : 0);
	wrong = vhost_message_send(vhost->fd, &call->message, call->fds, call->fd_count, &until);
	if (!wrong && (ack || call->answered))
		wrong = vhost_message_receive(vhost->fd, header->request, &call->message, &until);
	if (wrong)
		return vhost_lose(vhost, wrong, errno);
	return ack ? vhost_check_ack(vhost, &call->message) : 0;
}

static int vhost_do(struct vhost_user *vhost, struct vhost_call *call)
{
	struct trace_span span;
	int ret;

	vhost_trace_begin(&span, vhost->name, &call->message, call->fd_count);
	pending_lock(&vhost->lock);
	ret = vhost_exchange(vhost, call);
	pthread_mutex_unlock(&vhost->lock);
	vhost_trace_end(&span, &call->message, ret);
	return ret;
}

/* A request with a number and no answer of its own. */
static int vhost_set_number(struct vhost_user *vhost, enum vhost_request request, uint64_t number,
			    int fd)
{
	struct vhost_call call = {
		.message = { .header = { request, 0, sizeof(number) }, .payload.number = number },
		.fds = &fd,
		.fd_count = fd >= 0,
	};

	return vhost_do(vhost, &call);
}

static int vhost_set_state(struct vhost_user *vhost, enum vhost_request request, uint32_t index,
			   uint32_t value)
{
	struct vhost_call call = {
		.message = { .header = { request, 0, sizeof(struct vhost_state) },
			     .payload.state = { index, value } },
	};

	return vhost_do(vhost, &call);
}

/* The same as vhost_fail(), without the lock. */
static int vhost_fail_alone(struct vhost_user *vhost, const char *wrong)
{
	int ret;

	pending_lock(&vhost->lock);
	ret = vhost_fail(vhost, wrong);
	pthread_mutex_unlock(&vhost->lock);
	return ret;
}

static int vhost_check_size(struct vhost_user *vhost, const struct vhost_call *call, size_t size)
{
	if (call->message.header.size == size)
		return 0;
	return vhost_fail_alone(vhost, "sent an answer of the wrong size");
}

static int vhost_get_number(struct vhost_user *vhost, enum vhost_request request, uint64_t *number)
{
	struct vhost_call call = { .message = { .header = { request, 0, 0 } }, .answered = true };
	int ret = vhost_do(vhost, &call);

	if (ret == 0)
		ret = vhost_check_size(vhost, &call, sizeof(*number));
	if (ret == 0)
		*number = call.message.payload.number;
	return ret;
}

/* ---- time ---- */

void vhost_user_begin_group(struct vhost_user *vhost)
{
	pending_lock(&vhost->lock);
	vhost->until = unix_socket_deadline(vhost->timeout_ms);
	vhost->grouped = true;
	pthread_mutex_unlock(&vhost->lock);
}

void vhost_user_end_group(struct vhost_user *vhost)
{
	pending_lock(&vhost->lock);
	vhost->grouped = false;
	pthread_mutex_unlock(&vhost->lock);
}

void vhost_user_hurry(struct vhost_user *vhost, const struct timespec *last)
{
	bool stalled = pthread_mutex_clocklock(&vhost->lock, CLOCK_MONOTONIC, last) != 0;

	vhost->last = *last;
	vhost->hurried = true;
	if (stalled)
		shutdown(vhost->fd, SHUT_RDWR); /* ends the wait of any thread for an answer */
	else
		pthread_mutex_unlock(&vhost->lock);
}

bool vhost_user_is_stalled(struct vhost_user *vhost, unsigned int ms)
{
	const struct timespec until = unix_socket_deadline(ms);

	if (pthread_mutex_clocklock(&vhost->lock, CLOCK_MONOTONIC, &until) != 0)
		return true;
	pthread_mutex_unlock(&vhost->lock);
	return false;
}

/* ---- life ---- */

static int vhost_agree_protocol(struct vhost_user *vhost)
{
	uint64_t offered = 0, queues = 0;
	int ret;

	if (!(vhost->features & VHOST_F_PROTOCOL_FEATURES))
		return 0;
	ret = vhost_get_number(vhost, VHOST_GET_PROTOCOL_FEATURES, &offered);
	if (ret == 0)
		ret = vhost_set_number(vhost, VHOST_SET_PROTOCOL_FEATURES,
				       offered & VHOST_PROTOCOL_WANTED, -1);
	if (ret < 0)
		return ret;
	vhost->protocol = offered & VHOST_PROTOCOL_WANTED;
	if (!(vhost->protocol & VHOST_PROTOCOL_MQ))
		return 0;
	ret = vhost_get_number(vhost, VHOST_GET_QUEUE_NUM, &queues);
	if (ret == 0 && queues == 0)
		ret = vhost_fail_alone(vhost, "has no queues");
	vhost->queues = queues < UINT16_MAX ? (unsigned int)queues : UINT16_MAX;
	return ret;
}

int vhost_user_open(struct vhost_user *vhost, const char *name, int fd, unsigned int timeout_ms)
{
	struct vhost_call own = { .message = { .header = { VHOST_SET_OWNER, 0, 0 } } };
	int ret;

	*vhost = (struct vhost_user){ .name = name, .fd = fd, .timeout_ms = timeout_ms };
	pthread_mutex_init(&vhost->lock, NULL);
	vhost_user_begin_group(vhost);
	ret = vhost_get_number(vhost, VHOST_GET_FEATURES, &vhost->features);
	if (ret == 0)
		ret = vhost_agree_protocol(vhost);
	return ret < 0 ? ret : vhost_do(vhost, &own);
}

void vhost_user_close(struct vhost_user *vhost)
{
	if (vhost->fd < 0)
		return;
	close(vhost->fd);
	vhost->fd = -1;
	pthread_mutex_destroy(&vhost->lock);
}

void vhost_user_check(struct vhost_user *vhost)
{
	struct pollfd file = { .fd = vhost->fd, .events = POLLIN };
	ssize_t n;
	char byte;

	if (pthread_mutex_trylock(&vhost->lock) != 0)
		return; /* another thread holds the lock and reads an answer */
	/* No request is under way, so there is no answer to read. */
	if (!vhost->dead && poll(&file, 1, 0) == 1) {
		n = recv(vhost->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
		if (n > 0)
			vhost_fail(vhost, "sent a message that nobody asked for");
		else
			vhost_lose(vhost, "closed the connection", n < 0 ? errno : 0);
	}
	pthread_mutex_unlock(&vhost->lock);
}

/* ---- the device ---- */

int vhost_user_set_features(struct vhost_user *vhost, uint64_t features)
{
	features |= vhost->features & VHOST_F_PROTOCOL_FEATURES;
	return vhost_set_number(vhost, VHOST_SET_FEATURES, features, -1);
}

int vhost_user_set_memory(struct vhost_user *vhost, const struct vhost_region *regions,
			  const int *fds, unsigned int count)
{
	struct vhost_call call = {
		.message.header = { VHOST_SET_MEM_TABLE, 0,
				    offsetof(struct vhost_memory, regions) +
					    count * sizeof(*regions) },
		.message.payload.memory.count = count,
		.fds = fds,
		.fd_count = count,
	};

	memcpy(call.message.payload.memory.regions, regions, count * sizeof(*regions));
	return vhost_do(vhost, &call);
}

static int vhost_set_address(struct vhost_user *vhost, const struct virtio_ring *ring)
{
	struct vhost_call call = {
		.message.header = { VHOST_SET_VRING_ADDR, 0, sizeof(struct vhost_address) },
		.message.payload.address = { .index = ring->index,
					     .descriptors = (uintptr_t)ring->descriptors,
					     .available = (uintptr_t)ring->available,
					     .used = (uintptr_t)ring->used },
	};

	return vhost_do(vhost, &call);
}

/*
 * Without the protocol features a queue runs as soon as it is kicked. With them it must also be
 * enabled.
 */
int vhost_user_start_ring(struct vhost_user *vhost, const struct virtio_ring *ring)
{
	int ret = vhost_set_state(vhost, VHOST_SET_VRING_NUM, ring->index, ring->size);

	if (ret == 0)
		ret = vhost_set_state(vhost, VHOST_SET_VRING_BASE, ring->index, 0);
	if (ret == 0)
		ret = vhost_set_address(vhost, ring);
	if (ret == 0)
		ret = vhost_user_set_call(vhost, ring->index, ring->call);
	if (ret == 0)
		ret = vhost_set_number(vhost, VHOST_SET_VRING_KICK, ring->index, ring->kick);
	if (ret == 0 && (vhost->features & VHOST_F_PROTOCOL_FEATURES))
		ret = vhost_set_state(vhost, VHOST_SET_VRING_ENABLE, ring->index, 1);
	return ret;
}

int vhost_user_stop_ring(struct vhost_user *vhost, unsigned int index)
{
	struct vhost_call call = {
		.message.header = { VHOST_GET_VRING_BASE, 0, sizeof(struct vhost_state) },
		.message.payload.state = { index, 0 },
		.answered = true,
	};
	int ret = vhost_do(vhost, &call);

	return ret < 0 ? ret : vhost_check_size(vhost, &call, sizeof(struct vhost_state));
}

int vhost_user_set_call(struct vhost_user *vhost, unsigned int index, int call)
{
	return vhost_set_number(vhost, VHOST_SET_VRING_CALL,
				call < 0 ? index | VHOST_VRING_NOFD : index, call);
}

/* ---- configuration space ---- */

/* A server answers with an empty payload if it cannot do this. */
static int vhost_check_config(struct vhost_user *vhost, const struct vhost_call *call,
			      unsigned int offset, unsigned int size)
{
	const struct vhost_config *config = &call->message.payload.config;
	int ret;

	if (call->message.header.size == 0) {
		log_error(vhost->name, "its vhost-user server cannot read its configuration space");
		return -LOG_TOLD;
	}
	ret = vhost_check_size(vhost, call, VHOST_CONFIG_HEAD + size);
	if (ret == 0 && (config->offset != offset || config->size != size))
		ret = vhost_fail_alone(vhost, "answered a question that was not asked");
	return ret;
}

static void vhost_fill_config(struct vhost_call *call, enum vhost_request request,
			      unsigned int offset, unsigned int size)
{
	*call = (struct vhost_call){
		.message.header = { request, 0, (uint32_t)VHOST_CONFIG_HEAD + size },
		.message.payload.config = { .offset = offset, .size = size },
		.answered = request == VHOST_GET_CONFIG,
	};
}

int vhost_user_get_config(struct vhost_user *vhost, unsigned int offset, void *data,
			  unsigned int size)
{
	struct vhost_call call;
	int ret;

	if (!(vhost->protocol & VHOST_PROTOCOL_CONFIG))
		return -ENOTSUP;
	vhost_fill_config(&call, VHOST_GET_CONFIG, offset, size);
	ret = vhost_do(vhost, &call);
	if (ret == 0)
		ret = vhost_check_config(vhost, &call, offset, size);
	if (ret == 0)
		memcpy(data, call.message.payload.config.data, size);
	return ret;
}

int vhost_user_set_config(struct vhost_user *vhost, unsigned int offset, const void *data,
			  unsigned int size)
{
	struct vhost_call call;

	if (!(vhost->protocol & VHOST_PROTOCOL_CONFIG))
		return -ENOTSUP;
	vhost_fill_config(&call, VHOST_SET_CONFIG, offset, size);
	memcpy(call.message.payload.config.data, data, size);
	return vhost_do(vhost, &call);
}
