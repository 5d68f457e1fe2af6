/* SPDX-License-Identifier: MIT */
/*
 * Carries out on the host what the guest does to a function's interrupts.
 *
 * Owns the choice of the kind that is on: the pin, MSI or MSI-X. It connects the guest's state
 * machines (devices/msi.c, vfio_msix.c) with the host's vectors (vfio_vectors.c) and pin
 * (vfio_intx.c). A guest switches among the three in any order, and has the pin when the others are
 * off. A guest that enables both MSI and MSI-X, which it must not do, gets MSI-X while that is on.
 * Any vCPU and the main loop may call these functions; one lock guards everything.
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
 * Find out from the guest's configuration space and from VFIO which kinds there are; all stay off.
 * With `relay` every interrupt goes through the main loop. Must be called after vfio_config_init()
 * and before the BARs are cut. 0 or -errno, logged; call vfio_interrupts_destroy() in either case.
 */
int vfio_interrupts_init(struct vfio_interrupts *interrupts, struct vfio_device *device,
			 struct pci_function *function, struct vm *vm, bool relay);

/* Switch all interrupts off and free everything. Accepts a half-built or zeroed one. */
void vfio_interrupts_destroy(struct vfio_interrupts *interrupts);

/* Connect the pin when the function is powered on and on the bus. 0 or -errno, logged. */
int vfio_interrupts_power_on(struct vfio_interrupts *interrupts);

/* Switch all interrupts off and forget what the guest wrote, as before power-on. vCPUs may run. */
void vfio_interrupts_reset(struct vfio_interrupts *interrupts);

/* To be called before the guest reads configuration space, and after it wrote. */
void vfio_interrupts_config_reading(struct vfio_interrupts *interrupts, unsigned int offset,
				    unsigned int size);
void vfio_interrupts_config_written(struct vfio_interrupts *interrupts, unsigned int offset,
				    unsigned int size);

#endif
