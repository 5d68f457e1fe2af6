/* SPDX-License-Identifier: MIT */
#include "vfio_irq.h"

#include <errno.h>
#include <stdlib.h>

#include "vmm/core/log.h"

static const char *irq_kind(uint32_t index)
{
	return index == VFIO_PCI_MSIX_IRQ_INDEX  ? "MSI-X"
	       : index == VFIO_PCI_MSI_IRQ_INDEX ? "MSI"
						 : "INTx";
}

int vfio_irq_set(struct vfio_device *device, uint32_t index, uint32_t action, unsigned int start,
		 unsigned int count, const int *fds)
{
	struct vfio_irq_request request = {
		.index = index,
		.action = action,
		.start = start,
		.count = count,
		.fds = fds,
	};

	return device->backend->set_irqs(device, &request);
}

/* ---- MSI and MSI-X ---- */

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
				 irq_kind(index));
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
	vectors->msi = NULL;
	vectors->count = 0;
}

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
	const char *kind = irq_kind(vectors->index);

	if (vectors->refused)
		return ret > 0 ? -ENOSPC : ret;
	vectors->refused = true;
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

int vfio_vectors_enable(struct vfio_vectors *vectors)
{
	int ret;

	if (vectors->enabled)
		return 0;
	/* One vector without an eventfd is the least that turns the device's enable bit on. */
	ret = vectors_request(vectors, 1);
	if (ret)
		return vectors_log(vectors, ret, 1);
	vectors->refused = false;
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
	for (unsigned int i = 0; i < vectors->count; i++)
		irq_msi_destroy(vectors->router, &vectors->msi[i]);
	vectors->enabled = false;
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
	if (ret && vectors_request(vectors, old))
		log_error(vectors->device->name, "lost its %s vectors: the host gives them no more",
			  irq_kind(vectors->index));
	return ret;
}

/* First use: an eventfd and a GSI of its own, then the host's vector behind it. */
static int vector_init(struct vfio_vectors *vectors, unsigned int vector)
{
	struct irq_msi *msi = &vectors->msi[vector];
	int ret = irq_msi_init(vectors->router, msi, vectors->devid);

	if (ret < 0)
		return ret;
	ret = vectors_grow(vectors, vector);
	if (ret) {
		irq_msi_destroy(vectors->router, msi);
		ret = vectors_log(vectors, ret, vector + 1);
	}
	return ret;
}

static bool vector_usable(const struct vfio_vectors *vectors, unsigned int vector)
{
	return vectors->enabled && vector < vectors->count;
}

int vfio_vector_prepare(struct vfio_vectors *vectors, unsigned int vector, uint64_t address,
			uint32_t data)
{
	int ret = 0;

	if (!vector_usable(vectors, vector))
		return -EINVAL;
	if (vectors->msi[vector].gsi == 0)
		ret = vector_init(vectors, vector);
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
	return ret < 0 ? ret : irq_msi_unmask(vectors->router, &vectors->msi[vector]);
}

void vfio_vector_mask(struct vfio_vectors *vectors, unsigned int vector)
{
	if (vector < vectors->count)
		irq_msi_mask(vectors->router, &vectors->msi[vector]);
}

bool vfio_vector_pending(const struct vfio_vectors *vectors, unsigned int vector)
{
	return vector < vectors->count && irq_msi_pending(&vectors->msi[vector]);
}

/* ---- INTx ---- */

void vfio_intx_init(struct vfio_intx *intx, struct vfio_device *device, struct irq_router *router,
		    uint32_t gsi)
{
	*intx = (struct vfio_intx){
		.device = device, .router = router, .gsi = gsi, .level = { 0, -1, -1 }
	};
}

static int intx_set(struct vfio_intx *intx, uint32_t action, unsigned int count, const int *fd)
{
	return vfio_irq_set(intx->device, VFIO_PCI_INTX_IRQ_INDEX, action, 0, count, fd);
}

/*
 * KVM's end first, so that the first interrupt finds a listener. Unmasking by eventfd can only be
 * asked of an enabled INTx; an acknowledgement that comes before that waits in the eventfd.
 */
int vfio_intx_enable(struct vfio_intx *intx)
{
	int ret;

	if (intx->enabled)
		return 0;
	ret = irq_level_init(intx->router, &intx->level, intx->gsi);
	if (ret < 0)
		return ret;
	intx->enabled = true;
	ret = intx_set(intx, VFIO_IRQ_SET_ACTION_TRIGGER, 1, &intx->level.trigger);
	if (ret == 0)
		ret = intx_set(intx, VFIO_IRQ_SET_ACTION_UNMASK, 1, &intx->level.resample);
	if (ret < 0) {
		log_errno(intx->device->name, ret, "VFIO_DEVICE_SET_IRQS, INTx");
		vfio_intx_disable(intx);
	}
	return ret;
}

void vfio_intx_disable(struct vfio_intx *intx)
{
	if (!intx->enabled)
		return;
	intx_set(intx, VFIO_IRQ_SET_ACTION_TRIGGER, 0, NULL);
	irq_level_destroy(intx->router, &intx->level);
	intx->enabled = false;
}
