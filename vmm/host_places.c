/* SPDX-License-Identifier: MIT */
#include "host_places.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/pci.h>
#include <string.h>

#include "devices/pci_windows.h"
#include "vfio/host/look/host_pages.h"
#include "vmm/base/pending_signal.h"
#include "vmm/trace/log.h"

#define PLACES_ATOMICS                                                                             \
	(PCI_EXP_DEVCAP2_ATOMIC_COMP32 | PCI_EXP_DEVCAP2_ATOMIC_COMP64 |                           \
	 PCI_EXP_DEVCAP2_ATOMIC_COMP128)

static unsigned int places_function(const struct host_devices *devices, unsigned int i)
{
	const char *bdf = devices->found[i].bdf;

	return (unsigned int)(bdf[strlen(bdf) - 1] - '0');
}

/*
 * True if two devices are functions of one device number on the host: only the last digit of the
 * address differs.
 */
static bool places_same_slot(const struct host_devices *devices, unsigned int a, unsigned int b)
{
	const char *bdf = devices->found[a].bdf;

	return strncmp(bdf, devices->found[b].bdf, strlen(bdf) - 1) == 0;
}

/* True if the device has more than one function, and all of them are passed through. */
static bool places_together(const struct host_devices *devices, unsigned int i)
{
	unsigned int all = host_slot_functions(devices->found[i].bdf), missing = all;

	for (unsigned int k = 0; k < devices->count; k++)
		if (places_same_slot(devices, i, k))
			missing &= ~(1u << places_function(devices, k));
	return (all & (all - 1)) && !missing;
}

/* The function of the same device number that is already plugged in; NULL if this is the first. */
static const struct vfio_pci *places_sibling(const struct host_devices *devices, unsigned int i,
					     struct slot **slot)
{
	for (unsigned int k = 0; k < i; k++)
		if (places_same_slot(devices, i, k)) {
			*slot = devices->slots[k];
			return devices->list[k];
		}
	return NULL;
}

static int places_plug_root(const struct host_devices *devices, unsigned int i,
			    struct pci_host *host)
{
	struct pci_function *function = &devices->list[i]->function;
	int slot = pci_host_free_slot(host);
	const struct vfio_pci *sibling;
	struct slot *none;

	if (devices->options[i].has_devfn)
		return pci_host_add_at(host, function, devices->options[i].devfn);
	if (slot < 0 || !places_together(devices, i))
		return pci_host_add(host, function);
	sibling = places_sibling(devices, i, &none);
	if (sibling)
		slot = PCI_SLOT(sibling->function.devfn);
	return pci_host_add_at(host, function, PCI_DEVFN(slot, places_function(devices, i)));
}

/* The port may offer only what all functions in its slot can use. */
static void places_set_atomics(const struct slot *slot, const struct vfio_pci *pci, bool first)
{
	uint32_t atomics = pci->info.atomics * PCI_EXP_DEVCAP2_ATOMIC_COMP32 & PLACES_ATOMICS;

	pci_root_port_set_atomics(slot->port, atomics, first);
}

/*
 * The slot that a device shares with an earlier one: that of the port which both name, or that of
 * its sibling. NULL if it is the first.
 */
static struct slot *places_shared(struct host_devices *devices, unsigned int i, struct slots *slots)
{
	const char *bus = devices->options[i].bus;
	struct slot *slot = NULL;

	if (bus) {
		slot = slots_find_port(slots, bus);
		return slot && !pci_bridge_is_empty(&slot->port->bridge) ? slot : NULL;
	}
	if (places_together(devices, i))
		places_sibling(devices, i, &slot);
	return slot;
}

/* Below a port that has a name, the options have each function's number. */
static unsigned int places_function_below(const struct host_devices *devices, unsigned int i)
{
	if (devices->options[i].bus)
		return PCI_FUNC(devices->options[i].devfn);
	return places_together(devices, i) ? places_function(devices, i) : 0;
}

static int places_plug_port(struct host_devices *devices, unsigned int i, struct slots *slots)
{
	const struct vfio_device_options *options = &devices->options[i];
	const char *bdf = devices->found[i].bdf;
	const struct slot_wish wish = { .id = options->id ? options->id : bdf,
					.bus = options->bus };
	struct slot *slot = places_shared(devices, i, slots);
	int ret = 0;

	if (!slot)
		ret = slots_take(slots, &wish, &slot);
	if (ret < 0)
		return ret;
	devices->slots[i] = slot;
	places_set_atomics(slot, devices->list[i], pci_bridge_is_empty(&slot->port->bridge));
	pci_root_port_plug(slot->port, &devices->list[i]->function,
			   places_function_below(devices, i));
	pci_root_port_show(slot->port, false);
	return 0;
}

int host_places_plug(struct host_devices *devices, struct pci_host *host, struct slots *slots)
{
	int ret = 0;

	for (unsigned int i = 0; i < devices->count && ret == 0; i++)
		ret = devices->options[i].port == VFIO_PORT_ON ? places_plug_port(devices, i, slots)
							       : places_plug_root(devices, i, host);
	return ret;
}

/* Both sizes, and the option that makes the room as large as is needed. */
static int places_log_room(const struct slot *slot, enum pci_window window, uint64_t needed)
{
	static const struct {
		const char *what, *option;
	} rooms[PCI_WINDOWS] = {
		[PCI_WINDOW_MEMORY] = { "below 4 GiB", "mem-reserve" },
		[PCI_WINDOW_PREFETCHABLE] = { "of prefetchable addresses", "pref64-reserve" },
	};
	uint64_t room = slot->port->bridge.windows[window].size, size = room;

	while (size < needed && size << 1)
		size <<= 1;
	log_error(slot->id, "its BARs need %" PRIu64 " KiB %s, its root port has room for %" PRIu64,
		  needed >> 10, rooms[window].what, room >> 10);
	if (slot->name)
		log_fix("minivmm -device pcie-root-port,id=%s,%s=%" PRIu64 "M ...", slot->name,
			rooms[window].option, size >> 20);
	else
		log_fix("minivmm --ports %u,%s=%" PRIu64 "M ...", slot->slots->count,
			rooms[window].option, size >> 20);
	return -ENOSPC;
}

static int places_check_room(const struct slot *slot)
{
	struct pci_bridge *bridge = &slot->port->bridge;
	uint64_t needed[PCI_WINDOWS];
	int ret = pci_windows_needed(bridge, needed);

	for (unsigned int i = PCI_WINDOW_MEMORY; i < PCI_WINDOWS && ret == 0; i++)
		if (needed[i] > bridge->windows[i].size)
			ret = places_log_room(slot, i, needed[i]);
	return ret;
}

/*
 * The pin is connected only when the device is below the port, which decides which line the pin
 * reaches.
 */
static int places_start_hot(struct slot *slot, struct vfio_pci *pci)
{
	pthread_mutex_t *lock = &slot->slots->host->bus.lock;
	int ret;

	pending_lock(lock);
	ret = places_check_room(slot);
	if (ret == 0)
		ret = pci_windows_assign_below(&slot->port->bridge);
	if (ret == 0)
		ret = vfio_pci_power_on(pci);
	pthread_mutex_unlock(lock);
	return ret;
}

int host_places_plug_hot(struct slot *slot, struct vfio_pci *pci, unsigned int number)
{
	int ret;

	places_set_atomics(slot, pci, pci_bridge_is_empty(&slot->port->bridge));
	pci_root_port_plug(slot->port, &pci->function, number);
	ret = places_start_hot(slot, pci);
	if (ret < 0)
		pci_host_del_below(slot->slots->host, &slot->port->bridge, number);
	else if (number == 0)
		pci_root_port_show(slot->port, true);
	return ret;
}
