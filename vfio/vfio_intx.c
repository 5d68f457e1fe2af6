/* SPDX-License-Identifier: MIT */
#include "vfio_intx.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vmm/base/pending_signal.h"
#include "vmm/trace/log.h"
#include "vmm/trace/trace.h"

static int intx_set(struct vfio_intx *intx, uint32_t action, unsigned int count, const int *fd)
{
	return vfio_irq_set(intx->device, VFIO_PCI_INTX_IRQ_INDEX, action, 0, count, fd);
}

/* ---- the relay through the main loop, which may wake just after the pin was switched off ---- */

static void intx_fired(void *owner, uint32_t events)
{
	struct vfio_intx *intx = owner;
	uint64_t begin = trace_irq_begin();

	(void)events;
	pending_lock(&intx->lock);
	if (intx->enabled && loop_take_event(intx->fired.fd) && trace_irq_arrives()) {
		if (!intx->automasked && intx->maskable)
			intx_set(intx, VFIO_IRQ_SET_ACTION_MASK, 1, NULL);
		eventfd_write(intx->level.trigger, 1);
		trace_irq_end(begin);
	}
	pthread_mutex_unlock(&intx->lock);
}

static void intx_acked(void *owner, uint32_t events)
{
	struct vfio_intx *intx = owner;

	(void)events;
	pending_lock(&intx->lock);
	if (intx->enabled && loop_take_event(intx->level.resample) && intx->maskable)
		intx_set(intx, VFIO_IRQ_SET_ACTION_UNMASK, 1, NULL);
	pthread_mutex_unlock(&intx->lock);
}

static int intx_start_relay(struct vfio_intx *intx)
{
	int ret;

	intx->fired.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (intx->fired.fd < 0)
		return log_errno(intx->device->name, -errno, "eventfd");
	intx->acked.fd = intx->level.resample;
	ret = loop_add(intx->relay, &intx->fired);
	return ret < 0 ? ret : loop_add(intx->relay, &intx->acked);
}

static void intx_stop_relay(struct vfio_intx *intx)
{
	if (intx->acked.fd >= 0)
		loop_del(intx->relay, &intx->acked);
	if (intx->fired.fd >= 0) {
		loop_del(intx->relay, &intx->fired);
		close(intx->fired.fd);
	}
	intx->fired.fd = intx->acked.fd = -1;
}

/* ---- life ---- */

void vfio_intx_init(struct vfio_intx *intx, struct vfio_device *device, struct irq_router *router)
{
	*intx = (struct vfio_intx){
		.device = device,
		.router = router,
		.level = { 0, -1, -1 },
		.fired = { -1, intx_fired, intx, device->name, "interrupts of its pin" },
		.acked = { -1, intx_acked, intx, device->name, "acknowledgements of its pin" },
	};
	pthread_mutex_init(&intx->lock, NULL);
}

void vfio_intx_destroy(struct vfio_intx *intx)
{
	vfio_intx_disable(intx);
	pthread_mutex_destroy(&intx->lock);
}

int vfio_intx_probe(struct vfio_intx *intx, struct loop *loop, bool relay)
{
	struct vfio_irq irq = { 0, 0 };
	int ret = vfio_irq_find(intx->device, VFIO_PCI_INTX_IRQ_INDEX, &irq);

	if (ret < 0 || irq.count == 0)
		return ret;
	intx->maskable = irq.flags & VFIO_IRQ_INFO_MASKABLE;
	intx->automasked = irq.flags & VFIO_IRQ_INFO_AUTOMASKED;
	if (!intx->maskable)
		log_warn(intx->device->name,
			 "VFIO cannot mask its pin: each signal is taken for one interrupt");
	else if (!intx->automasked)
		log_warn(intx->device->name,
			 "VFIO does not mask its pin when it fires: minivmm masks it, so each of "
			 "its interrupts passes through minivmm");
	intx->relay = relay || (intx->maskable && !intx->automasked) ? loop : NULL;
	return 1;
}

/* ---- on and off ---- */

/*
 * VFIO allows unmasking by eventfd only for an INTx that is enabled. An acknowledgement that comes
 * before that waits in the eventfd.
 */
static int intx_request(struct vfio_intx *intx)
{
	int ret = intx_set(intx, VFIO_IRQ_SET_ACTION_TRIGGER, 1,
			   intx->relay ? &intx->fired.fd : &intx->level.trigger);

	if (ret == 0 && !intx->relay && intx->maskable)
		ret = intx_set(intx, VFIO_IRQ_SET_ACTION_UNMASK, 1, &intx->level.resample);
	return ret < 0 ? log_errno(intx->device->name, ret, "VFIO_DEVICE_SET_IRQS, INTx") : 0;
}

/* Connect KVM's end first, so that the first interrupt is not lost. */
int vfio_intx_enable(struct vfio_intx *intx)
{
	int ret;

	if (intx->enabled)
		return 0;
	ret = irq_level_init(intx->router, &intx->level, intx->gsi);
	if (ret < 0)
		return ret;
	pending_lock(&intx->lock);
	intx->enabled = true;
	if (intx->relay)
		ret = intx_start_relay(intx);
	pthread_mutex_unlock(&intx->lock);
	if (ret == 0)
		ret = intx_request(intx);
	if (ret < 0)
		vfio_intx_disable(intx);
	return ret;
}

void vfio_intx_disable(struct vfio_intx *intx)
{
	if (!intx->enabled)
		return;
	intx_set(intx, VFIO_IRQ_SET_ACTION_TRIGGER, 0, NULL);
	pending_lock(&intx->lock);
	intx_stop_relay(intx);
	irq_level_destroy(intx->router, &intx->level);
	intx->enabled = false;
	pthread_mutex_unlock(&intx->lock);
}
