/* SPDX-License-Identifier: MIT */
#include "vfio_vectors.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "vmm/trace/log.h"

int vfio_vectors_init(struct vfio_vectors *vectors, struct vfio_device *device,
		      struct irq_router *router, uint32_t index, uint32_t devid)
{
	struct vfio_irq irq;
	int ret = device->backend->get_irq(device, index, &irq);

	*vectors = (struct vfio_vectors){
		.device = device, .router = router, .index = index, .devid = devid
	};
	if (ret == 0 && irq.count == 0)
		ret = -ENXIO;
	if (ret < 0)
		return log_errno(device->name, ret, "VFIO_DEVICE_GET_IRQ_INFO, %s",
				 vfio_irq_name(index));
	if (irq.count > VFIO_VECTORS_MAX)
		irq.count = VFIO_VECTORS_MAX;
	vectors->growable = !(irq.flags & VFIO_IRQ_INFO_NORESIZE);
	vectors->msi = calloc(irq.count, sizeof(*vectors->msi));
	if (!vectors->msi)
		return log_errno(device->name, -ENOMEM, "allocate %u vectors", irq.count);
	vectors->count = irq.count;
	for (unsigned int i = 0; i < irq.count; i++)
		vectors->msi[i].eventfd = -1;
	return 0;
}

void vfio_vectors_destroy(struct vfio_vectors *vectors)
{
	vfio_vectors_disable(vectors);
	free(vectors->msi);
	free(vectors->relays);
	free(vectors->watches);
	vectors->msi = NULL;
	vectors->relays = NULL;
	vectors->watches = NULL;
	vectors->count = 0;
}

int vfio_vectors_set_relay(struct vfio_vectors *vectors, struct loop *loop)
{
	vectors->relays = calloc(vectors->count, sizeof(*vectors->relays));
	if (!vectors->relays)
		return log_errno(vectors->device->name, -ENOMEM, "allocate %u vectors",
				 vectors->count);
	for (unsigned int i = 0; i < vectors->count; i++)
		irq_relay_init(&vectors->relays[i], vectors->router, loop, &vectors->msi[i]);
	return 0;
}

/* ---- what waits behind a mask ---- */

static void vectors_count_pending(struct vfio_vectors *vectors, struct vfio_watch *watch,
				  bool pending)
{
	unsigned int before = vectors->pending_count;

	if (watch->pending == pending)
		return;
	watch->pending = pending;
	vectors->pending_count = pending ? before + 1 : before - 1;
	if (!before != !vectors->pending_count)
		vectors->pending(vectors->pending_owner, pending);
}

/* The vector is unmasked, or goes away. */
static void vector_unwatch(struct vfio_vectors *vectors, unsigned int vector)
{
	struct vfio_watch *watch;

	if (!vectors->watches)
		return;
	watch = &vectors->watches[vector];
	if (watch->listening)
		loop_del(vectors->loop, &watch->source);
	watch->listening = false;
	vectors_count_pending(vectors, watch, false);
}

/* The vector is masked: what it says from now on is pending. */
static void vector_watch(struct vfio_vectors *vectors, unsigned int vector)
{
	struct vfio_watch *watch;

	if (!vectors->watches || vectors->msi[vector].eventfd < 0)
		return;
	watch = &vectors->watches[vector];
	if (watch->listening || watch->pending)
		return;
	watch->source.fd = vectors->msi[vector].eventfd;
	watch->listening = loop_add(vectors->loop, &watch->source) == 0;
	if (!watch->listening) /* logged; the bit is looked at all the time then */
		vectors_count_pending(vectors, watch, true);
}

/* The loop may wake just after another thread has unmasked the vector. */
static void vector_ready(void *owner, uint32_t events)
{
	struct vfio_watch *watch = owner;
	struct vfio_vectors *vectors = watch->vectors;

	(void)events;
	pthread_mutex_lock(vectors->lock);
	if (watch->listening && irq_msi_pending(&vectors->msi[watch->vector])) {
		loop_del(vectors->loop, &watch->source);
		watch->listening = false;
		vectors_count_pending(vectors, watch, true);
	}
	pthread_mutex_unlock(vectors->lock);
}

int vfio_vectors_set_watch(struct vfio_vectors *vectors, struct loop *loop, pthread_mutex_t *lock,
			   void (*pending)(void *owner, bool any), void *owner)
{
	vectors->watches = calloc(vectors->count, sizeof(*vectors->watches));
	if (!vectors->watches)
		return log_errno(vectors->device->name, -ENOMEM, "allocate %u vectors",
				 vectors->count);
	vectors->loop = loop;
	vectors->lock = lock;
	vectors->pending = pending;
	vectors->pending_owner = owner;
	for (unsigned int i = 0; i < vectors->count; i++)
		vectors->watches[i] = (struct vfio_watch){
			.vectors = vectors,
			.vector = i,
			.source = { -1, vector_ready, &vectors->watches[i] },
		};
	return 0;
}

/* ---- a vector of ours ---- */

/* An eventfd and a GSI of its own. */
static int vector_init(struct vfio_vectors *vectors, unsigned int vector)
{
	int ret = irq_msi_init(vectors->router, &vectors->msi[vector], vectors->devid);

	if (ret == 0 && vectors->relays)
		irq_msi_set_relay(&vectors->msi[vector], &vectors->relays[vector]);
	if (ret < 0 && !vectors->no_file_said)
		log_errno(vectors->device->name, ret,
			  "a file and a GSI for one more %s vector, beside %u",
			  vfio_irq_name(vectors->index), vectors->host_count);
	vectors->no_file_said |= ret < 0;
	return ret;
}

/* ---- the block of vectors that the host has enabled ---- */

/* Enable vectors 0 .. count - 1 on the host in one call; those never used get no eventfd. */
static int vectors_request(struct vfio_vectors *vectors, unsigned int count)
{
	int *fds = calloc(count, sizeof(*fds));
	int ret;

	if (!fds)
		return -ENOMEM;
	for (unsigned int i = 0; i < count; i++)
		fds[i] = vectors->msi[i].eventfd;
	ret = vfio_irq_set(vectors->device, vectors->index, VFIO_IRQ_SET_ACTION_TRIGGER, 0, count,
			   fds);
	free(fds);
	if (ret == 0)
		vectors->host_count = count;
	return ret;
}

static void vectors_release(struct vfio_vectors *vectors)
{
	if (vectors->host_count)
		vfio_irq_set(vectors->device, vectors->index, VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0,
			     NULL);
	vectors->host_count = 0;
}

/* A guest may try again and again: one line is enough. */
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

/* One vector without an eventfd is the least that turns the device's enable bit on. */
static int vectors_enable_empty(struct vfio_vectors *vectors)
{
	int ret = vectors_request(vectors, 1);

	return ret ? vectors_log(vectors, ret, 1) : 0;
}

/* Half as many until the host can give them: a device knows no numbers but powers of two. */
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
	for (unsigned int i = first; i < vectors->count; i++) {
		vector_unwatch(vectors, i);
		irq_msi_destroy(vectors->router, &vectors->msi[i]);
	}
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
		irq_msi_mask(vectors->router, &vectors->msi[i]);
	vectors_release(vectors);
	vectors_forget(vectors, 0);
	vectors->enabled = false;
}

void vfio_vectors_reset(struct vfio_vectors *vectors)
{
	vfio_vectors_disable(vectors);
	vectors->refusal_said = vectors->no_file_said = false;
}

/* What the host has given before it may not give again: as many as it can. */
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
 * While the block was given back an interrupt had nowhere to go, and a driver may wait for it for
 * ever. So each vector that was in use fires once: one too many is what drivers must stand. Not
 * one that has fired already: a server may have filled its counter, and writing would block.
 */
static void vectors_fire_once(struct vfio_vectors *vectors, unsigned int count)
{
	for (unsigned int i = 0; i < count && i < vectors->host_count; i++)
		if (vectors->msi[i].eventfd >= 0 && !irq_msi_pending(&vectors->msi[i]))
			eventfd_write(vectors->msi[i].eventfd, 1);
}

/*
 * The host enables vectors in one block. Where the kernel cannot add to it, the block is given back
 * and asked for again one larger; should that fail, the old one is restored.
 */
static int vectors_grow(struct vfio_vectors *vectors, unsigned int vector)
{
	unsigned int old = vectors->host_count;
	int ret;

	if (vectors->growable || vector < old) {
		ret = vfio_irq_set(vectors->device, vectors->index, VFIO_IRQ_SET_ACTION_TRIGGER,
				   vector, 1, &vectors->msi[vector].eventfd);
		if (ret == 0 && vector >= old)
			vectors->host_count = vector + 1;
		return ret;
	}
	vectors_release(vectors);
	ret = vectors_request(vectors, vector + 1);
	if (ret && old)
		vectors_restore(vectors, old);
	vectors_fire_once(vectors, old);
	return ret;
}

/* First use of a vector of MSI-X, or its first since it was lost: the host's vector behind it. */
static int vector_request(struct vfio_vectors *vectors, unsigned int vector)
{
	bool new = vectors->msi[vector].gsi == 0;
	int ret = new ? vector_init(vectors, vector) : 0;

	if (ret < 0)
		return ret;
	ret = vectors_grow(vectors, vector);
	if (ret == 0)
		return 0;
	if (new)
		irq_msi_destroy(vectors->router, &vectors->msi[vector]);
	return vectors_log(vectors, ret, vector + 1);
}

/* The block of MSI is as large as it is: the device was told. */
static bool vector_usable(const struct vfio_vectors *vectors, unsigned int vector)
{
	unsigned int end =
		vectors->index == VFIO_PCI_MSI_IRQ_INDEX ? vectors->host_count : vectors->count;

	return vectors->enabled && vector < end;
}

int vfio_vector_prepare(struct vfio_vectors *vectors, unsigned int vector, uint64_t address,
			uint32_t data)
{
	int ret = 0;

	if (!vector_usable(vectors, vector))
		return -EINVAL;
	if (vectors->msi[vector].gsi == 0 || vector >= vectors->host_count)
		ret = vector_request(vectors, vector);
	if (ret == 0)
		ret = irq_msi_set_message(vectors->router, &vectors->msi[vector], address, data);
	return ret;
}

int vfio_vector_unmask(struct vfio_vectors *vectors, unsigned int vector)
{
	int ret;

	if (!vector_usable(vectors, vector) || !irq_msi_has_route(&vectors->msi[vector]))
		return -EINVAL;
	ret = irq_commit(vectors->router);
	if (ret < 0)
		return ret;
	vector_unwatch(vectors, vector);
	return irq_msi_unmask(vectors->router, &vectors->msi[vector]);
}

void vfio_vector_mask(struct vfio_vectors *vectors, unsigned int vector)
{
	if (vector >= vectors->count)
		return;
	irq_msi_mask(vectors->router, &vectors->msi[vector]);
	vector_watch(vectors, vector);
}

/*
 * All vectors are prepared before the first is wired: so KVM gets the routes in one call. The
 * highest first, so that a host that cannot add vectors is asked for the block only once.
 */
void vfio_vectors_update(struct vfio_vectors *vectors, unsigned int first, unsigned int count,
			 struct vfio_message (*message)(const void *owner, unsigned int vector),
			 const void *owner)
{
	if (!vectors->enabled)
		return;
	for (unsigned int vector = first + count; vector-- > first;) {
		struct vfio_message now = message(owner, vector);

		if (now.live)
			vfio_vector_prepare(vectors, vector, now.address, now.data);
	}
	for (unsigned int vector = first; vector < first + count; vector++) {
		if (message(owner, vector).live)
			vfio_vector_unmask(vectors, vector);
		else
			vfio_vector_mask(vectors, vector);
	}
}

bool vfio_vector_pending(const struct vfio_vectors *vectors, unsigned int vector)
{
	return vector < vectors->count && irq_msi_pending(&vectors->msi[vector]);
}
