/* SPDX-License-Identifier: MIT */
#include "vfio_vectors.h"

#include <errno.h>
#include <stdlib.h>

#include "vmm/trace/log.h"

#define VECTORS_FEW 16 /* a smaller block grows by no more vectors than are needed */

int vfio_vectors_init(struct vfio_vectors *vectors, struct vfio_device *device,
		      const struct irq_vector_group *group, uint32_t index)
{
	struct vfio_irq irq;
	int ret = device->backend->get_irq(device, index, &irq);

	*vectors = (struct vfio_vectors){ .device = device, .group = *group, .index = index };
	if (ret == 0 && irq.count == 0)
		ret = -ENXIO;
	if (ret < 0)
		return log_errno(device->name, ret, "VFIO_DEVICE_GET_IRQ_INFO, %s",
				 vfio_irq_name(index));
	if (irq.count > VFIO_VECTORS_MAX)
		irq.count = VFIO_VECTORS_MAX;
	vectors->growable = !(irq.flags & VFIO_IRQ_INFO_NORESIZE);
	vectors->list = calloc(irq.count, sizeof(*vectors->list));
	if (!vectors->list)
		return log_errno(device->name, -ENOMEM, "allocate %u vectors", irq.count);
	vectors->count = irq.count;
	for (unsigned int i = 0; i < irq.count; i++)
		irq_vector_setup(&vectors->list[i].irq, &vectors->group);
	return 0;
}

void vfio_vectors_destroy(struct vfio_vectors *vectors)
{
	vfio_vectors_disable(vectors);
	free(vectors->list);
	vectors->list = NULL;
	vectors->count = 0;
}

/* Make an eventfd for a vector that has none. */
static int vector_init(struct vfio_vectors *vectors, unsigned int vector)
{
	struct irq_vector *irq = &vectors->list[vector].irq;
	int ret = irq->eventfd < 0 ? irq_vector_init(irq) : 0;

	if (ret < 0 && !vectors->no_file_said)
		log_errno(vectors->device->name, ret,
			  "make an eventfd for one more %s vector, beside %u",
			  vfio_irq_name(vectors->index), vectors->host_count);
	vectors->no_file_said |= ret < 0;
	return ret;
}

/* ---- the block of vectors that the host has enabled ---- */

/* Hand the host the eventfds of a range in one call. Vectors that were never used have none. */
static int vectors_request_range(struct vfio_vectors *vectors, unsigned int first,
				 unsigned int count)
{
	int *fds = calloc(count, sizeof(*fds));
	int ret;

	if (!fds)
		return -ENOMEM;
	for (unsigned int i = 0; i < count; i++)
		fds[i] = vectors->list[first + i].irq.eventfd;
	ret = vfio_irq_set(vectors->device, vectors->index, VFIO_IRQ_SET_ACTION_TRIGGER, first,
			   count, fds);
	for (unsigned int i = 0; i < count && ret == 0; i++)
		vectors->list[first + i].on_host = fds[i] >= 0;
	free(fds);
	if (ret == 0 && first + count > vectors->host_count)
		vectors->host_count = first + count;
	return ret;
}

static int vectors_request(struct vfio_vectors *vectors, unsigned int count)
{
	return vectors_request_range(vectors, 0, count);
}

static void vectors_release(struct vfio_vectors *vectors)
{
	if (vectors->host_count)
		vfio_irq_set(vectors->device, vectors->index, VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0,
			     NULL);
	for (unsigned int i = 0; i < vectors->host_count; i++)
		vectors->list[i].on_host = false;
	vectors->host_count = 0;
}

/* A guest may try again and again, so this is logged once. */
static int vectors_log(struct vfio_vectors *vectors, int ret, unsigned int wanted)
{
	const char *kind = vfio_irq_name(vectors->index);

	if (vectors->refusal_said)
		return ret > 0 ? -ENOSPC : ret;
	vectors->refusal_said = true;
	if (ret > 0) {
		log_error(
			vectors->device->name,
			"VFIO_DEVICE_SET_IRQS: the host can give %d %s vectors, the guest uses %u",
			ret, kind, wanted);
		return -ENOSPC;
	}
	return log_errno(vectors->device->name, ret, "VFIO_DEVICE_SET_IRQS, %u %s vectors", wanted,
			 kind);
}

/* The smallest request that sets the device's enable bit is one vector without an eventfd. */
static int vectors_enable_empty(struct vfio_vectors *vectors)
{
	int ret = vectors_request(vectors, 1);

	return ret ? vectors_log(vectors, ret, 1) : 0;
}

/* Ask for half as many until the host can give them, because MSI allows only powers of two. */
static int vectors_request_most(struct vfio_vectors *vectors, unsigned int count)
{
	unsigned int wanted = count;
	int ret;

	while ((ret = vectors_request(vectors, count)) > 0 && count > 1) {
		do {
			count /= 2;
		} while (count > (unsigned int)ret);
	}
	if (ret)
		return vectors_log(vectors, ret, wanted);
	if (count < wanted && !vectors->refusal_said)
		log_warn(vectors->device->name,
			 "the host gives %u of the %u MSI vectors that the guest uses", count,
			 wanted);
	vectors->refusal_said |= count < wanted;
	return 0;
}

static void vectors_forget(struct vfio_vectors *vectors, unsigned int first)
{
	for (unsigned int i = first; i < vectors->count; i++)
		irq_vector_destroy(&vectors->list[i].irq);
}

static int vectors_enable_block(struct vfio_vectors *vectors, unsigned int count)
{
	int ret = 0;

	if (count > vectors->count)
		count = vectors->count;
	for (unsigned int i = 0; i < count && ret == 0; i++)
		ret = vector_init(vectors, i);
	if (ret == 0)
		ret = vectors_request_most(vectors, count);
	vectors_forget(vectors, vectors->host_count);
	return ret;
}

int vfio_vectors_enable(struct vfio_vectors *vectors, unsigned int count)
{
	int ret;

	if (vectors->enabled)
		return 0;
	vectors->wanted = count;
	ret = vectors->index == VFIO_PCI_MSI_IRQ_INDEX ? vectors_enable_block(vectors, count)
						       : vectors_enable_empty(vectors);
	if (ret < 0)
		return ret;
	vectors->enabled = true;
	return 0;
}

void vfio_vectors_disable(struct vfio_vectors *vectors)
{
	if (!vectors->enabled)
		return;
	for (unsigned int i = 0; i < vectors->count; i++)
		irq_vector_disconnect(&vectors->list[i].irq);
	vectors_release(vectors);
	vectors_forget(vectors, 0);
	vectors->enabled = false;
}

void vfio_vectors_reset(struct vfio_vectors *vectors)
{
	vfio_vectors_disable(vectors);
	vectors->refusal_said = vectors->no_file_said = false;
}

/*
 * An interrupt that came while the block was given back is lost, and a driver may wait for it for
 * ever. So each vector that was in use fires once. Drivers must cope with one interrupt too many.
 */
static void vectors_fire_once(struct vfio_vectors *vectors)
{
	for (unsigned int i = 0; i < vectors->host_count; i++)
		if (vectors->list[i].irq.way != IRQ_WAY_NONE)
			irq_vector_raise(&vectors->list[i].irq);
}

/* The host may not be able to give all vectors again, so ask for as many as it can give. */
static void vectors_restore(struct vfio_vectors *vectors, unsigned int count)
{
	int ret = vectors_request(vectors, count);

	if (ret > 0 && (unsigned int)ret < count)
		vectors_request(vectors, (unsigned int)ret);
	if (vectors->host_count < count && !vectors->refusal_said)
		log_error(vectors->device->name, "the host gives back only %u of its %u %s vectors",
			  vectors->host_count, count, vfio_irq_name(vectors->index));
	vectors->refusal_said |= vectors->host_count < count;
}

/*
 * The host enables vectors in one block. Where the kernel cannot add to it, the block is given back
 * and asked for again, larger; if the host cannot give so many, then as many as it can.
 *
 * Otherwise a guest that unmasks one vector after the other would have all of them given back each
 * time. So a large block grows by a quarter of its size, if the host has that many.
 */
static int vectors_grow_block(struct vfio_vectors *vectors, unsigned int count)
{
	unsigned int old = vectors->host_count, spare = old < VECTORS_FEW ? 0 : old / 4;
	int ret;

	if (count + spare > vectors->count)
		spare = vectors->count - count;
	vectors_release(vectors);
	ret = vectors_request(vectors, count + spare);
	if (ret && spare)
		ret = vectors_request(vectors, count);
	if (ret > 0 && (unsigned int)ret > old && (unsigned int)ret < count)
		vectors_request(vectors, (unsigned int)ret);
	if (ret && old && !vectors->host_count)
		vectors_restore(vectors, old);
	if (old)
		vectors_fire_once(vectors);
	return ret;
}

/* ---- what the guest made of its vectors ---- */

/* True if the guest wants the vector to interrupt, but the host does not signal it. */
static bool vector_lacks_host(const struct vfio_vectors *vectors, unsigned int vector)
{
	return vectors->list[vector].live && !vectors->list[vector].on_host;
}

/*
 * Request runs of vectors that the host can add, or that lie in its block, each by one call. If a
 * run is too long for the host, request its vectors one by one as far as possible.
 */
static int vectors_add_runs(struct vfio_vectors *vectors, unsigned int first, unsigned int end)
{
	int ret = 0;

	if (!vectors->growable && end > vectors->host_count)
		end = vectors->host_count;
	for (unsigned int at = first, run; at < end && ret == 0; at += run) {
		run = vector_lacks_host(vectors, at);
		while (run && at + run < end && vector_lacks_host(vectors, at + run))
			run++;
		if (run)
			ret = vectors_request_range(vectors, at, run);
		for (unsigned int i = 0; ret && run > 1 && i < run; i++)
			if (vectors_request_range(vectors, at + i, 1))
				break;
		run += run == 0;
	}
	return ret;
}

/*
 * Request the host's vectors for all vectors that must interrupt. 0, -errno, or how many it could
 * give.
 */
static int vectors_ask_host(struct vfio_vectors *vectors, unsigned int first, unsigned int end)
{
	unsigned int last = end;
	int grown = 0, ret;

	while (last > first && !vector_lacks_host(vectors, last - 1))
		last--;
	if (last == first)
		return 0;
	if (!vectors->growable && last > vectors->host_count)
		grown = vectors_grow_block(vectors, last);
	ret = vectors_add_runs(vectors, first, last);
	if (!grown && !ret)
		return 0;
	return vectors_log(vectors, grown ? grown : ret, last);
}

/* Take a vector's message and the sender's number from the guest's table. */
static int vector_take_message(struct vfio_vectors *vectors, unsigned int vector,
			       const struct vfio_message *message)
{
	int ret = message->live ? vector_init(vectors, vector) : 0;

	vectors->list[vector].live = message->live && ret == 0;
	if (vectors->list[vector].live)
		irq_vector_set_message(&vectors->list[vector].irq, message->address, message->data);
	return ret;
}

/* A vector that the host cannot give does not keep its eventfd. */
static int vector_apply(struct vfio_vectors *vectors, unsigned int vector)
{
	struct irq_vector *irq = &vectors->list[vector].irq;

	if (vector_lacks_host(vectors, vector) && irq->way == IRQ_WAY_NONE)
		irq_vector_destroy(irq);
	else if (vector_lacks_host(vectors, vector))
		irq_vector_mask(irq);
	else if (vectors->list[vector].live)
		return irq_vector_unmask(irq);
	else
		irq_vector_mask(irq);
	return 0;
}

/* The block of MSI cannot grow, because the device was told its size. */
static unsigned int vectors_end(const struct vfio_vectors *vectors)
{
	return vectors->index == VFIO_PCI_MSI_IRQ_INDEX ? vectors->host_count : vectors->count;
}

/*
 * All vectors get their messages and the host's vectors before the first irqfd is plugged, so that
 * KVM gets the routes in one call.
 */
int vfio_vectors_update(struct vfio_vectors *vectors, unsigned int first, unsigned int count,
			struct vfio_message (*message)(const void *owner, unsigned int vector),
			const void *owner)
{
	unsigned int end = vectors->enabled ? vectors_end(vectors) : 0;
	int ret = 0, err;

	if (first >= end)
		return -EINVAL;
	if (count < end - first)
		end = first + count;
	for (unsigned int vector = first; vector < end; vector++) {
		struct vfio_message now = message(owner, vector);

		err = vector_take_message(vectors, vector, &now);
		ret = ret ? ret : err;
	}
	err = vectors_ask_host(vectors, first, end);
	ret = ret ? ret : err;
	for (unsigned int vector = first; vector < end; vector++) {
		err = vector_apply(vectors, vector);
		ret = ret ? ret : err;
	}
	return ret;
}

bool vfio_vector_pending(const struct vfio_vectors *vectors, unsigned int vector)
{
	return vector < vectors->count && irq_vector_pending(&vectors->list[vector].irq);
}
