/* SPDX-License-Identifier: MIT */
#include "hotplug.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/pci.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "host_places.h"
#include "hotplug_leave.h"
#include "machine_state.h"
#include "vmm/cli/options_devices.h"
#include "vmm/cli/options_places.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

void hotplug_watch(struct machine *machine, const struct hotplug_watcher *watcher)
{
	machine->hotplug.watcher = watcher;
}

/* ---- out ---- */

/*
 * Find a device of this host by the name of any of its functions, or by its address, which may be
 * short; OPTIONS_DEVICES_MAX if there is none.
 */
static unsigned int hotplug_find_host(const struct host_devices *devices, const char *id)
{
	char bdf[HOST_BDF_MAX];
	bool address = host_parse_bdf(id, bdf) == 0;

	for (unsigned int i = 0; i < devices->count; i++)
		if (devices->list[i] && (strcmp(host_devices_name(devices, i), id) == 0 ||
					 (address && strcmp(devices->found[i].bdf, bdf) == 0)))
			return i;
	return OPTIONS_DEVICES_MAX;
}

static struct slot *hotplug_find(struct machine *machine, const char *id)
{
	struct slot *slot = slots_find(&machine->slots, id);
	unsigned int i = hotplug_find_host(&machine->devices, id);

	if (slot || i == OPTIONS_DEVICES_MAX)
		return slot;
	return machine->devices.slots[i];
}

int hotplug_del(struct machine *machine, const char *id)
{
	struct slot *slot = hotplug_find(machine, id);
	int ret;

	if (!slot) {
		log_error(id, "no device of this name is behind a PCIe root port");
		return -ENOENT;
	}
	ret = hotplug_ask(machine, slot);
	if (ret == -ENOTSUP)
		log_error(id, "its port, %s, has hotplug=off", slot->port->bridge.function.name);
	else if (ret < 0)
		log_error(id, "the guest has already been asked to let go of it");
	return ret;
}

/* ---- the host wants it back ---- */

static bool hotplug_wanted(void *owner)
{
	struct slot *slot = owner;

	hotplug_ask(container_of(slot->slots, struct machine, slots), slot);
	return true;
}

static void hotplug_watch_request(struct vfio_pci *pci, struct slot *slot)
{
	const struct vfio_carer carer = { hotplug_wanted, slot, "the guest is asked to let go" };

	if (!slot->fixed)
		vfio_pci_watch_request(pci, &carer);
}

/* ---- in ---- */

static void hotplug_undo(struct machine *machine, struct slot *slot, const struct vfio_pci *pci)
{
	host_devices_remove(&machine->devices, slot, pci, machine->config->keeper);
	user_devices_remove(&machine->users, slot, pci);
}

static int hotplug_show(struct machine *machine, const struct slot_wish *wish, struct slot *slot,
			struct vfio_pci *pci)
{
	int ret = host_places_plug_hot(slot, pci, wish->function);

	if (ret < 0) {
		hotplug_undo(machine, slot, pci);
		return ret;
	}
	hotplug_watch_request(pci, slot);
	if (wish->function)
		log_info(wish->id, "is shown to the guest as soon as there is a function 0");
	else
		log_info(wish->id, "was plugged in");
	return 0;
}

static const struct vfio_device_options *hotplug_options(const struct config *one)
{
	return one->device_count ? &one->vfio[0] : &one->users[0].vfio;
}

/* Refuse properties that are impossible for a device that is plugged in later. */
static int hotplug_check(const struct config *one, const char *id)
{
	const struct vfio_device_options *options = hotplug_options(one);
	const char *what = NULL;

	if (one->user_count && !one->users[0].path)
		what = "demo: its server is started before the guest";
	else if (options->port == VFIO_PORT_OFF)
		what = "port=off: there is no place for it on the root bus";
	else if (options->bus && options_is_root_bus(options->bus))
		what = "bus= of the root bus: its place is below a port";
	else if (options->has_devfn && PCI_SLOT(options->devfn))
		what = "addr=: below a port there is only device 0";
	else if (options->devfn && (!options->bus || one->user_count))
		what = "addr=: a further function needs bus=ID, and is a device of this host";
	else if (options->has_fd)
		what = "fd=: an open file is handed over at the start";
	else if (options->acpi_rom)
		what = "x-acpi-rom=on: the guest has read its ACPI tables";
	if (!what)
		return 0;
	log_error(id, "cannot be plugged in with %s", what);
	return -EINVAL;
}

static int hotplug_open_device(struct machine *machine, const struct config *one, char *text,
			       const char *id, struct slot *slot, struct vfio_pci **pci)
{
	const struct host_addition add = {
		.config = machine->config,
		.one = one,
		.text = text,
		.host = &machine->pci_host,
		.ram = &machine->ram,
		.slot = slot,
		.id = id,
	};

	if (one->user_count)
		return user_devices_add(&machine->users, &one->users[0], text, &machine->vm, slot,
					pci);
	return host_devices_add(&machine->devices, &add, &machine->demand, pci);
}

static int hotplug_fill(struct machine *machine, const struct config *one, char *text,
			const struct slot_wish *wish, struct slot *slot)
{
	struct vfio_pci *pci;
	int ret = hotplug_open_device(machine, one, text, wish->id, slot, &pci);

	if (ret < 0) {
		free(text);
		return ret;
	}
	return hotplug_show(machine, wish, slot, pci);
}

/*
 * A device that comes is a file to open, or a socket to connect: a confined machine does neither
 * itself.
 */
static int hotplug_check_confined(const struct machine *machine, const char *id)
{
	if (!machine->sandbox.confined || machine->devices.finder)
		return 0;
	log_error(id, "cannot be plugged in: a confined machine opens no more files");
	log_fix("minivmm --ports N ...   # for a machine that devices are to come to");
	return -EPERM;
}

/* The name may be one of a device on the root bus, or of a second function in a slot. */
static int hotplug_check_name(struct machine *machine, const char *id)
{
	const struct user_devices *users = &machine->users;
	bool taken = hotplug_find_host(&machine->devices, id) != OPTIONS_DEVICES_MAX;

	for (unsigned int i = 0; i < users->count; i++)
		taken |= users->list[i].pci && users->list[i].id &&
			 strcmp(users->list[i].id, id) == 0;
	return taken ? log_errno(id, -EEXIST, "add a second device of this name") : 0;
}

/* Takes `text` over. */
static int hotplug_add_one(struct machine *machine, const char *id, const struct config *one,
			   char *text)
{
	const struct vfio_device_options *options = hotplug_options(one);
	const struct slot_wish wish = { id, options->bus, true, PCI_FUNC(options->devfn) };
	struct slot *slot;
	int ret = slots_take(&machine->slots, &wish, &slot);

	if (ret < 0) {
		free(text);
		return ret;
	}
	ret = hotplug_fill(machine, one, text, &wish, slot);
	if (ret < 0)
		slot_give_back(slot);
	return ret;
}

/* `parse` cuts the text up, and its results point into the text. */
static int hotplug_add(struct machine *machine, const char *id, const char *text,
		       int (*parse)(struct config *config, char *text))
{
	int ret = hotplug_check_confined(machine, id);
	struct config *one;
	char *copy;

	if (ret < 0)
		return ret;
	one = calloc(1, sizeof(*one));
	copy = strdup(text);
	if (!one || !copy) {
		free(one);
		free(copy);
		return log_errno(id, -ENOMEM, "allocate");
	}
	ret = parse(one, copy);
	if (ret == 0)
		ret = options_check_devices(one);
	if (ret == 0)
		ret = hotplug_check(one, id);
	if (ret == 0)
		ret = hotplug_check_name(machine, id);
	if (ret == 0)
		ret = hotplug_add_one(machine, id, one, copy);
	else
		free(copy);
	free(one);
	return ret;
}

int hotplug_add_vfio(struct machine *machine, const char *id, const char *text)
{
	return hotplug_add(machine, id, text, options_add_vfio);
}

int hotplug_add_socket(struct machine *machine, const char *id, const char *text)
{
	return hotplug_add(machine, id, text, options_add_socket);
}

/* ---- life ---- */

void hotplug_init(struct hotplug *hotplug)
{
	*hotplug = (struct hotplug){ .event.fd = -1, .timer.fd = -1 };
}

/* Devices that were there from the start can be taken away as well. */
static void hotplug_watch_all(struct machine *machine)
{
	struct host_devices *devices = &machine->devices;

	for (unsigned int i = 0; i < devices->count; i++)
		if (devices->slots[i])
			hotplug_watch_request(devices->list[i], devices->slots[i]);
	for (unsigned int i = 0; i < machine->users.count; i++)
		if (machine->users.list[i].slot)
			hotplug_watch_request(machine->users.list[i].pci,
					      machine->users.list[i].slot);
}

int hotplug_open(struct machine *machine)
{
	struct hotplug *hotplug = &machine->hotplug;
	int ret;

	if (machine->slots.count == 0)
		return 0;
	for (unsigned int i = 0; i < machine->slots.count; i++) {
		hotplug->leaving[i].marks = calloc(machine->vm.cpus, sizeof(unsigned int));
		if (!hotplug->leaving[i].marks)
			return log_errno("hot-plug", -ENOMEM, "allocate");
	}
	hotplug->timer =
		(struct loop_source){ timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
				      hotplug_ticked, machine, "hot-plug", "its timer" };
	if (hotplug->timer.fd < 0)
		return log_errno("hot-plug", -errno, "timerfd_create");
	hotplug->event = (struct loop_source){ machine->slots.event, hotplug_look_at_all, machine,
					       "root ports", "devices that the guest lets go" };
	ret = loop_add(&machine->vm.loop, &hotplug->timer);
	if (ret == 0)
		ret = loop_add(&machine->vm.loop, &hotplug->event);
	hotplug_watch_all(machine);
	return ret;
}

void hotplug_destroy(struct hotplug *hotplug)
{
	for (unsigned int i = 0; i < PCI_HOST_BRIDGES_MAX; i++)
		free(hotplug->leaving[i].marks);
	if (hotplug->timer.fd >= 0)
		close(hotplug->timer.fd);
	hotplug_init(hotplug);
}
