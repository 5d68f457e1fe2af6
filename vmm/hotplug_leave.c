/* SPDX-License-Identifier: MIT */
#include "hotplug_leave.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "machine_state.h"
#include "vmm/trace/log.h"

#define HOTPLUG_PATIENCE_MS 10000 /* how long a guest may take to let go */
#define HOTPLUG_TICK_MS     10    /* interval between two looks at devices on their way out */

static int64_t hotplug_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* The timer runs while a device is on its way out. */
static void hotplug_set_timer(struct machine *machine, bool on)
{
	const struct timespec tick = { 0, on ? HOTPLUG_TICK_MS * 1000000L : 0 };
	const struct itimerspec setting = { tick, tick };

	timerfd_settime(machine->hotplug.timer.fd, 0, &setting, NULL);
}

/* Note which vCPUs may have been in a handler of the device when it left the bus. */
static void hotplug_mark_exits(struct machine *machine, struct hotplug_leaving *leaving)
{
	const struct vm *vm = &machine->vm;

	for (unsigned int i = 0; i < vm->cpus; i++)
		leaving->marks[i] = vm->vcpus ? vm->vcpus[i].handling : 0;
}

static bool hotplug_exits_are_over(struct machine *machine, const struct hotplug_leaving *leaving)
{
	const struct vm *vm = &machine->vm;

	for (unsigned int i = 0; vm->vcpus && i < vm->cpus; i++)
		if (!vcpu_exit_is_over(&vm->vcpus[i], leaving->marks[i]))
			return false;
	return true;
}

static struct hotplug_leaving *hotplug_leaving(struct machine *machine, const struct slot *slot)
{
	return &machine->hotplug.leaving[slot - machine->slots.list];
}

/* Take the device off the bus. It is closed when no vCPU uses it any more. */
static void hotplug_take_out(struct machine *machine, struct slot *slot)
{
	pci_root_port_unplug(slot->port, slot->state != SLOT_FILLING);
	hotplug_mark_exits(machine, hotplug_leaving(machine, slot));
	slot->state = SLOT_LEAVING;
}

/* The names of all that is in a slot, to be freed. */
struct hotplug_names {
	char *list[PCI_BRIDGE_FUNCTIONS];
	unsigned int count;
};

static void hotplug_note_name(struct hotplug_names *names, const char *name)
{
	char *copy = names->count < PCI_BRIDGE_FUNCTIONS ? strdup(name) : NULL;

	if (copy)
		names->list[names->count++] = copy;
}

/* Each function of a device of this host has a name; a device that is a program has the slot's. */
static void hotplug_note_names(struct machine *machine, const struct slot *slot,
			       struct hotplug_names *names)
{
	const struct host_devices *devices = &machine->devices;

	names->count = 0;
	for (unsigned int i = 0; i < devices->count; i++)
		if (devices->list[i] && devices->slots[i] == slot)
			hotplug_note_name(names, host_devices_name(devices, i));
	if (!names->count)
		hotplug_note_name(names, slot->id);
}

static void hotplug_tell(struct machine *machine, struct hotplug_names *names)
{
	const struct hotplug_watcher *watcher = machine->hotplug.watcher;

	while (names->count) {
		char *name = names->list[--names->count];

		log_info(name, "was taken away from the guest");
		if (watcher)
			watcher->deleted(watcher->owner, name);
		free(name);
	}
}

static void hotplug_close(struct machine *machine, struct slot *slot)
{
	struct hotplug_names names;

	hotplug_note_names(machine, slot, &names);
	host_devices_remove(&machine->devices, slot, NULL, machine->config->keeper);
	user_devices_remove(&machine->users, slot, NULL);
	slot_free(slot);
	hotplug_tell(machine, &names);
}

static void hotplug_look(struct machine *machine, struct slot *slot)
{
	struct hotplug_leaving *leaving = hotplug_leaving(machine, slot);

	if (machine->vm.paused) /* it cannot answer */
		leaving->deadline = hotplug_now() + HOTPLUG_PATIENCE_MS;
	if (slot->state == SLOT_ASKED && slot->released) {
		hotplug_take_out(machine, slot);
	} else if (slot->state == SLOT_ASKED && hotplug_now() >= leaving->deadline) {
		log_warn(slot->id, "the guest has not let go of it: it is removed by surprise");
		hotplug_take_out(machine, slot);
	}
	if (slot->state == SLOT_LEAVING && hotplug_exits_are_over(machine, leaving))
		hotplug_close(machine, slot);
}

void hotplug_look_at_all(void *owner, uint32_t events)
{
	struct machine *machine = owner;
	bool busy = false;

	(void)events;
	loop_take_event(machine->slots.event);
	for (unsigned int i = 0; i < machine->slots.count; i++) {
		struct slot *slot = &machine->slots.list[i];

		hotplug_look(machine, slot);
		busy |= slot->state == SLOT_ASKED || slot->state == SLOT_LEAVING;
	}
	hotplug_set_timer(machine, busy);
}

void hotplug_ticked(void *owner, uint32_t events)
{
	struct machine *machine = owner;
	uint64_t ticks;

	if (read(machine->hotplug.timer.fd, &ticks, sizeof(ticks)) == sizeof(ticks))
		hotplug_look_at_all(owner, events);
}

int hotplug_ask(struct machine *machine, struct slot *slot)
{
	if (slot->fixed)
		return -ENOTSUP;
	if (slot->state == SLOT_FILLING) { /* the guest knows nothing of it */
		hotplug_take_out(machine, slot);
		hotplug_set_timer(machine, true);
		return 0;
	}
	if (slot->state != SLOT_FULL)
		return -EBUSY;
	hotplug_leaving(machine, slot)->deadline = hotplug_now() + HOTPLUG_PATIENCE_MS;
	slot->state = SLOT_ASKED;
	slot->released = false;
	pci_root_port_ask(slot->port);
	hotplug_set_timer(machine, true);
	return 0;
}
