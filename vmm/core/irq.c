/* SPDX-License-Identifier: MIT */
#include "irq.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "arch.h"
#include "kvm_calls.h"
#include "vmm/trace/log.h"

int irq_router_init(struct irq_router *router, int vm_fd, uint32_t gsi_max)
{
	*router = (struct irq_router){ .vm_fd = vm_fd, .gsi_max = gsi_max };
	pthread_mutex_init(&router->lock, NULL);
	router->capacity = ARCH_IRQ_ROUTES_MAX + 16;
	router->gsi_used = calloc(gsi_max, 1);
	router->table = calloc(1, sizeof(*router->table) +
					  router->capacity * sizeof(router->table->entries[0]));
	if (!router->table || !router->gsi_used)
		return log_errno("interrupt routing", -ENOMEM, "allocate");
	router->table->nr = arch_irq_routes(router->table->entries);
	for (uint32_t gsi = 0; gsi < IRQ_LINES_MAX && gsi < gsi_max; gsi++)
		router->gsi_used[gsi] = 1;
	return 0;
}

void irq_router_destroy(struct irq_router *router)
{
	if (!router->gsi_max)
		return;
	free(router->table);
	free(router->gsi_used);
	pthread_mutex_destroy(&router->lock);
	*router = (struct irq_router){ .vm_fd = -1 };
}

static int irq_alloc_gsi(struct irq_router *router)
{
	for (uint32_t gsi = IRQ_LINES_MAX; gsi < router->gsi_max; gsi++)
		if (!router->gsi_used[gsi]) {
			router->gsi_used[gsi] = 1;
			return (int)gsi;
		}
	return -ENOSPC;
}

int irq_msi_init(struct irq_router *router, struct irq_msi *msi, uint32_t devid)
{
	int gsi;

	pthread_mutex_lock(&router->lock);
	*msi = (struct irq_msi){ .eventfd = -1, .devid = devid };
	gsi = irq_alloc_gsi(router);
	pthread_mutex_unlock(&router->lock);
	if (gsi < 0)
		return gsi;
	msi->gsi = (uint32_t)gsi;
	msi->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (msi->eventfd < 0) {
		int err = -errno;

		irq_msi_destroy(router, msi);
		return err;
	}
	return 0;
}

static struct kvm_irq_routing_entry *irq_find_route(struct irq_router *router, uint32_t gsi)
{
	for (uint32_t i = router->table->nr; i--;)
		if (router->table->entries[i].gsi == gsi)
			return &router->table->entries[i];
	return NULL;
}

void irq_msi_destroy(struct irq_router *router, struct irq_msi *msi)
{
	struct kvm_irq_routing_entry *route;

	if (!msi->gsi)
		return;
	irq_msi_mask(router, msi);
	pthread_mutex_lock(&router->lock);
	route = irq_find_route(router, msi->gsi);
	if (route) {
		*route = router->table->entries[--router->table->nr];
		router->dirty = true;
	}
	router->gsi_used[msi->gsi] = 0;
	if (msi->eventfd >= 0)
		close(msi->eventfd);
	*msi = (struct irq_msi){ .eventfd = -1 };
	pthread_mutex_unlock(&router->lock);
}

static struct kvm_irq_routing_entry *irq_append_route(struct irq_router *router)
{
	uint32_t capacity = router->capacity * 2;
	struct kvm_irq_routing *grown;

	if (router->table->nr >= router->gsi_max)
		return NULL; /* as many routes as KVM takes */
	if (router->table->nr == router->capacity) {
		grown = realloc(router->table,
				sizeof(*grown) + capacity * sizeof(grown->entries[0]));
		if (!grown)
			return NULL;
		router->table = grown;
		router->capacity = capacity;
	}
	return &router->table->entries[router->table->nr++];
}

static struct kvm_irq_routing_entry irq_msi_route(const struct irq_msi *msi)
{
	struct kvm_irq_routing_entry route = {
		.gsi = msi->gsi,
		.type = KVM_IRQ_ROUTING_MSI,
		.u.msi.address_lo = (uint32_t)msi->address,
		.u.msi.address_hi = (uint32_t)(msi->address >> 32),
		.u.msi.data = msi->data,
	};

	arch_irq_msi_route(&route, msi->devid);
	return route;
}

/* The vector's entry in the table, new if it has none; -ENOSPC when KVM takes no more. */
static int irq_update_route(struct irq_router *router, const struct irq_msi *msi)
{
	struct kvm_irq_routing_entry *route = irq_find_route(router, msi->gsi);

	if (!route)
		route = irq_append_route(router);
	if (!route)
		return log_errno("interrupt routing", -ENOSPC, "a route for GSI %u", msi->gsi);
	*route = irq_msi_route(msi);
	router->dirty = true;
	return 0;
}

int irq_msi_set_message(struct irq_router *router, struct irq_msi *msi, uint64_t address,
			uint32_t data)
{
	int ret = 0;

	pthread_mutex_lock(&router->lock);
	if (!msi->routed || msi->address != address || msi->data != data) {
		msi->address = address;
		msi->data = data;
		if (!msi->relay)
			ret = irq_update_route(router, msi);
		msi->routed = ret == 0;
	}
	pthread_mutex_unlock(&router->lock);
	return ret;
}

bool irq_msi_has_route(const struct irq_msi *msi)
{
	return msi->routed;
}

int irq_commit(struct irq_router *router)
{
	int ret = 0;

	pthread_mutex_lock(&router->lock);
	if (router->dirty)
		ret = trace_ioctl(router->vm_fd, KVM_SET_GSI_ROUTING, router->table);
	if (ret < 0)
		log_errno("interrupt routing", ret, "KVM_SET_GSI_ROUTING");
	else
		router->dirty = false;
	pthread_mutex_unlock(&router->lock);
	return ret;
}

/* `resample` is the second eventfd of a level interrupt, which `flags` then asks for. */
static int irq_plug(struct irq_router *router, uint32_t gsi, int fd, int resample, uint32_t flags)
{
	struct kvm_irqfd irqfd = {
		.fd = (uint32_t)fd,
		.gsi = gsi,
		.flags = flags,
		.resamplefd = (uint32_t)resample,
	};

	return trace_ioctl(router->vm_fd, KVM_IRQFD, &irqfd);
}

/* ---- a vector that the main loop listens to ---- */

/*
 * Called by the loop, perhaps just after another thread has masked or destroyed the vector: what
 * holds is known under the lock alone. A message that no interrupt controller takes is lost, as it
 * is on a bus.
 */
static void irq_relay_ready(void *owner, uint32_t events)
{
	struct irq_relay *relay = owner;
	struct irq_router *router = relay->router;
	struct irq_msi *msi = relay->msi;
	uint64_t begin = trace_irq_begin();

	(void)events;
	pthread_mutex_lock(&router->lock);
	if (msi->unmasked && loop_take_event(msi->eventfd) && trace_irq_arrives()) {
		struct kvm_irq_routing_entry route = irq_msi_route(msi);
		struct kvm_msi message = {
			.address_lo = route.u.msi.address_lo,
			.address_hi = route.u.msi.address_hi,
			.data = route.u.msi.data,
			.flags = route.flags,
			.devid = route.u.msi.devid,
		};

		trace_ioctl(router->vm_fd, KVM_SIGNAL_MSI, &message);
		trace_irq_end(begin);
	}
	pthread_mutex_unlock(&router->lock);
}

void irq_relay_init(struct irq_relay *relay, struct irq_router *router, struct loop *loop,
		    struct irq_msi *msi)
{
	*relay = (struct irq_relay){ router, loop, msi, { -1, irq_relay_ready, relay } };
}

void irq_msi_set_relay(struct irq_msi *msi, struct irq_relay *relay)
{
	msi->relay = relay;
}

static void irq_relay_listen(struct irq_msi *msi, bool listen)
{
	pthread_mutex_lock(&msi->relay->router->lock);
	msi->unmasked = listen;
	pthread_mutex_unlock(&msi->relay->router->lock);
}

static int irq_relay_start(struct irq_msi *msi)
{
	int ret;

	irq_relay_listen(msi, true);
	msi->relay->source.fd = msi->eventfd;
	ret = loop_add(msi->relay->loop, &msi->relay->source);
	if (ret < 0)
		irq_relay_listen(msi, false);
	return ret;
}

static void irq_relay_stop(struct irq_msi *msi)
{
	loop_del(msi->relay->loop, &msi->relay->source);
	irq_relay_listen(msi, false);
}

/* ---- masking ---- */

int irq_msi_unmask(struct irq_router *router, struct irq_msi *msi)
{
	int ret;

	if (msi->unmasked)
		return 0;
	if (msi->relay)
		return irq_relay_start(msi);
	ret = irq_plug(router, msi->gsi, msi->eventfd, -1, 0);
	if (ret < 0)
		return log_errno("interrupt vector", ret, "KVM_IRQFD for GSI %u", msi->gsi);
	msi->unmasked = true;
	return 0;
}

void irq_msi_mask(struct irq_router *router, struct irq_msi *msi)
{
	int ret;

	if (!msi->unmasked)
		return;
	if (msi->relay) {
		irq_relay_stop(msi);
		return;
	}
	ret = irq_plug(router, msi->gsi, msi->eventfd, -1, KVM_IRQFD_FLAG_DEASSIGN);
	if (ret < 0)
		log_errno("interrupt vector", ret, "unplug GSI %u", msi->gsi);
	msi->unmasked = ret < 0; /* else plugging it again would fail, and again */
}

/* While the irqfd is plugged KVM empties the eventfd; what is left in it came behind the mask. */
bool irq_msi_pending(const struct irq_msi *msi)
{
	struct pollfd event = { .fd = msi->eventfd, .events = POLLIN };

	return msi->eventfd >= 0 && poll(&event, 1, 0) == 1;
}

void irq_line_set(struct irq_router *router, struct irq_line *line, bool level)
{
	pthread_mutex_lock(&router->lock);
	if (line->level != level && line->gsi < IRQ_LINES_MAX) {
		uint8_t *holders = &router->line_level[line->gsi];
		struct kvm_irq_level pin = { .irq = arch_irq_pin(line->gsi) };

		*holders = level ? *holders + 1 : *holders - 1;
		line->level = level;
		pin.level = *holders != 0;
		trace_ioctl(router->vm_fd, KVM_IRQ_LINE, &pin);
	}
	pthread_mutex_unlock(&router->lock);
}

static void irq_level_close(struct irq_level *level)
{
	if (level->trigger >= 0)
		close(level->trigger);
	if (level->resample >= 0)
		close(level->resample);
	level->trigger = level->resample = -1;
}

int irq_level_init(struct irq_router *router, struct irq_level *level, uint32_t gsi)
{
	int ret = 0;

	level->gsi = gsi;
	level->trigger = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	level->resample = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (level->trigger < 0 || level->resample < 0)
		ret = log_errno("interrupt line", -errno, "eventfd");
	if (ret == 0) {
		ret = irq_plug(router, gsi, level->trigger, level->resample,
			       KVM_IRQFD_FLAG_RESAMPLE);
		if (ret < 0)
			log_errno("interrupt line", ret, "KVM_IRQFD with resample for GSI %u", gsi);
	}
	if (ret < 0)
		irq_level_close(level);
	return ret;
}

void irq_level_destroy(struct irq_router *router, struct irq_level *level)
{
	int ret = 0;

	if (level->trigger >= 0)
		ret = irq_plug(router, level->gsi, level->trigger, level->resample,
			       KVM_IRQFD_FLAG_DEASSIGN);
	if (ret < 0)
		log_errno("interrupt line", ret, "unplug GSI %u", level->gsi);
	irq_level_close(level);
}
