/* SPDX-License-Identifier: MIT */
#include "qmp_pci.h"
#include "vmm/base/pending_signal.h"

#include <linux/pci.h>

static uint32_t pci_get(struct pci_function *function, unsigned int offset, unsigned int size)
{
	return function->ops->config_read(function, offset, size);
}

/* A BAR that does not decode has the address -1, as with QEMU. */
static json_t *pci_region(const struct pci_bar *bar, unsigned int index)
{
	json_t *region = json_pack("{s:i, s:s, s:I, s:I}", "bar", (int)index, "type",
				   pci_bar_is_io(bar) ? "io" : "memory", "address",
				   bar->mapped ? (json_int_t)bar->addr : (json_int_t)-1, "size",
				   (json_int_t)bar->size);

	if (pci_bar_is_io(bar))
		return region;
	json_object_set_new(region, "prefetch",
			    json_boolean(bar->flags & PCI_BASE_ADDRESS_MEM_PREFETCH));
	json_object_set_new(region, "mem_type_64", json_boolean(pci_bar_is_64(bar)));
	return region;
}

static json_t *pci_regions(const struct pci_function *function)
{
	json_t *regions = json_array();

	for (unsigned int bar = 0; bar < PCI_BARS; bar++)
		if (function->bars[bar].size)
			json_array_append_new(regions, pci_region(&function->bars[bar], bar));
	return regions;
}

static json_t *pci_id(struct pci_function *function, bool subsystem)
{
	json_t *id = json_pack("{s:i, s:i}", "device", (int)pci_get(function, PCI_DEVICE_ID, 2),
			       "vendor", (int)pci_get(function, PCI_VENDOR_ID, 2));

	if (!subsystem)
		return id;
	json_object_set_new(id, "subsystem", json_integer(pci_get(function, PCI_SUBSYSTEM_ID, 2)));
	json_object_set_new(id, "subsystem-vendor",
			    json_integer(pci_get(function, PCI_SUBSYSTEM_VENDOR_ID, 2)));
	return id;
}

/* What the user calls it; a name of the host's may be no text that JSON can have. */
static json_t *pci_name(const struct pci_function *function)
{
	const char *name = function->id ? function->id : function->name;
	json_t *text = name ? json_string(name) : NULL;

	return text ? text : json_string("");
}

static json_t *pci_device(struct pci_function *function, unsigned int bus)
{
	unsigned int type = pci_get(function, PCI_HEADER_TYPE, 1) & 0x7f;
	unsigned int pin = pci_get(function, PCI_INTERRUPT_PIN, 1);
	json_t *device = json_pack(
		"{s:i, s:i, s:i, s:{s:i}, s:o, s:i, s:o, s:o}", "bus", (int)bus, "slot",
		(int)PCI_SLOT(function->devfn), "function", (int)PCI_FUNC(function->devfn),
		"class_info", "class", (int)pci_get(function, PCI_CLASS_DEVICE, 2), "id",
		pci_id(function, type == PCI_HEADER_TYPE_NORMAL), "irq_pin", (int)pin, "qdev_id",
		pci_name(function), "regions", pci_regions(function));

	if (pin)
		json_object_set_new(device, "irq",
				    json_integer(pci_get(function, PCI_INTERRUPT_LINE, 1)));
	return device;
}

/* ---- bridges ---- */

static json_t *pci_range(uint64_t base, uint64_t limit)
{
	return json_pack("{s:I, s:I}", "base", (json_int_t)base, "limit", (json_int_t)limit);
}

/*
 * Base and limit of one of a bridge's memory windows: 12 bits in one register, and for the
 * prefetchable one 32 more bits in another.
 */
static json_t *pci_memory_range(struct pci_function *bridge, unsigned int offset, uint64_t base_up,
				uint64_t limit_up)
{
	uint64_t base = pci_get(bridge, offset, 2) & 0xfff0;
	uint64_t limit = pci_get(bridge, offset + 2, 2) & 0xfff0;

	return pci_range(base_up << 32 | base << 16, limit_up << 32 | limit << 16 | 0xfffff);
}

static json_t *pci_io_range(struct pci_function *bridge)
{
	uint64_t base = pci_get(bridge, PCI_IO_BASE, 1) & 0xf0;
	uint64_t limit = pci_get(bridge, PCI_IO_LIMIT, 1) & 0xf0;

	return pci_range(base << 8 | pci_get(bridge, PCI_IO_BASE_UPPER16, 2) << 16,
			 limit << 8 | pci_get(bridge, PCI_IO_LIMIT_UPPER16, 2) << 16 | 0xfff);
}

static json_t *pci_bus(struct pci_function *bridge)
{
	return json_pack("{s:i, s:i, s:i, s:o, s:o, s:o}", "number",
			 (int)pci_get(bridge, PCI_PRIMARY_BUS, 1), "secondary",
			 (int)pci_get(bridge, PCI_SECONDARY_BUS, 1), "subordinate",
			 (int)pci_get(bridge, PCI_SUBORDINATE_BUS, 1), "io_range",
			 pci_io_range(bridge), "memory_range",
			 pci_memory_range(bridge, PCI_MEMORY_BASE, 0, 0), "prefetchable_range",
			 pci_memory_range(bridge, PCI_PREF_MEMORY_BASE,
					  pci_get(bridge, PCI_PREF_BASE_UPPER32, 4),
					  pci_get(bridge, PCI_PREF_LIMIT_UPPER32, 4)));
}

static json_t *pci_bridge_info(struct pci_bridge *bridge)
{
	unsigned int bus = pci_get(&bridge->function, PCI_SECONDARY_BUS, 1);
	json_t *devices = json_array();

	for (unsigned int i = 0; i < PCI_BRIDGE_FUNCTIONS; i++)
		if (bridge->below[i])
			json_array_append_new(devices, pci_device(bridge->below[i], bus));
	return json_pack("{s:o, s:o}", "bus", pci_bus(&bridge->function), "devices", devices);
}

static json_t *pci_root_device(const struct pci_host *host, struct pci_function *function)
{
	json_t *device = pci_device(function, 0);

	for (unsigned int i = 0; i < host->bridge_count; i++)
		if (&host->bridges[i]->function == function)
			json_object_set_new(device, "pci_bridge",
					    pci_bridge_info(host->bridges[i]));
	return device;
}

json_t *qmp_pci(struct pci_host *host)
{
	json_t *devices = json_array();

	pending_lock(&host->bus.lock);
	for (unsigned int devfn = 0; devfn < PCI_HOST_FUNCTIONS; devfn++)
		if (host->functions[devfn])
			json_array_append_new(devices,
					      pci_root_device(host, host->functions[devfn]));
	pthread_mutex_unlock(&host->bus.lock);
	return json_pack("[{s:i, s:o}]", "bus", 0, "devices", devices);
}
