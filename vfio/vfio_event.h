/* SPDX-License-Identifier: MIT */
/*
 * Notifications of the host about a passed-through device: it failed, or the host wants it back.
 *
 * Both end the guest, unless somebody takes care of it: a device that reported an uncorrectable
 * error must not go on writing into memory, and one that the host asks for (unbind, sysfs remove,
 * unplug) holds up the host until it is given back.
 *
 * Read beside it: VFIO_PCI_ERR_IRQ_INDEX and VFIO_PCI_REQ_IRQ_INDEX in linux/vfio.h.
 */
#ifndef MINIVMM_VFIO_EVENT_H
#define MINIVMM_VFIO_EVENT_H

#include "vfio.h"
#include "vmm/core/vm_state.h"

/* Somebody who takes care of an event, so that the guest can run on. */
struct vfio_carer {
	/* False: nothing can be done, and the guest is stopped after all. */
	bool (*told)(void *owner);
	void *owner;
	const char *done; /* what is done about it, for the message */
};

struct vfio_event {
	struct vfio_device *device;
	struct vm *vm;
	uint32_t index;    /* VFIO_PCI_ERR_IRQ_INDEX or VFIO_PCI_REQ_IRQ_INDEX */
	const char *cause; /* what it means, for the message; NULL: that was already logged */
	struct loop_source source;
	struct vfio_carer carer; /* who is told before the machine; all NULL: nobody */
};

/*
 * Post VM_EVENT_DEVICE_LOST when the device signals `index`. 0, also if kernel or device do not
 * offer this notification; or -errno, logged.
 */
int vfio_event_init(struct vfio_event *event, struct vfio_device *device, struct vm *vm,
		    uint32_t index, const char *cause);

/* Accepts one that was never set up, whose source.fd is -1. */
void vfio_event_destroy(struct vfio_event *event);

#endif
