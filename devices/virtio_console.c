/* SPDX-License-Identifier: MIT */
#include "virtio_console.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_console.h>
#include <linux/virtio_ids.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "virtio_pci.h"
#include "virtqueue.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

/* The first port's two queues, two for control messages, two for each further port. */
#define CONSOLE_QUEUES        (2 * VIRTIO_CONSOLE_PORTS + 2)
#define CONSOLE_CONTROL_READ  3 /* from the driver */
#define CONSOLE_CONTROL_WRITE 2 /* to the driver */
#define CONSOLE_CLASS         0x078000

struct virtio_console {
	struct virtio_backend backend; /* must be first: virtio_pci.c knows the console by it */
	struct memory *memory;
	int kicks;            /* epoll of the queues' notifications while started */
	pthread_mutex_t lock; /* all below */
	bool started;
	struct virtqueue queues[CONSOLE_QUEUES];
	bool usable[CONSOLE_QUEUES]; /* the driver has set the queue up */
	bool open[VIRTIO_CONSOLE_PORTS];
};

static struct virtio_console *console_of(struct virtio_backend *backend)
{
	return (struct virtio_console *)backend;
}

/*
 * The queue with what the guest writes to a port. The queue before it has the buffers for the other
 * direction.
 */
static unsigned int console_read_queue(unsigned int port)
{
	return port == 0 ? 1 : 2 * port + 3;
}

static struct virtqueue *console_queue(struct virtio_console *console, unsigned int index)
{
	return console->started && console->usable[index] ? &console->queues[index] : NULL;
}

/* ---- control messages ---- */

/*
 * The driver keeps many empty buffers for control messages. A driver without a buffer does not get
 * the message.
 */
static void console_tell(struct virtio_console *console, unsigned int port, uint16_t event,
			 uint16_t value)
{
	const struct virtio_console_control message = { port, event, value };
	struct virtqueue *queue = console_queue(console, CONSOLE_CONTROL_WRITE);

	if (!queue)
		return;
	virtqueue_write(queue, &message, sizeof(message));
	virtqueue_notify(queue);
}

/*
 * VIRTIO 1.1, 5.3.6.2: the driver is ready, or a port is; minivmm's side of the port is open at
 * once.
 */
static void console_hear(struct virtio_console *console,
			 const struct virtio_console_control *message)
{
	switch (message->event) {
	case VIRTIO_CONSOLE_DEVICE_READY:
		for (unsigned int port = 0; port < VIRTIO_CONSOLE_PORTS && message->value; port++)
			console_tell(console, port, VIRTIO_CONSOLE_PORT_ADD, 1);
		break;
	case VIRTIO_CONSOLE_PORT_READY:
		if (message->id < VIRTIO_CONSOLE_PORTS && message->value)
			console_tell(console, message->id, VIRTIO_CONSOLE_PORT_OPEN, 1);
		break;
	case VIRTIO_CONSOLE_PORT_OPEN:
		if (message->id < VIRTIO_CONSOLE_PORTS)
			console->open[message->id] = message->value;
		break;
	}
}

static void console_serve_control(struct virtio_console *console)
{
	struct virtqueue *queue = console_queue(console, CONSOLE_CONTROL_READ);
	struct virtio_console_control message;

	if (!queue)
		return;
	/*
	 * Handle at most as many messages as the queue can hold. For later ones the driver notifies
	 * again.
	 */
	for (unsigned int i = 0; i < queue->ring.size; i++)
		if (virtqueue_read(queue, &message, sizeof(message)) == sizeof(message))
			console_hear(console, &message);
	virtqueue_notify(queue);
}

/* ---- the user's side ---- */

int virtio_console_fd(const struct virtio_console *console)
{
	return console->kicks;
}

void virtio_console_serve(struct virtio_console *console)
{
	struct epoll_event event;
	eventfd_t count;

	pthread_mutex_lock(&console->lock);
	for (unsigned int i = 0;
	     i < CONSOLE_QUEUES && epoll_wait(console->kicks, &event, 1, 0) == 1; i++)
		eventfd_read(event.data.fd, &count);
	console_serve_control(console);
	pthread_mutex_unlock(&console->lock);
}

size_t virtio_console_read(struct virtio_console *console, unsigned int port, void *data,
			   size_t room)
{
	struct virtqueue *queue;
	size_t size = 0;

	pthread_mutex_lock(&console->lock);
	queue = console_queue(console, console_read_queue(port));
	if (queue) {
		size = virtqueue_read(queue, data, room);
		virtqueue_notify(queue);
	}
	pthread_mutex_unlock(&console->lock);
	return size;
}

size_t virtio_console_write(struct virtio_console *console, unsigned int port, const void *data,
			    size_t size)
{
	struct virtqueue *queue;
	size_t done = 0, part = 1;

	pthread_mutex_lock(&console->lock);
	queue = console_queue(console, console_read_queue(port) - 1);
	if (queue && console->open[port]) {
		for (; part && done < size; done += part)
			part = virtqueue_write(queue, (const char *)data + done, size - done);
		virtqueue_notify(queue);
	}
	pthread_mutex_unlock(&console->lock);
	return done;
}

bool virtio_console_is_open(struct virtio_console *console, unsigned int port)
{
	bool open;

	pthread_mutex_lock(&console->lock);
	open = console->started && console->open[port];
	pthread_mutex_unlock(&console->lock);
	return open;
}

/* ---- the backend's operations ---- */

static void console_config_read(struct virtio_backend *backend, unsigned int offset, void *data,
				unsigned int size)
{
	const struct virtio_console_config config = { .max_nr_ports = VIRTIO_CONSOLE_PORTS };

	(void)backend;
	memcpy(data, (const char *)&config + offset, size);
}

static void console_config_write(struct virtio_backend *backend, unsigned int offset,
				 const void *data, unsigned int size)
{
	(void)backend;
	(void)offset;
	(void)data;
	(void)size;
}

static void console_stop(struct virtio_backend *backend)
{
	struct virtio_console *console = console_of(backend);

	pthread_mutex_lock(&console->lock);
	for (unsigned int i = 0; i < CONSOLE_QUEUES; i++)
		if (console->usable[i])
			epoll_ctl(console->kicks, EPOLL_CTL_DEL, console->queues[i].ring.kick,
				  NULL);
	memset(console->usable, 0, sizeof(console->usable));
	memset(console->open, 0, sizeof(console->open));
	console->started = false;
	pthread_mutex_unlock(&console->lock);
}

static int console_start_queue(struct virtio_console *console, const struct virtio_ring *ring)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = ring->kick };

	if (epoll_ctl(console->kicks, EPOLL_CTL_ADD, ring->kick, &event) < 0)
		return log_errno(console->backend.name, -errno, "epoll_ctl");
	virtqueue_init(&console->queues[ring->index], console->memory, ring);
	console->usable[ring->index] = true;
	return 0;
}

static int console_start(struct virtio_backend *backend, uint64_t features,
			 const struct virtio_ring *rings, unsigned int count)
{
	struct virtio_console *console = console_of(backend);
	int ret = 0;

	(void)features;
	pthread_mutex_lock(&console->lock);
	for (unsigned int i = 0; i < count && ret == 0; i++)
		ret = console_start_queue(console, &rings[i]);
	console->started = ret == 0;
	pthread_mutex_unlock(&console->lock);
	return ret;
}

static int console_set_call(struct virtio_backend *backend, unsigned int queue, int call)
{
	struct virtio_console *console = console_of(backend);

	pthread_mutex_lock(&console->lock);
	console->queues[queue].ring.call = call;
	pthread_mutex_unlock(&console->lock);
	return 0;
}

static void console_free(struct virtio_backend *backend)
{
	struct virtio_console *console = console_of(backend);

	if (console->kicks >= 0)
		close(console->kicks);
	pthread_mutex_destroy(&console->lock);
	free(console);
}

static const struct virtio_backend_ops console_ops = {
	.config_read = console_config_read,
	.config_write = console_config_write,
	.start = console_start,
	.stop = console_stop,
	.set_call = console_set_call,
	.destroy = console_free,
};

int virtio_console_add(struct pci_host *host, struct virtio_console **result)
{
	struct virtio_console *console = calloc(1, sizeof(*console));
	int ret;

	if (!console)
		return log_errno("command's console", -ENOMEM, "allocate");
	console->backend = (struct virtio_backend){
		.ops = &console_ops,
		.name = "command's console",
		.type = VIRTIO_ID_CONSOLE,
		.pci_class = CONSOLE_CLASS,
		.features = 1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_CONSOLE_F_MULTIPORT,
		.queues = CONSOLE_QUEUES,
		.config_size = sizeof(struct virtio_console_config),
	};
	console->memory = &host->vm->memory;
	pthread_mutex_init(&console->lock, NULL);
	console->kicks = epoll_create1(EPOLL_CLOEXEC);
	if (console->kicks < 0) {
		ret = log_errno(console->backend.name, -errno, "epoll_create1");
		console_free(&console->backend);
		return ret;
	}
	ret = virtio_pci_add(host, &console->backend);
	if (ret == 0)
		*result = console;
	return ret;
}
