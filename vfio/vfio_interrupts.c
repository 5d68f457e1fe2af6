/* SPDX-License-Identifier: MIT */
#include "vfio_interrupts.h"

#include "devices/pci_host.h"
#include "vmm/base/pending_signal.h"

#define INTERRUPTS_PINS 4 /* INTA .. INTD */

/* ---- the kind that is on ---- */

static enum vfio_irq_kind interrupts_wanted(const struct vfio_interrupts *interrupts)
{
	if (!interrupts->powered)
		return VFIO_IRQ_NONE;
	if (interrupts->msix.guest.enabled)
		return VFIO_IRQ_MSIX;
	if (interrupts->msi.enabled)
		return VFIO_IRQ_MSI;
	return interrupts->has_intx ? VFIO_IRQ_PIN : VFIO_IRQ_NONE;
}

static void interrupts_all_off(struct vfio_interrupts *interrupts)
{
	vfio_vectors_disable(&interrupts->msix.vectors);
	vfio_vectors_disable(&interrupts->msi_vectors);
	vfio_intx_disable(&interrupts->intx);
}

static int interrupts_enable(struct vfio_interrupts *interrupts, enum vfio_irq_kind kind)
{
	switch (kind) {
	case VFIO_IRQ_PIN:
		return vfio_intx_enable(&interrupts->intx);
	case VFIO_IRQ_MSI:
		return vfio_vectors_enable(&interrupts->msi_vectors, interrupts->msi.vectors);
	case VFIO_IRQ_MSIX:
		return vfio_vectors_enable(&interrupts->msix.vectors,
					   interrupts->msix.guest.vectors);
	case VFIO_IRQ_NONE:
		break;
	}
	return 0;
}

/*
 * VFIO requires that the old kind is off before the new one is switched on. A failure is tried
 * again next time.
 */
static int interrupts_switch(struct vfio_interrupts *interrupts)
{
	enum vfio_irq_kind wanted = interrupts_wanted(interrupts);
	int ret;

	if (wanted == interrupts->kind)
		return 0;
	interrupts_all_off(interrupts);
	interrupts->msix.vectors.group.devid = interrupts->msi_vectors.group.devid =
		pci_requester_id(interrupts->function);
	ret = interrupts_enable(interrupts, wanted);
	interrupts->kind = ret < 0 ? VFIO_IRQ_NONE : wanted;
	return ret;
}

static struct vfio_message interrupts_msi_message(const void *owner, unsigned int vector)
{
	const struct vfio_interrupts *interrupts = owner;

	return (struct vfio_message){
		.live = msi_vector_live(&interrupts->msi, vector),
		.address = interrupts->msi.address,
		.data = msi_vector_data(&interrupts->msi, vector),
	};
}

/* Switch on the kind that the guest wants, and set its vectors as the guest has them. */
static void interrupts_update(struct vfio_interrupts *interrupts)
{
	interrupts_switch(interrupts);
	if (interrupts->kind == VFIO_IRQ_MSIX)
		vfio_msix_update(&interrupts->msix);
	else if (interrupts->kind == VFIO_IRQ_MSI)
		vfio_vectors_update(&interrupts->msi_vectors, 0, interrupts->msi.vectors,
				    interrupts_msi_message, interrupts);
}

/* ---- what the state machines tell ---- */

static void interrupts_msix_switched(void *owner)
{
	interrupts_update(owner);
}

/*
 * The device learns the number of MSI vectors when MSI is switched on, so for another number MSI is
 * switched off and on.
 */
static void interrupts_msi_changed(void *owner)
{
	struct vfio_interrupts *interrupts = owner;

	if (interrupts->kind == VFIO_IRQ_MSI &&
	    interrupts->msi.vectors != interrupts->msi_vectors.wanted) {
		vfio_vectors_disable(&interrupts->msi_vectors);
		interrupts->kind = VFIO_IRQ_NONE;
	}
	interrupts_update(interrupts);
}

static bool interrupts_msi_pending(void *owner, unsigned int vector)
{
	const struct vfio_interrupts *interrupts = owner;

	return vfio_vector_pending(&interrupts->msi_vectors, vector);
}

static const struct msi_ops interrupts_msi_ops = {
	.changed = interrupts_msi_changed,
	.vector_pending = interrupts_msi_pending,
};

/* ---- life ---- */

static int interrupts_init_msix(struct vfio_interrupts *interrupts, struct vfio_device *device,
				const struct irq_vector_group *group)
{
	struct vfio_msix *msix = &interrupts->msix;

	msix->lock = &interrupts->lock;
	msix->switched = interrupts_msix_switched;
	msix->owner = interrupts;
	return vfio_msix_init(msix, device, interrupts->function, group);
}

/* The guest is offered as many vectors as both the device and the kernel support. */
static int interrupts_init_msi(struct vfio_interrupts *interrupts, struct vfio_device *device,
			       const struct irq_vector_group *group)
{
	struct pci_function *function = interrupts->function;
	struct vfio_vectors *vectors = &interrupts->msi_vectors;
	unsigned int cap = pci_find_capability(function, PCI_CAP_ID_MSI);
	unsigned int count;
	int ret;

	if (!cap)
		return 0;
	ret = vfio_vectors_init(vectors, device, group, VFIO_PCI_MSI_IRQ_INDEX);
	if (ret < 0)
		return ret;
	count = 1u << ((pci_get_word(function, cap + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_QMASK) >> 1);
	if (count > vectors->count)
		count = vectors->count;
	msi_init(&interrupts->msi, function, cap, count, &interrupts_msi_ops, interrupts);
	return 0;
}

static int interrupts_init_pin(struct vfio_interrupts *interrupts, struct loop *loop, bool relay)
{
	uint8_t *pin = &interrupts->function->config[PCI_INTERRUPT_PIN];
	int ret = *pin && *pin <= INTERRUPTS_PINS ? vfio_intx_probe(&interrupts->intx, loop, relay)
						  : 0;

	interrupts->has_intx = ret > 0;
	if (!interrupts->has_intx)
		*pin = 0;
	return ret < 0 ? ret : 0;
}

int vfio_interrupts_init(struct vfio_interrupts *interrupts, struct vfio_device *device,
			 struct pci_function *function, struct vm *vm, bool relay)
{
	const struct irq_vector_group group = {
		.router = &vm->irq,
		.loop = &vm->loop,
		.lock = &interrupts->lock,
		.relayed = relay,
		.name = device->name,
	};
	int ret;

	*interrupts = (struct vfio_interrupts){ .function = function };
	pthread_mutex_init(&interrupts->lock, NULL);
	vfio_intx_init(&interrupts->intx, device, &vm->irq);
	ret = interrupts_init_msix(interrupts, device, &group);
	if (ret == 0)
		ret = interrupts_init_msi(interrupts, device, &group);
	return ret < 0 ? ret : interrupts_init_pin(interrupts, &vm->loop, relay);
}

void vfio_interrupts_destroy(struct vfio_interrupts *interrupts)
{
	vfio_intx_destroy(&interrupts->intx);
	vfio_vectors_destroy(&interrupts->msi_vectors);
	vfio_msix_destroy(&interrupts->msix);
	pthread_mutex_destroy(&interrupts->lock);
}

int vfio_interrupts_power_on(struct vfio_interrupts *interrupts)
{
	const struct pci_function *function = interrupts->function;
	int ret;

	pending_lock(&interrupts->lock);
	if (interrupts->has_intx)
		interrupts->intx.gsi =
			pci_host_intx_gsi(function, function->config[PCI_INTERRUPT_PIN]);
	interrupts->powered = true;
	ret = interrupts_switch(interrupts);
	pthread_mutex_unlock(&interrupts->lock);
	return ret;
}

void vfio_interrupts_reset(struct vfio_interrupts *interrupts)
{
	pending_lock(&interrupts->lock);
	interrupts->powered = false;
	interrupts_switch(interrupts);
	msi_reset(&interrupts->msi);
	vfio_msix_reset(&interrupts->msix);
	vfio_vectors_reset(&interrupts->msi_vectors);
	vfio_vectors_reset(&interrupts->msix.vectors);
	pthread_mutex_unlock(&interrupts->lock);
}

/* ---- configuration space ---- */

void vfio_interrupts_config_reading(struct vfio_interrupts *interrupts, unsigned int offset,
				    unsigned int size)
{
	pending_lock(&interrupts->lock);
	msi_config_reading(&interrupts->msi, offset, size);
	pthread_mutex_unlock(&interrupts->lock);
}

void vfio_interrupts_config_written(struct vfio_interrupts *interrupts, unsigned int offset,
				    unsigned int size)
{
	pending_lock(&interrupts->lock);
	msi_config_written(&interrupts->msi, offset, size);
	vfio_msix_config_written(&interrupts->msix, offset, size);
	pthread_mutex_unlock(&interrupts->lock);
}
