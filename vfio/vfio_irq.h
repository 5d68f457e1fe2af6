/* SPDX-License-Identifier: MIT */
/*
 * The one call that switches interrupts of a device on and off, the question which there are, and
 * what their kinds are called.
 *
 * It is used by vfio_vectors.c (MSI and MSI-X), vfio_intx.c and vfio_event.c, each of which owns
 * its kinds; vfio_interrupts.c decides which of them is on.
 *
 * Read beside it: VFIO_DEVICE_SET_IRQS in linux/vfio.h.
 */
#ifndef MINIVMM_VFIO_IRQ_H
#define MINIVMM_VFIO_IRQ_H

#include "vfio.h"

/*
 * Make VFIO_DEVICE_SET_IRQS with `count` eventfds from vector `start` on. If `fds` is NULL the
 * action is carried out at once; TRIGGER with count 0 switches the kind off. 0, -errno, or the
 * number of vectors that the host could give; not logged.
 */
int vfio_irq_set(struct vfio_device *device, uint32_t index, uint32_t action, unsigned int start,
		 unsigned int count, const int *fds);

/*
 * Ask what the device has of this kind of interrupt. irq->count is 0 if it does not know the kind,
 * which it says by -EINVAL. 0 or -errno, logged.
 */
int vfio_irq_find(struct vfio_device *device, uint32_t index, struct vfio_irq *irq);

/* "MSI-X", "MSI", "INTx", "error" or "request", for messages; `index` is one of these kinds. */
const char *vfio_irq_name(uint32_t index);

#endif
