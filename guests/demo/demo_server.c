/* SPDX-License-Identifier: MIT */
#include "demo_server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "demo_device.h"
#include "user_server.h"

struct demo_server {
	struct user_server server;
	struct demo_device device;
};

static bool demo_dma_read(void *owner, uint64_t iova, void *data, size_t size, bool messages)
{
	struct demo_server *demo = owner;

	return user_server_dma_read(&demo->server, iova, data, size, messages);
}

static bool demo_dma_write(void *owner, uint64_t iova, const void *data, size_t size, bool messages)
{
	struct demo_server *demo = owner;

	return user_server_dma_write(&demo->server, iova, data, size, messages);
}

static void demo_region(void *owner, uint32_t index, struct user_server_region *region)
{
	const struct demo_server *demo = owner;

	region->size = demo_region_size(index);
	if (index != VFIO_PCI_BAR0_REGION_INDEX + DEMO_MEMORY_BAR)
		return;
	region->mappable = DEMO_MIRROR;
	region->fd = demo->device.memory_fd;
}

static uint32_t demo_irqs(void *owner, uint32_t kind)
{
	(void)owner;
	return demo_irq_count(kind);
}

static void demo_read(void *owner, uint32_t region, uint64_t offset, void *data, size_t size)
{
	struct demo_server *demo = owner;

	demo_region_read(&demo->device, region, offset, data, size);
}

static void demo_write(void *owner, uint32_t region, uint64_t offset, const void *data, size_t size)
{
	struct demo_server *demo = owner;

	demo_region_write(&demo->device, region, offset, data, size);
}

static int demo_set_irqs(void *owner, const struct vfio_irq_set *set, struct user_message *message)
{
	struct demo_device *device = &((struct demo_server *)owner)->device;
	uint32_t action = set->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK, count = set->count;

	if (set->index == VFIO_PCI_INTX_IRQ_INDEX && action == VFIO_IRQ_SET_ACTION_UNMASK) {
		demo_irq_set_unmask(device, user_server_take_fd(message, 0));
		return 0;
	}
	if (action != VFIO_IRQ_SET_ACTION_TRIGGER)
		return -ENOTSUP;
	/* NONE without data means all vectors of the kind. */
	if (count == 0 && (set->flags & VFIO_IRQ_SET_DATA_NONE))
		count = demo_irq_count(set->index);
	for (uint32_t i = 0; i < count; i++)
		demo_irq_set_bell(device, set->index, set->start + i,
				  user_server_take_fd(message, i));
	return 0;
}

static void demo_reset(void *owner)
{
	demo_device_reset(&((struct demo_server *)owner)->device);
}

/* The guest has acknowledged the pin. */
static int demo_event_fd(void *owner)
{
	return ((struct demo_server *)owner)->device.unmask;
}

static void demo_event(void *owner)
{
	struct demo_server *demo = owner;
	eventfd_t count;

	if (eventfd_read(demo->device.unmask, &count) == 0)
		demo_irq_unmask(&demo->device);
}

static const struct user_server_ops demo_ops = {
	.irqs = DEMO_IRQ_KINDS,
	.region = demo_region,
	.irq_count = demo_irqs,
	.read = demo_read,
	.write = demo_write,
	.set_irqs = demo_set_irqs,
	.reset = demo_reset,
	.event_fd = demo_event_fd,
	.event = demo_event,
};

int demo_server_run(int socket)
{
	struct demo_server *demo = calloc(1, sizeof(*demo));
	const struct demo_dma dma = { demo_dma_read, demo_dma_write, demo };
	int ret;

	if (!demo) {
		close(socket);
		return -ENOMEM;
	}
	demo->server = (struct user_server){ .socket = socket, .ops = &demo_ops, .owner = demo };
	ret = demo_device_init(&demo->device, &dma);
	if (ret == 0)
		ret = user_server_run(&demo->server);
	else
		close(socket);
	demo_device_destroy(&demo->device);
	free(demo);
	return ret;
}
