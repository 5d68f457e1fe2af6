/* SPDX-License-Identifier: MIT */
#include "slots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vmm/trace/log.h"

void slots_init(struct slots *slots)
{
	*slots = (struct slots){ .event = -1 };
}

int slots_open(struct slots *slots, struct pci_host *host)
{
	slots->host = host;
	slots->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return slots->event < 0 ? log_errno("root ports", -errno, "eventfd") : 0;
}

void slots_destroy(struct slots *slots)
{
	for (unsigned int i = 0; i < slots->count; i++)
		slot_free(&slots->list[i]);
	if (slots->event >= 0)
		close(slots->event);
	slots_init(slots);
}

static void slot_released(void *owner)
{
	struct slot *slot = owner;

	slot->released = true;
	eventfd_write(slot->slots->event, 1);
}

/* There cannot be more slots than buses, because pci_root_port_add() refuses then. */
static int slots_add(struct slots *slots, const struct pci_root_port_options *options,
		     struct slot **result)
{
	struct slot *slot = &slots->list[slots->count];
	const struct pci_root_port_owner owner = { slot_released, slot };
	int ret = pci_root_port_add(slots->host, options, &owner, &slot->port);

	if (ret < 0)
		return ret;
	slot->slots = slots;
	slot->name = options->name;
	slot->fixed = options->fixed;
	slots->count++;
	*result = slot;
	return 0;
}

/* Where neither of the two says a size, the port's own stays. */
static void slots_set_room(struct slot *slot, const uint64_t *room, const uint64_t *otherwise)
{
	for (unsigned int window = 0; window < PCI_WINDOWS; window++) {
		uint64_t size = room[window] ? room[window] : otherwise[window];

		if (size)
			pci_root_port_set_room(slot->port, window, size);
	}
}

static int slots_add_usual(struct slots *slots, struct slot **result)
{
	const struct pci_root_port_options usual = { .name = NULL };
	int ret = slots_add(slots, &usual, result);

	if (ret == 0)
		slots_set_room(*result, slots->room, slots->room);
	return ret;
}

int slots_add_port(struct slots *slots, const struct options_port *port)
{
	const struct pci_root_port_options options = {
		.name = port->id,
		.has_devfn = port->has_devfn,
		.devfn = port->devfn,
		.fixed = port->fixed,
	};
	struct slot *slot;
	int ret = slots_add(slots, &options, &slot);

	if (ret == 0)
		slots_set_room(slot, port->room, slots->room);
	return ret;
}

int slots_add_spare(struct slots *slots, unsigned int count)
{
	struct slot *slot;
	int ret = 0;

	while (count-- && ret == 0)
		ret = slots_add_usual(slots, &slot);
	return ret;
}

struct slot *slots_find(struct slots *slots, const char *id)
{
	for (unsigned int i = 0; i < slots->count; i++)
		if (slots->list[i].id && strcmp(slots->list[i].id, id) == 0)
			return &slots->list[i];
	return NULL;
}

struct slot *slots_find_port(struct slots *slots, const char *name)
{
	for (unsigned int i = 0; i < slots->count; i++)
		if (slots->list[i].name && strcmp(slots->list[i].name, name) == 0)
			return &slots->list[i];
	return NULL;
}

/* A port with a name may be asked for by it, so one without goes first. */
static struct slot *slots_find_empty(struct slots *slots)
{
	struct slot *named = NULL;

	for (unsigned int i = 0; i < slots->count; i++) {
		struct slot *slot = &slots->list[i];

		if (slot->state != SLOT_EMPTY || slot->fixed)
			continue;
		if (!slot->name)
			return slot;
		if (!named)
			named = slot;
	}
	return named;
}

static int slots_log_full(const struct slots *slots, const char *id)
{
	log_error(id, "no PCIe root port is free: there are %u", slots->count);
	log_fix("minivmm --ports %u ...   # this many ports stay free for devices to be plugged in",
		slots->count + 1);
	return -ENOSPC;
}

/* The port that a device names. */
static int slots_choose(struct slots *slots, const struct slot_wish *wish, struct slot **slot)
{
	*slot = slots_find_port(slots, wish->bus);
	if (!*slot) {
		log_error(wish->id, "bus=%s: no root port has this id", wish->bus);
		log_fix("minivmm -device pcie-root-port,id=%s ...", wish->bus);
		return -EINVAL;
	}
	if (wish->running && (*slot)->fixed) {
		log_error(wish->id, "bus=%s: the port has hotplug=off", wish->bus);
		return -EINVAL;
	}
	if ((*slot)->state == SLOT_EMPTY ||
	    ((*slot)->state == SLOT_FILLING && !(*slot)->port->bridge.below[wish->function]))
		return 0;
	log_error(wish->id, "bus=%s: the port has a device already: %s", wish->bus, (*slot)->id);
	return -EBUSY;
}

static int slots_choose_any(struct slots *slots, const struct slot_wish *wish, struct slot **slot)
{
	if (!wish->running)
		return slots_add_usual(slots, slot);
	*slot = slots_find_empty(slots);
	return *slot ? 0 : slots_log_full(slots, wish->id);
}

int slots_take(struct slots *slots, const struct slot_wish *wish, struct slot **result)
{
	struct slot *slot;
	int ret;

	if (slots_find(slots, wish->id))
		return log_errno(wish->id, -EEXIST, "add a second device of this name");
	ret = wish->bus ? slots_choose(slots, wish, &slot) : slots_choose_any(slots, wish, &slot);
	if (ret < 0)
		return ret;
	if (!slot->id)
		slot->id = strdup(wish->id);
	if (!slot->id)
		return log_errno(wish->id, -ENOMEM, "allocate");
	slot->state = wish->function ? SLOT_FILLING : SLOT_FULL;
	slot->released = false;
	*result = slot;
	return 0;
}

void slot_give_back(struct slot *slot)
{
	if (pci_bridge_is_empty(&slot->port->bridge))
		slot_free(slot);
	else
		slot->state = SLOT_FILLING;
}

void slot_free(struct slot *slot)
{
	free(slot->id);
	slot->id = NULL;
	slot->state = SLOT_EMPTY;
	slot->released = false;
}
