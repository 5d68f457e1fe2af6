/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of a vfio-user device: eventfds that are sent to the server with a message.
 *
 * Read beside it: docs/interop/vfio-user.rst of the QEMU project, VFIO_USER_DEVICE_SET_IRQS.
 */
#ifndef MINIVMM_USER_IRQS_H
#define MINIVMM_USER_IRQS_H

#include "vfio/vfio.h"

/* The operations of these names in struct vfio_backend. */
int user_get_irq(struct vfio_device *device, uint32_t index, struct vfio_irq *irq);
int user_set_irqs(struct vfio_device *device, const struct vfio_irq_request *request);

#endif
