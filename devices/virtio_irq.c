/* SPDX-License-Identifier: MIT */
#include "virtio_irq.h"

#include <errno.h>
#include <linux/virtio_pci.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vmm/base/pending_signal.h"
#include "vmm/core/vm.h"
#include "vmm/trace/log.h"

#define VIRTIO_PIN       1u /* INTA */
#define VIRTIO_ISR_QUEUE 0x1

/* ---- the pin ---- */

static void virtio_irq_update_pin(struct virtio_irq *irq)
{
	uint16_t command = pci_get_word(irq->function, PCI_COMMAND);
	uint8_t *status = &irq->function->config[PCI_STATUS];

	*status = (uint8_t)(*status & ~PCI_STATUS_INTERRUPT);
	if (irq->isr)
		*status |= PCI_STATUS_INTERRUPT;
	irq_line_set(&irq->vm->irq, &irq->line,
		     irq->isr && !irq->msix.enabled && !(command & PCI_COMMAND_INTX_DISABLE));
}

/*
 * Some queue has finished work, and the driver uses the pin. Called in the main loop, without any
 * lock.
 */
static void virtio_irq_pin_ready(void *owner, uint32_t events)
{
	struct virtio_irq *irq = owner;

	(void)events;
	if (!loop_take_event(irq->pin.fd)) /* a server has the file, too */
		return;
	pending_lock(&irq->function->bus->lock);
	irq->isr |= VIRTIO_ISR_QUEUE;
	virtio_irq_update_pin(irq);
	pthread_mutex_unlock(&irq->function->bus->lock);
}

uint8_t virtio_irq_read_isr(struct virtio_irq *irq)
{
	uint8_t isr = irq->isr;

	irq->isr = 0;
	virtio_irq_update_pin(irq);
	return isr;
}

/* ---- MSI-X ---- */

static void virtio_irq_vector_changed(void *owner, unsigned int vector)
{
	struct virtio_irq *irq = owner;
	struct irq_vector *which = &irq->vectors[vector];

	if (which->eventfd < 0)
		return;
	if (!msix_vector_live(&irq->msix, vector)) {
		irq_vector_mask(which);
		return;
	}
	irq_vector_set_message(which, msix_vector_address(&irq->msix, vector),
			       msix_vector_data(&irq->msix, vector));
	irq_vector_unmask(which);
}

static bool virtio_irq_vector_pending(void *owner, unsigned int vector)
{
	struct virtio_irq *irq = owner;

	return irq_vector_pending(&irq->vectors[vector]);
}

/* All vectors are made and destroyed with MSI-X, because a masked one can already be signalled. */
static void virtio_irq_control_changed(void *owner)
{
	struct virtio_irq *irq = owner;

	irq->group.devid = pci_requester_id(irq->function);
	for (unsigned int vector = 0; vector < irq->count; vector++) {
		struct irq_vector *which = &irq->vectors[vector];

		if (!irq->msix.enabled)
			irq_vector_destroy(which);
		else if (which->eventfd >= 0 || irq_vector_init(which) == 0)
			virtio_irq_vector_changed(irq, vector);
	}
	irq->switched(irq->owner);
	virtio_irq_update_pin(irq);
}

static const struct msix_ops virtio_irq_msix_ops = {
	.vector_changed = virtio_irq_vector_changed,
	.vector_pending = virtio_irq_vector_pending,
	.control_changed = virtio_irq_control_changed,
};

int virtio_irq_find_call(const struct virtio_irq *irq, uint16_t vector)
{
	if (!irq->msix.enabled)
		return irq->pin.fd;
	return vector < irq->count ? irq->vectors[vector].eventfd : -1;
}

void virtio_irq_raise_config(struct virtio_irq *irq, uint16_t vector)
{
	if (!irq->msix.enabled) {
		irq->isr |= VIRTIO_PCI_ISR_CONFIG;
		virtio_irq_update_pin(irq);
	} else if (vector < irq->count && irq->vectors[vector].eventfd >= 0) {
		irq_vector_raise(&irq->vectors[vector]);
	}
}

void virtio_irq_config_written(struct virtio_irq *irq)
{
	msix_control_write(&irq->msix, pci_get_word(irq->function, irq->cap + PCI_MSIX_FLAGS));
	virtio_irq_update_pin(irq);
}

/* ---- life ---- */

static void virtio_irq_init_config(struct virtio_irq *irq)
{
	struct pci_function *function = irq->function;

	function->config[PCI_INTERRUPT_PIN] = VIRTIO_PIN;
	irq->cap = pci_add_capability(function, PCI_CAP_ID_MSIX, PCI_CAP_MSIX_SIZEOF);
	/* The low bits are the number of the BAR: 0. */
	pci_set_long(function, irq->cap + PCI_MSIX_TABLE, VIRTIO_PCI_MSIX_TABLE);
	pci_set_long(function, irq->cap + PCI_MSIX_PBA, VIRTIO_PCI_MSIX_PBA);
	function->writable[irq->cap + PCI_MSIX_FLAGS + 1] =
		(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL) >> 8;
}

int virtio_irq_init(struct virtio_irq *irq, struct vm *vm, struct pci_function *function,
		    unsigned int count, void (*switched)(void *owner), void *owner)
{
	int ret;

	*irq = (struct virtio_irq){
		.vm = vm, .function = function, .count = count, .switched = switched, .owner = owner
	};
	for (unsigned int vector = 0; vector < VIRTIO_VECTORS_MAX; vector++)
		irq_vector_setup(&irq->vectors[vector], &irq->group);
	virtio_irq_init_config(irq);
	irq->pin =
		(struct loop_source){ eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), virtio_irq_pin_ready,
				      irq, function->name, "interrupts of its pin" };
	if (irq->pin.fd < 0)
		return log_errno(function->name, -errno, "eventfd");
	ret = msix_init(&irq->msix, count, &virtio_irq_msix_ops, irq);
	if (ret < 0)
		return log_errno(function->name, ret, "allocate its MSI-X table");
	return loop_add(&vm->loop, &irq->pin);
}

void virtio_irq_wire(struct virtio_irq *irq)
{
	irq->line.gsi = pci_host_intx_gsi(irq->function, VIRTIO_PIN);
	irq->group = (struct irq_vector_group){
		.router = &irq->vm->irq,
		.loop = &irq->vm->loop,
		.lock = &irq->function->bus->lock,
		.name = irq->function->name,
	};
}

void virtio_irq_reset(struct virtio_irq *irq)
{
	pci_set_word(irq->function, irq->cap + PCI_MSIX_FLAGS, (uint16_t)(irq->count - 1));
	msix_reset(&irq->msix);
	irq->isr = 0;
	virtio_irq_update_pin(irq);
}

void virtio_irq_destroy(struct virtio_irq *irq)
{
	for (unsigned int vector = 0; vector < irq->count; vector++)
		irq_vector_destroy(&irq->vectors[vector]);
	if (irq->pin.fd >= 0) {
		loop_del(&irq->vm->loop, &irq->pin);
		close(irq->pin.fd);
	}
	msix_destroy(&irq->msix);
}
