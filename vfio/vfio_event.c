/* SPDX-License-Identifier: MIT */
#include "vfio_event.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vfio_irq.h"
#include "vmm/trace/log.h"

static void event_ready(void *owner, uint32_t events)
{
	struct vfio_event *event = owner;

	(void)events;
	if (!loop_take_event(event->source.fd))
		return;
	if (event->carer.told && event->carer.told(event->carer.owner)) {
		log_info(event->device->name, "%s: %s", event->cause, event->carer.done);
		return;
	}
	if (event->cause)
		log_error(event->device->name, "%s: the guest is stopped", event->cause);
	vm_post(event->vm, VM_EVENT_DEVICE_LOST);
}

static int event_set(struct vfio_event *event, unsigned int count, const int *fd)
{
	return vfio_irq_set(event->device, event->index, VFIO_IRQ_SET_ACTION_TRIGGER, 0, count, fd);
}

int vfio_event_init(struct vfio_event *event, struct vfio_device *device, struct vm *vm,
		    uint32_t index, const char *cause)
{
	struct vfio_irq irq;
	int ret;

	*event = (struct vfio_event){ .device = device,
				      .vm = vm,
				      .index = index,
				      .cause = cause,
				      .source = { -1, event_ready, event, device->name,
						  "notifications of the host" },
				      .carer = event->carer };
	ret = vfio_irq_find(device, index, &irq);
	if (ret < 0 || irq.count == 0)
		return ret;
	event->source.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event->source.fd < 0)
		return log_errno(device->name, -errno, "eventfd");
	ret = event_set(event, 1, &event->source.fd);
	if (ret < 0)
		log_errno(device->name, ret, "VFIO_DEVICE_SET_IRQS, notification %u", index);
	return ret < 0 ? ret : loop_add(&vm->loop, &event->source);
}

void vfio_event_destroy(struct vfio_event *event)
{
	if (event->source.fd < 0)
		return;
	event_set(event, 0, NULL);
	loop_del(&event->vm->loop, &event->source);
	close(event->source.fd);
	event->source.fd = -1;
}
