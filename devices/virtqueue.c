/* SPDX-License-Identifier: MIT */
#include "virtqueue.h"

#include <linux/virtio_ring.h>
#include <string.h>
#include <sys/eventfd.h>

/* The guest may write these fields meanwhile, so each is read once, and in this order. */
static uint16_t virtqueue_load(const uint16_t *field)
{
	return __atomic_load_n(field, __ATOMIC_ACQUIRE);
}

void virtqueue_init(struct virtqueue *queue, struct memory *memory, const struct virtio_ring *ring)
{
	*queue = (struct virtqueue){ .memory = memory, .ring = *ring };
}

/*
 * The first descriptor of the next buffer; false when there is none. A driver that offers more than
 * the ring has room for is not worth following.
 */
static bool virtqueue_take(struct virtqueue *queue)
{
	struct vring_avail *available = queue->ring.available;
	uint16_t offered = virtqueue_load(&available->idx) - queue->next;

	if (offered == 0 || offered > queue->ring.size)
		return false;
	queue->head = virtqueue_load(&available->ring[queue->next % queue->ring.size]);
	queue->next++;
	queue->at = queue->head;
	queue->offset = 0;
	queue->steps = 0;
	queue->open = true;
	return true;
}

/* Give the buffer back to the driver; `length` bytes of it were written. */
static void virtqueue_give_back(struct virtqueue *queue, uint32_t length)
{
	struct vring_used *used = queue->ring.used;
	uint16_t idx = used->idx;

	used->ring[idx % queue->ring.size] = (struct vring_used_elem){ queue->head, length };
	__atomic_store_n(&used->idx, (uint16_t)(idx + 1), __ATOMIC_RELEASE);
	queue->open = false;
	queue->unnoticed = true;
}

/* A copy of the current descriptor; all zeroes if there is none. */
static struct vring_desc virtqueue_descriptor(const struct virtqueue *queue)
{
	struct vring_desc descriptor = { 0 };

	if (queue->at < queue->ring.size)
		memcpy(&descriptor, (struct vring_desc *)queue->ring.descriptors + queue->at,
		       sizeof(descriptor));
	return descriptor;
}

/* Go on to the next descriptor of the buffer; false at its end. */
static bool virtqueue_step(struct virtqueue *queue, const struct vring_desc *descriptor)
{
	queue->at = descriptor->next;
	queue->offset = 0;
	return (descriptor->flags & VRING_DESC_F_NEXT) && ++queue->steps < queue->ring.size;
}

/*
 * Map the rest of the descriptor, at most `size` bytes; NULL if nothing is left, or it is not RAM.
 */
static void *virtqueue_map(const struct virtqueue *queue, const struct vring_desc *descriptor,
			   size_t *size)
{
	uint32_t left = queue->offset < descriptor->len ? descriptor->len - queue->offset : 0;

	if (*size > left)
		*size = left;
	return *size ? memory_ram_ptr(queue->memory, descriptor->addr + queue->offset, *size)
		     : NULL;
}

size_t virtqueue_read(struct virtqueue *queue, void *data, size_t room)
{
	unsigned int buffers = 0;
	size_t done = 0;

	/*
	 * A driver has no more buffers than the ring has entries. If a driver lets the parts of the
	 * ring overlap, a buffer that is given back looks like a new one, and the loop would never
	 * end without this limit.
	 */
	while (done < room && buffers < queue->ring.size &&
	       (queue->open || virtqueue_take(queue))) {
		struct vring_desc descriptor = virtqueue_descriptor(queue);
		size_t size = room - done;
		void *from = virtqueue_map(queue, &descriptor, &size);

		if (from) {
			memcpy((char *)data + done, from, size);
			done += size;
			queue->offset += (uint32_t)size;
		}
		if ((!from || queue->offset == descriptor.len) &&
		    !virtqueue_step(queue, &descriptor)) {
			virtqueue_give_back(queue, 0);
			buffers++;
		}
	}
	return done;
}

size_t virtqueue_write(struct virtqueue *queue, const void *data, size_t size)
{
	size_t done = 0;
	bool more = true;

	if (!size || !virtqueue_take(queue))
		return 0;
	while (more) {
		struct vring_desc descriptor = virtqueue_descriptor(queue);
		size_t part = size - done;
		void *to = descriptor.flags & VRING_DESC_F_WRITE
				   ? virtqueue_map(queue, &descriptor, &part)
				   : NULL;

		if (to) {
			memcpy(to, (const char *)data + done, part);
			done += part;
		}
		more = done < size && virtqueue_step(queue, &descriptor);
	}
	virtqueue_give_back(queue, (uint32_t)done);
	return done;
}

void virtqueue_notify(struct virtqueue *queue)
{
	const struct vring_avail *available = queue->ring.available;

	if (!queue->unnoticed)
		return;
	queue->unnoticed = false;
	/* The driver must see the used entry before its wish for an interrupt is read. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (queue->ring.call >= 0 &&
	    !(virtqueue_load(&available->flags) & VRING_AVAIL_F_NO_INTERRUPT))
		eventfd_write(queue->ring.call, 1);
}
