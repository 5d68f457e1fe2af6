/* SPDX-License-Identifier: MIT */
/*
 * INTx: the device's pin, level triggered, as a line of the guest's interrupt controller.
 *
 * Owns both directions. The device's interrupt, which the kernel masks at the device when it fires,
 * reaches KVM as an eventfd that raises the line; the guest's end-of-interrupt reaches VFIO as
 * another that KVM writes (resample) and VFIO reads (unmask). minivmm is on neither path. Several
 * devices may share a line: KVM lowers it at the end-of-interrupt and tells all of them, and those
 * that still want attention fire again.
 *
 * The pin can also be relayed: the main loop reads the device's eventfd and writes KVM's, reads
 * KVM's resample and unmasks the device by a call. Only KVM sees the end of an interrupt, and
 * reports it in this way alone, so an irqfd stays between minivmm and KVM. (Driving the line by
 * KVM_IRQ_LINE would leave it high after the end-of-interrupt until the loop has come round, and
 * the guest would take the same interrupt again and again.) If VFIO can mask the pin but does not
 * do so when it fires, the relay must do it and is always used.
 *
 * Read beside it: VFIO_DEVICE_SET_IRQS in linux/vfio.h; KVM_IRQFD_FLAG_RESAMPLE in
 * Documentation/virt/kvm/api.rst; PCI Local Bus 3.0, 2.2.6.
 */
#ifndef MINIVMM_VFIO_INTX_H
#define MINIVMM_VFIO_INTX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "vfio_irq.h"
#include "vmm/core/irq.h"
#include "vmm/core/loop.h"

struct vfio_intx {
	struct vfio_device *device;
	struct irq_router *router;
	uint32_t gsi;
	struct irq_level level; /* KVM's two ends */
	bool enabled;

	bool maskable, automasked; /* what VFIO supports */
	struct loop *relay;        /* NULL: the kernel does it alone */
	/* guards against vCPUs, which switch the pin, and the loop, which serves it */
	pthread_mutex_t lock;
	struct loop_source fired; /* the device's end */
	struct loop_source acked; /* level.resample */
};

/* The pin is off and on no line. The struct's address must not change. */
void vfio_intx_init(struct vfio_intx *intx, struct vfio_device *device, struct irq_router *router);

/* Disable the pin; the loop must not run. */
void vfio_intx_destroy(struct vfio_intx *intx);

/*
 * Ask VFIO what the device's pin supports, and relay it through `loop` if `relay` is set or if VFIO
 * does not mask the pin when it fires, which logs a warning. 1 if there is a pin, 0 if there is
 * none, or -errno, logged.
 */
int vfio_intx_probe(struct vfio_intx *intx, struct loop *loop, bool relay);

/*
 * Connect the pin to intx->gsi, and disconnect it. MSI and MSI-X must be off. 0 or -errno, logged.
 * Both are idempotent.
 */
int vfio_intx_enable(struct vfio_intx *intx);
void vfio_intx_disable(struct vfio_intx *intx);

#endif
