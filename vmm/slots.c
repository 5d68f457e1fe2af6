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
static int slots_add(struct slots *slots, struct slot **result)
{
	struct slot *slot = &slots->list[slots->count];
	const struct pci_root_port_owner owner = { slot_released, slot };
	struct pci_root_port *port;
	int ret = pci_root_port_add(slots->host, &owner, &port);

	if (ret < 0)
		return ret;
	for (unsigned int window = 0; window < PCI_WINDOWS; window++)
		if (slots->room[window])
			pci_root_port_set_room(port, window, slots->room[window]);
	slot->slots = slots;
	slot->port = port;
	slots->count++;
	*result = slot;
	return 0;
}

int slots_add_spare(struct slots *slots, unsigned int count)
{
	struct slot *slot;
	int ret = 0;

	while (count-- && ret == 0)
		ret = slots_add(slots, &slot);
	return ret;
}

struct slot *slots_find(struct slots *slots, const char *id)
{
	for (unsigned int i = 0; i < slots->count; i++)
		if (slots->list[i].id && strcmp(slots->list[i].id, id) == 0)
			return &slots->list[i];
	return NULL;
}

static struct slot *slots_find_empty(struct slots *slots)
{
	for (unsigned int i = 0; i < slots->count; i++)
		if (slots->list[i].state == SLOT_EMPTY)
			return &slots->list[i];
	return NULL;
}

static int slots_log_full(const struct slots *slots, const char *id)
{
	log_error(id, "no PCIe root port is free: there are %u", slots->count);
	log_fix("minivmm --ports %u ...   # this many ports stay free for devices to be plugged in",
		slots->count + 1);
	return -ENOSPC;
}

int slots_take(struct slots *slots, const char *id, bool running, struct slot **result)
{
	struct slot *slot = slots_find_empty(slots);
	int ret = 0;

	if (slots_find(slots, id))
		return log_errno(id, -EEXIST, "add a second device of this name");
	if (!slot && running)
		return slots_log_full(slots, id);
	if (!slot)
		ret = slots_add(slots, &slot);
	if (ret < 0)
		return ret;
	slot->id = strdup(id);
	if (!slot->id)
		return log_errno(id, -ENOMEM, "allocate");
	slot->state = SLOT_FULL;
	slot->released = false;
	*result = slot;
	return 0;
}

void slot_free(struct slot *slot)
{
	free(slot->id);
	slot->id = NULL;
	slot->state = SLOT_EMPTY;
	slot->released = false;
}
