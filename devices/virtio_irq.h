/* SPDX-License-Identifier: MIT */
/*
 * The interrupts of a virtio device on PCI: MSI-X, or the pin.
 *
 * With MSI-X each vector is an eventfd that is plugged into KVM, so that a write to it interrupts
 * the guest. Without MSI-X, all queues share one eventfd of the main loop, which sets a bit in the
 * ISR status register and raises the pin until the driver reads that register.
 *
 * Owns the MSI-X table, the vectors, the pin and the ISR status. virtio_registers.h knows which
 * vector a queue has. All functions are called with the lock of the PCI host bridge held, except
 * those that make and destroy.
 *
 * Read beside it: VIRTIO 1.1, 4.1.4.5 (ISR status) and 4.1.5.1.2 (MSI-X).
 */
#ifndef MINIVMM_VIRTIO_IRQ_H
#define MINIVMM_VIRTIO_IRQ_H

#include "irq_vector.h"
#include "msix.h"
#include "pci_host.h"
#include "virtio.h"

#define VIRTIO_VECTORS_MAX (VIRTIO_QUEUES_MAX + 1)

/* Layout of BAR 0, as far as it is about interrupts. */
#define VIRTIO_PCI_MSIX_TABLE 0x2000u
#define VIRTIO_PCI_MSIX_PBA   0x3000u

struct virtio_irq {
	struct vm *vm;
	struct pci_function *function;
	/* MSI-X was switched on or off, so the eventfds have changed */
	void (*switched)(void *owner);
	void *owner;
	struct msix msix;
	unsigned int cap; /* offset of the MSI-X capability */
	unsigned int count;
	struct irq_vector_group group;
	struct irq_vector vectors[VIRTIO_VECTORS_MAX]; /* exist while MSI-X is on */
	struct irq_line line;
	uint8_t isr;
	struct loop_source pin; /* its file is the eventfd of all queues while MSI-X is off */
};

/*
 * Give `function` an MSI-X capability of `count` vectors. 0 or -errno, logged; virtio_irq_destroy()
 * after either.
 */
int virtio_irq_init(struct virtio_irq *irq, struct vm *vm, struct pci_function *function,
		    unsigned int count, void (*switched)(void *owner), void *owner);

/* Connect the pin, once the function has its place on the bus. */
void virtio_irq_wire(struct virtio_irq *irq);

/* As after power-on. */
void virtio_irq_reset(struct virtio_irq *irq);
void virtio_irq_destroy(struct virtio_irq *irq);

/* The guest wrote to configuration space: MSI-X or the pin may have been switched. */
void virtio_irq_config_written(struct virtio_irq *irq);

/* The eventfd for a queue with this vector, which need not exist; -1: none. */
int virtio_irq_find_call(const struct virtio_irq *irq, uint16_t vector);

/* The device's state changed: tell the driver, which chose this vector for it. */
void virtio_irq_raise_config(struct virtio_irq *irq, uint16_t vector);

/* The ISR status register; reading it is how a driver acknowledges the pin. */
uint8_t virtio_irq_read_isr(struct virtio_irq *irq);

#endif
