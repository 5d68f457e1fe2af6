/* SPDX-License-Identifier: MIT */
/*
 * What the guest does to a function's interrupts, done to the host.
 *
 * Owns which kind is on: the pin, MSI or MSI-X. It leads from the guest's state machines
 * (devices/msi.c, vfio_msix.c) to the host's vectors (vfio_vectors.c) and pin (vfio_intx.c). A
 * guest switches among the three in any order; the pin is what it has when the others are off. A
 * guest that enables both MSI and MSI-X, which it must not, gets MSI-X, as long as it is on.
 *
 * Any vCPU may call, and the main loop: one lock of its own guards all of it.
 *
 * Read beside it: PCI Local Bus 3.0, 6.8; VFIO_DEVICE_SET_IRQS in linux/vfio.h.
 */
#ifndef MINIVMM_VFIO_INTERRUPTS_H
#define MINIVMM_VFIO_INTERRUPTS_H

#include <pthread.h>
#include <stdbool.h>

#include "devices/msi.h"
#include "vfio_intx.h"
#include "vfio_msix.h"
#include "vfio_vectors.h"
#include "vmm/core/vm.h"

/* What the device interrupts by. VFIO allows one at a time. */
enum vfio_irq_kind {
	VFIO_IRQ_NONE,
	VFIO_IRQ_PIN,
	VFIO_IRQ_MSI,
	VFIO_IRQ_MSIX,
};

struct vfio_interrupts {
	struct pci_function *function;
	pthread_mutex_t lock;
	enum vfio_irq_kind kind;
	bool powered; /* between power-on and reset */
	struct vfio_msix msix;
	struct msi msi;
	struct vfio_vectors msi_vectors;
	struct vfio_intx intx;
	bool has_intx;
};

/*
 * Learn from the guest's configuration space and from VFIO what there is; all is off. With `relay`
 * every interrupt goes through the main loop. After vfio_config_init() and before the BARs are cut.
 * 0 or -errno, logged; vfio_interrupts_destroy() is due either way.
 */
int vfio_interrupts_init(struct vfio_interrupts *interrupts, struct vfio_device *device,
			 struct pci_function *function, struct vm *vm, bool relay);

/* All off, all given back. Accepts a half-built or zeroed one. */
void vfio_interrupts_destroy(struct vfio_interrupts *interrupts);

/* The function is powered on, and on the bus: wire the pin. 0 or -errno, logged. */
int vfio_interrupts_power_on(struct vfio_interrupts *interrupts);

/* All off, and what the guest wrote forgotten: as before power-on. vCPUs may run. */
void vfio_interrupts_reset(struct vfio_interrupts *interrupts);

/* Around the guest's accesses to configuration space: before a read, after a write. */
void vfio_interrupts_config_reading(struct vfio_interrupts *interrupts, unsigned int offset,
				    unsigned int size);
void vfio_interrupts_config_written(struct vfio_interrupts *interrupts, unsigned int offset,
				    unsigned int size);

#endif
