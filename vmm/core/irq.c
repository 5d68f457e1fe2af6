/* SPDX-License-Identifier: MIT */
#include "irq.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "arch.h"
#include "kvm_calls.h"
#include "vmm/trace/log.h"

#define GSI_FREE 0u
/* taken, but without a route; other values are the index of its entry plus one */
#define GSI_TAKEN UINT32_MAX

int irq_router_init(struct irq_router *router, int vm_fd, uint32_t gsi_max)
{
	*router = (struct irq_router){ .vm_fd = vm_fd, .gsi_max = gsi_max };
	pthread_mutex_init(&router->lock, NULL);
	router->capacity = ARCH_IRQ_ROUTES_MAX + 16;
	router->gsi_lowest = IRQ_LINES_MAX;
	router->gsi_entry = calloc(gsi_max, sizeof(*router->gsi_entry));
	router->table = calloc(1, sizeof(*router->table) +
					  router->capacity * sizeof(router->table->entries[0]));
	if (!router->table || !router->gsi_entry)
		return log_errno("interrupt routing", -ENOMEM, "allocate");
	router->table->nr = arch_irq_routes(router->table->entries);
	return 0;
}

void irq_router_destroy(struct irq_router *router)
{
	if (!router->gsi_max)
		return;
	free(router->table);
	free(router->gsi_entry);
	pthread_mutex_destroy(&router->lock);
	*router = (struct irq_router){ .vm_fd = -1 };
}

/* ---- GSIs and their routes ---- */

/* A vector without a route of its own still works, see devices/irq_vector.h. */
static void irq_say_full(struct irq_router *router)
{
	if (!router->full_said)
		log_warn("interrupt routing",
			 "all %u routes of KVM are in use: further vectors go through minivmm's "
			 "main loop, which is slower",
			 router->gsi_max);
	router->full_said = true;
}

uint32_t irq_alloc_gsi(struct irq_router *router)
{
	uint32_t gsi;

	pthread_mutex_lock(&router->lock);
	for (gsi = router->gsi_lowest; gsi < router->gsi_max; gsi++)
		if (router->gsi_entry[gsi] == GSI_FREE)
			break;
	router->gsi_lowest = gsi;
	if (gsi < router->gsi_max)
		router->gsi_entry[gsi] = GSI_TAKEN;
	else
		irq_say_full(router);
	pthread_mutex_unlock(&router->lock);
	return gsi < router->gsi_max ? gsi : 0;
}

/* The last entry takes the place of the one that is removed. */
static void irq_drop_route(struct irq_router *router, uint32_t place)
{
	struct kvm_irq_routing_entry *last = &router->table->entries[--router->table->nr];

	if (place < router->table->nr) {
		router->table->entries[place] = *last;
		router->gsi_entry[last->gsi] = place + 1;
	}
	router->dirty = true;
}

void irq_free_gsi(struct irq_router *router, uint32_t gsi)
{
	if (!gsi)
		return;
	pthread_mutex_lock(&router->lock);
	if (router->gsi_entry[gsi] != GSI_TAKEN)
		irq_drop_route(router, router->gsi_entry[gsi] - 1);
	router->gsi_entry[gsi] = GSI_FREE;
	if (gsi < router->gsi_lowest)
		router->gsi_lowest = gsi;
	pthread_mutex_unlock(&router->lock);
}

static struct kvm_irq_routing_entry *irq_append_route(struct irq_router *router, uint32_t gsi)
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
	router->gsi_entry[gsi] = ++router->table->nr;
	memset(&router->table->entries[router->table->nr - 1], 0, sizeof(grown->entries[0]));
	return &router->table->entries[router->table->nr - 1];
}

/* The GSI's entry. If it has none, a new entry without a GSI; NULL if KVM takes no more entries. */
static struct kvm_irq_routing_entry *irq_find_route(struct irq_router *router, uint32_t gsi)
{
	uint32_t place = router->gsi_entry[gsi];

	return place == GSI_TAKEN ? irq_append_route(router, gsi)
				  : &router->table->entries[place - 1];
}

static struct kvm_irq_routing_entry irq_message_route(uint32_t gsi,
						      const struct irq_message *message)
{
	struct kvm_irq_routing_entry route = {
		.gsi = gsi,
		.type = KVM_IRQ_ROUTING_MSI,
		.u.msi.address_lo = (uint32_t)message->address,
		.u.msi.address_hi = (uint32_t)(message->address >> 32),
		.u.msi.data = message->data,
	};

	arch_irq_msi_route(&route, message->devid);
	return route;
}

/* A GSI keeps its sender as long as it has a route. */
static bool irq_same_route(const struct kvm_irq_routing_entry *a,
			   const struct kvm_irq_routing_entry *b)
{
	return a->gsi == b->gsi && a->u.msi.address_lo == b->u.msi.address_lo &&
	       a->u.msi.address_hi == b->u.msi.address_hi && a->u.msi.data == b->u.msi.data;
}

int irq_set_route(struct irq_router *router, uint32_t gsi, const struct irq_message *message)
{
	struct kvm_irq_routing_entry *entry, route = irq_message_route(gsi, message);

	pthread_mutex_lock(&router->lock);
	entry = irq_find_route(router, gsi);
	if (!entry) {
		irq_say_full(router);
	} else if (!irq_same_route(entry, &route)) {
		*entry = route;
		router->dirty = true;
	}
	pthread_mutex_unlock(&router->lock);
	return entry ? 0 : -ENOSPC;
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

/* ---- irqfds ---- */

/* `resample` is the second eventfd of a level interrupt, which `flags` then asks for. */
static int irq_wire(struct irq_router *router, uint32_t gsi, int fd, int resample, uint32_t flags)
{
	struct kvm_irqfd irqfd = {
		.fd = (uint32_t)fd,
		.gsi = gsi,
		.flags = flags,
		.resamplefd = (uint32_t)resample,
	};

	return trace_ioctl(router->vm_fd, KVM_IRQFD, &irqfd);
}

int irq_plug(struct irq_router *router, uint32_t gsi, int fd)
{
	return irq_wire(router, gsi, fd, -1, 0);
}

int irq_unplug(struct irq_router *router, uint32_t gsi, int fd)
{
	return irq_wire(router, gsi, fd, -1, KVM_IRQFD_FLAG_DEASSIGN);
}

void irq_send_message(struct irq_router *router, const struct irq_message *message)
{
	struct kvm_irq_routing_entry route = irq_message_route(0, message);
	struct kvm_msi msi = {
		.address_lo = route.u.msi.address_lo,
		.address_hi = route.u.msi.address_hi,
		.data = route.u.msi.data,
		.flags = route.flags,
		.devid = route.u.msi.devid,
	};

	trace_ioctl(router->vm_fd, KVM_SIGNAL_MSI, &msi);
}

/* ---- lines ---- */

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
		ret = irq_wire(router, gsi, level->trigger, level->resample,
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
		ret = irq_wire(router, level->gsi, level->trigger, level->resample,
			       KVM_IRQFD_FLAG_DEASSIGN);
	if (ret < 0)
		log_errno("interrupt line", ret, "unplug GSI %u", level->gsi);
	irq_level_close(level);
}
