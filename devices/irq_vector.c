/* SPDX-License-Identifier: MIT */
/*
 * Why no interrupt is lost. The eventfd's counter holds an interrupt until exactly one taker resets
 * it, and at each moment one taker exists, or the vector is masked and the counter holds it:
 *
 * - Masking on KVM's way: KVM_IRQFD_FLAG_DEASSIGN returns when the irqfd is off the eventfd's queue
 *   and what it had taken is with the interrupt controller. That was signalled before the mask and
 *   is delivered, as a message that has left the device is. What is signalled later stays in the
 *   counter, and epoll, being level-triggered, tells of it however late the loop begins to listen.
 * - On the loop's way the loop takes the counter and looks at `live` under the device's lock, which
 *   a vCPU holds that masks or unmasks. So the interrupt is either sent before the mask, or noted
 *   as pending and sent by the unmask; an unmask comes before the loop looks, or behind it.
 * - Returning to KVM's way is done by the loop after it took the counter. KVM_IRQFD looks at the
 *   counter when it has joined the queue, and injects what came between.
 * - The message that is sent is the one that the guest wrote before the unmask: a route is
 *   committed before its irqfd is plugged, and the loop sends what the vector holds at that moment.
 *
 * While an irqfd is plugged, Linux from 5.11 on wakes it alone. Older kernels wake the loop, too:
 * it then stops listening until the next mask.
 */
#include "irq_vector.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vmm/trace/log.h"
#include "vmm/trace/trace.h"

/* ---- the two ways ---- */

static void vector_send(struct irq_vector *vector)
{
	const struct irq_vector_group *group = vector->group;

	if (!group->relayed || trace_irq_arrives())
		irq_send_message(group->router, &vector->message);
}

static int vector_listen(struct irq_vector *vector)
{
	int ret;

	vector->source.object = vector->group->name;
	ret = vector->listening ? 0 : loop_add(vector->group->loop, &vector->source);
	vector->listening = ret == 0;
	return ret;
}

static void vector_stop_listening(struct irq_vector *vector)
{
	if (vector->listening)
		loop_del(vector->group->loop, &vector->source);
	vector->listening = false;
}

/*
 * True if the GSI has the vector's message as its route. Otherwise only the loop's way is possible.
 */
static bool vector_has_route(struct irq_vector *vector)
{
	struct irq_router *router = vector->group->router;

	if (!vector->gsi)
		vector->gsi = irq_alloc_gsi(router);
	return vector->gsi && irq_set_route(router, vector->gsi, &vector->message) == 0;
}

/* Plug the irqfd, after its route is committed to KVM's table. */
static int vector_plug(struct irq_vector *vector)
{
	struct irq_router *router = vector->group->router;
	int ret = irq_commit(router);

	if (ret < 0)
		return ret;
	ret = irq_plug(router, vector->gsi, vector->eventfd);
	if (ret < 0)
		return log_errno(vector->group->name, ret, "KVM_IRQFD for GSI %u", vector->gsi);
	vector->way = IRQ_WAY_KVM;
	return 0;
}

/* If unplugging fails, the vector stays plugged, because plugging it again would fail each time. */
static int vector_unplug(struct irq_vector *vector)
{
	int ret = irq_unplug(vector->group->router, vector->gsi, vector->eventfd);

	if (ret < 0)
		return log_errno(vector->group->name, ret, "unplug GSI %u", vector->gsi);
	vector->way = IRQ_WAY_LOOP;
	return 0;
}

/* ---- what the loop sees ---- */

static void vector_set_pending(struct irq_vector *vector, bool pending)
{
	struct irq_vector_group *group = vector->group;
	unsigned int before = group->pending_count;

	if (vector->pending == pending)
		return;
	vector->pending = pending;
	group->pending_count = pending ? before + 1 : before - 1;
	if (group->pending && !before != !group->pending_count)
		group->pending(group->owner, pending);
}

/*
 * One interrupt behind the mask counts as much as many, so the loop stops listening after the first
 * one. If KVM refuses the vector, it stays on the loop's way, and KVM is tried again after another
 * mask.
 */
static void vector_arrived(struct irq_vector *vector)
{
	bool patient = ++vector->came != IRQ_VECTOR_PATIENCE;

	if (!vector->live) {
		vector_set_pending(vector, true);
		if (!patient)
			vector_stop_listening(vector);
		return;
	}
	vector_send(vector);
	if (!patient && !vector->group->relayed && vector_has_route(vector))
		vector_plug(vector);
}

/*
 * Another thread may just have masked or destroyed the vector. A vCPU may hold the lock while it
 * waits for a server of devices. The loop must not wait for that, and need not, because epoll
 * reports the eventfd again.
 */
static void vector_ready(void *owner, uint32_t events)
{
	struct irq_vector *vector = owner;
	uint64_t begin = trace_irq_begin();

	(void)events;
	if (pthread_mutex_trylock(vector->group->lock) != 0)
		return;
	if (vector->listening && vector->way == IRQ_WAY_KVM) {
		vector_stop_listening(vector);
	} else if (vector->listening && loop_take_event(vector->eventfd)) {
		vector_arrived(vector);
		trace_irq_end(begin);
	}
	pthread_mutex_unlock(vector->group->lock);
}

/* ---- life ---- */

void irq_vector_setup(struct irq_vector *vector, struct irq_vector_group *group)
{
	*vector = (struct irq_vector){ .group = group,
				       .eventfd = -1,
				       .source = { -1, vector_ready, vector, NULL,
						   "interrupts of a vector" } };
}

int irq_vector_init(struct irq_vector *vector)
{
	vector->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (vector->eventfd < 0)
		return -errno;
	vector->source.fd = vector->eventfd;
	return 0;
}

void irq_vector_disconnect(struct irq_vector *vector)
{
	if (vector->way == IRQ_WAY_KVM && vector_unplug(vector) < 0)
		return;
	vector_stop_listening(vector);
	vector->way = IRQ_WAY_NONE;
	vector->live = false;
}

void irq_vector_destroy(struct irq_vector *vector)
{
	if (vector->eventfd < 0)
		return;
	irq_vector_disconnect(vector);
	vector_set_pending(vector, false);
	irq_free_gsi(vector->group->router, vector->gsi);
	close(vector->eventfd);
	vector->eventfd = -1;
	vector->gsi = 0;
	vector->way = IRQ_WAY_NONE;
	vector->live = vector->has_message = false;
}

/* ---- masking ---- */

void irq_vector_set_message(struct irq_vector *vector, uint64_t address, uint32_t data)
{
	vector->message = (struct irq_message){ address, data, vector->group->devid };
	vector->has_message = true;
	if (vector->way == IRQ_WAY_LOOP || (vector->way == IRQ_WAY_NONE && vector->group->relayed))
		return;
	vector_has_route(vector);
}

/* The way of a vector that has none yet. */
static enum irq_way vector_first_way(struct irq_vector *vector)
{
	return vector->group->relayed || !vector_has_route(vector) ? IRQ_WAY_LOOP : IRQ_WAY_KVM;
}

static int vector_open(struct irq_vector *vector)
{
	if (vector->way == IRQ_WAY_LOOP)
		return vector_listen(vector);
	if (vector_first_way(vector) == IRQ_WAY_KVM)
		return vector_plug(vector);
	vector->way = IRQ_WAY_LOOP;
	return vector_listen(vector);
}

int irq_vector_unmask(struct irq_vector *vector)
{
	int ret;

	if (!vector->has_message)
		return -EINVAL;
	if (vector->live)
		return irq_commit(vector->group->router);
	if (vector->pending) /* interrupts behind the mask count as one */
		loop_take_event(vector->eventfd);
	ret = vector_open(vector);
	if (ret < 0)
		return ret;
	vector->live = true;
	vector->came = 0;
	if (vector->pending) {
		vector_set_pending(vector, false);
		vector_send(vector);
	}
	return 0;
}

/* If the loop cannot listen, which is logged, the eventfd keeps interrupts until it can. */
void irq_vector_mask(struct irq_vector *vector)
{
	if (!vector->live)
		return;
	if (vector->way == IRQ_WAY_KVM) {
		if (vector_unplug(vector) < 0)
			return;
		vector_listen(vector);
	}
	vector->live = false;
	vector->came = 0;
}

bool irq_vector_pending(const struct irq_vector *vector)
{
	struct pollfd event = { .fd = vector->eventfd, .events = POLLIN };

	return vector->eventfd >= 0 && !vector->live &&
	       (vector->pending || poll(&event, 1, 0) == 1);
}

void irq_vector_raise(struct irq_vector *vector)
{
	if (vector->live)
		vector_send(vector);
	else
		vector_set_pending(vector, true);
}
