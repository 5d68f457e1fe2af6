/* SPDX-License-Identifier: MIT */
#include "pci_host.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/pci.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pci_names.h"
#include "vmm/base/pending_signal.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define PCI_CLASS_HOST_BRIDGE 0x060000u

#define PCI_SLOT_FUNCTIONS    8u
#define PCI_UPDATE_ROUNDS     4u /* how many rounds of unmapped BARs may cause further ones */
#define PCI_HEADER_TYPE_MULTI 0x80u

#define PCI_CONFIG_PORTS   8u /* CF8..CFB the address, CFC..CFF the data */
#define PCI_CONFIG_DATA    4u
#define PCI_RESET_CONTROL  1u
#define PCI_RESET_CPU      (1u << 2)
#define PCI_CONFIG_ENABLE  (1u << 31)
#define PCI_CONFIG_ADDRESS 0x80fffffcu /* bits of CF8 that stick */

/* ---- configuration space ---- */

/*
 * Find a function by bus << 8 | devfn. A function below a bridge has the bus number that the guest
 * gave the bridge.
 */
static struct pci_function *pci_host_find(const struct pci_host *host, unsigned int id)
{
	unsigned int bus = id >> 8, devfn = id & 0xff;
	struct pci_function *function = NULL;

	if (bus == 0)
		return host->functions[devfn];
	for (unsigned int i = 0; i < host->bridge_count && !function; i++)
		function = pci_bridge_find(host->bridges[i], bus, devfn);
	return function;
}

struct pci_function *pci_host_next(const struct pci_host *host, unsigned int *index)
{
	const unsigned int end = PCI_HOST_FUNCTIONS + host->bridge_count * PCI_BRIDGE_FUNCTIONS;
	struct pci_function *function = NULL;

	for (; *index < end && !function; ++*index) {
		unsigned int below = *index - PCI_HOST_FUNCTIONS;

		function = *index < PCI_HOST_FUNCTIONS
				   ? host->functions[*index]
				   : host->bridges[below / PCI_BRIDGE_FUNCTIONS]
					     ->below[below % PCI_BRIDGE_FUNCTIONS];
	}
	return function;
}

static uint64_t pci_host_config_read(struct pci_host *host, unsigned int id, unsigned int offset,
				     unsigned int size)
{
	struct pci_function *function;
	uint64_t value = UINT64_MAX; /* nobody there */

	pthread_mutex_lock(&host->bus.lock);
	function = pci_host_find(host, id);
	if (function)
		value = pci_read_any(function, offset, size);
	pthread_mutex_unlock(&host->bus.lock);
	return value;
}

/*
 * A BAR that was covered by another can be mapped when that one moves away, and a BAR below a
 * bridge follows the bridge's window. BARs that leave in one round may let others come in the next.
 */
static void pci_host_update_all(struct pci_host *host)
{
	struct pci_function *function;

	for (unsigned int round = 0; host->bus.vacated && round < PCI_UPDATE_ROUNDS; round++) {
		host->bus.vacated = false;
		for (unsigned int i = 0; (function = pci_host_next(host, &i));)
			pci_update_bars(function);
	}
	host->bus.vacated = false;
}

static void pci_host_config_write(struct pci_host *host, unsigned int id, unsigned int offset,
				  unsigned int size, uint64_t value)
{
	struct pci_function *function;

	pthread_mutex_lock(&host->bus.lock);
	function = pci_host_find(host, id);
	if (function)
		pci_write_any(function, offset, size, value);
	pci_host_update_all(host);
	pthread_mutex_unlock(&host->bus.lock);
}

/* ECAM: 4 KiB for each of the 256 functions of a bus, 1 MiB for each bus. */
static uint64_t pci_ecam_read(void *owner, uint64_t offset, unsigned int size)
{
	return pci_host_config_read(owner, (unsigned int)(offset >> 12),
				    (unsigned int)(offset & 0xfff), size);
}

static void pci_ecam_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	pci_host_config_write(owner, (unsigned int)(offset >> 12), (unsigned int)(offset & 0xfff),
			      size, value);
}

/*
 * This takes no lock, which is good enough for a trace: the bytes may change meanwhile, but are
 * always inside their array. Only functions that live as long as the bus are named.
 */
static void pci_host_locate(struct pci_host *host, unsigned int id, unsigned int offset,
			    struct trace_place *place)
{
	const struct pci_function *function = pci_host_find(host, id);

	place->topic = TRACE_TOPIC_config;
	place->object = function ? function->name : "nobody";
	place->offset = offset;
	if (function)
		pci_locate_register(function->config, offset, place);
}

static void pci_ecam_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	pci_host_locate(owner, (unsigned int)(offset >> 12), (unsigned int)(offset & 0xfff), place);
}

static const struct bus_ops pci_ecam_ops = { pci_ecam_read, pci_ecam_write, pci_ecam_locate };

/* Where CF8 points to; false when it is disabled. */
static bool pci_ports_target(const struct pci_host *host, uint64_t port, unsigned int *id,
			     unsigned int *offset)
{
	uint32_t address = host->config_address;

	*id = (address >> 8) & 0xffff;
	*offset = (address & 0xfc) + (unsigned int)(port - PCI_CONFIG_DATA);
	return address & PCI_CONFIG_ENABLE;
}

/*
 * The address register answers only to accesses of a whole dword. Narrower accesses belong to other
 * devices, such as the reset control register, a byte at CF9.
 */
static uint64_t pci_ports_read(void *owner, uint64_t port, unsigned int size)
{
	struct pci_host *host = owner;
	unsigned int id, offset;

	if (port == 0 && size == 4)
		return host->config_address;
	if (port == PCI_RESET_CONTROL && size == 1 && host->reset_control)
		return 0;
	if (port < PCI_CONFIG_DATA || !pci_ports_target(host, port, &id, &offset))
		return UINT64_MAX;
	return pci_host_config_read(host, id, offset, size);
}

static void pci_ports_write(void *owner, uint64_t port, unsigned int size, uint64_t value)
{
	struct pci_host *host = owner;
	unsigned int id, offset;

	if (port == 0 && size == 4)
		host->config_address = (uint32_t)value & PCI_CONFIG_ADDRESS;
	else if (port == PCI_RESET_CONTROL && size == 1 && host->reset_control &&
		 (value & PCI_RESET_CPU))
		vm_post(host->vm, VM_EVENT_RESET);
	else if (port >= PCI_CONFIG_DATA && pci_ports_target(host, port, &id, &offset))
		pci_host_config_write(host, id, offset, size, value);
}

static void pci_ports_locate(void *owner, uint64_t port, struct trace_place *place)
{
	const struct pci_host *host = owner;
	unsigned int id, offset;

	place->object = host->bridge.name;
	if (port >= PCI_CONFIG_DATA && pci_ports_target(host, port, &id, &offset))
		pci_host_locate(owner, id, offset, place);
	else if (port == 0)
		snprintf(place->reg, sizeof(place->reg), "CF8, configuration address");
	else if (port == PCI_RESET_CONTROL)
		snprintf(place->reg, sizeof(place->reg), "CF9, reset control");
}

static const struct bus_ops pci_ports_ops = { pci_ports_read, pci_ports_write, pci_ports_locate };

/* ---- the bridge and its bus ---- */

static void pci_bridge_nothing(struct pci_function *function)
{
	(void)function;
}

static const struct pci_function_ops pci_bridge_ops = {
	.config_read = pci_config_read,
	.config_write = pci_config_write,
	.bar_map = pci_no_bar_map,
	.bar_unmap = pci_no_bar_unmap,
	.reset = pci_bridge_nothing,
	.destroy = pci_bridge_nothing,
};

/* A CPU without port I/O has a window in memory, whose accesses go to the ports. */
static uint64_t pci_io_read(void *owner, uint64_t offset, unsigned int size)
{
	const struct pci_host *host = owner;
	uint64_t value = 0;

	bus_read(&host->vm->pio, arch_layout.pci_io.base + offset, &value, size);
	return value;
}

static void pci_io_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	const struct pci_host *host = owner;

	bus_write(&host->vm->pio, arch_layout.pci_io.base + offset, &value, size);
}

static void pci_io_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	const struct pci_host *host = owner;

	place->object = host->bridge.name;
	snprintf(place->reg, sizeof(place->reg), "port %#" PRIx64,
		 arch_layout.pci_io.base + offset);
}

static const struct bus_ops pci_io_ops = { pci_io_read, pci_io_write, pci_io_locate };

static int pci_host_add_regions(struct pci_host *host)
{
	struct bus_region ecam = {
		.base = arch_layout.ecam.base,
		.size = arch_layout.ecam.size,
		.ops = &pci_ecam_ops,
		.owner = host,
	};
	struct bus_region ports = {
		.base = arch_layout.pci_config_port,
		.size = PCI_CONFIG_PORTS,
		.ops = &pci_ports_ops,
		.owner = host,
	};
	struct bus_region io = {
		.base = arch_layout.pci_io_mmio,
		.size = arch_layout.pci_io.size,
		.ops = &pci_io_ops,
		.owner = host,
	};
	int ret = bus_add_region(&host->vm->mmio, &ecam);

	if (ret == 0 && io.base)
		ret = bus_add_region(&host->vm->mmio, &io);
	if (ret == 0 && ports.base)
		ret = bus_add_region(&host->vm->pio, &ports);
	return ret < 0 ? log_errno("PCI host bridge", ret, "put its registers on the bus") : 0;
}

int pci_host_init(struct pci_host *host, struct vm *vm)
{
	/* 1b36:0008 is the generic PCI Express host bridge that guests know from other machines. */
	static const struct pci_id id = { 0x1b36, 0x0008, 0x1af4, 0x1100,
					  PCI_CLASS_HOST_BRIDGE << 8 };

	*host = (struct pci_host){ .vm = vm,
				   .mmio32 = arch_layout.pci_mmio32,
				   .io = arch_layout.pci_io,
				   .bus.forwards = pci_host_forwards,
				   .bus.alone = pci_host_alone };
	pthread_mutex_init(&host->bus.lock, NULL);
	pci_function_init(&host->bridge, &pci_bridge_ops, "PCI host bridge");
	pci_set_id(&host->bridge, &id);
	host->bridge.bus = &host->bus;
	host->functions[0] = &host->bridge;
	return pci_host_add_regions(host);
}

void pci_host_set_id(struct pci_host *host, uint16_t vendor, uint16_t device)
{
	pci_set_word(&host->bridge, PCI_VENDOR_ID, vendor);
	pci_set_word(&host->bridge, PCI_DEVICE_ID, device);
}

static void pci_host_destroy_at(struct pci_function **place)
{
	struct pci_function *function = *place;

	*place = NULL;
	if (!function)
		return;
	pci_reset(function);
	function->ops->destroy(function);
}

/* Start with the functions below bridges, because a bridge is itself a function of the root bus. */
void pci_host_destroy(struct pci_host *host)
{
	if (!host->vm)
		return;
	for (; host->bridge_count; host->bridge_count--)
		for (unsigned int i = PCI_BRIDGE_FUNCTIONS; i--;)
			pci_host_destroy_at(&host->bridges[host->bridge_count - 1]->below[i]);
	for (unsigned int devfn = PCI_HOST_FUNCTIONS; devfn--;)
		pci_host_destroy_at(&host->functions[devfn]);
	bus_del_region(&host->vm->mmio, arch_layout.ecam.base);
	bus_del_region(&host->vm->mmio, arch_layout.pci_io_mmio);
	bus_del_region(&host->vm->pio, arch_layout.pci_config_port);
	pthread_mutex_destroy(&host->bus.lock);
	host->vm = NULL;
}

/* The functions of one device number, as a bit mask; their places are in `places`. */
static unsigned int pci_slot_functions(struct pci_function *const *places)
{
	unsigned int functions = 0;

	for (unsigned int i = 0; i < PCI_SLOT_FUNCTIONS; i++)
		if (places[i])
			functions |= 1u << i;
	return functions;
}

/* A guest looks for more functions only if function 0 says that there are more. */
static void pci_slot_mark_functions(struct pci_function *const *places)
{
	unsigned int functions = pci_slot_functions(places);
	bool multi = functions & (functions - 1);

	for (unsigned int i = 0; i < PCI_SLOT_FUNCTIONS; i++) {
		if (!(functions & 1u << i))
			continue;
		places[i]->config[PCI_HEADER_TYPE] &= (uint8_t)~PCI_HEADER_TYPE_MULTI;
		if (multi)
			places[i]->config[PCI_HEADER_TYPE] |= PCI_HEADER_TYPE_MULTI;
	}
}

void pci_host_reserve(struct pci_host *host, uint8_t devfn)
{
	host->reserved |= 1u << PCI_SLOT(devfn);
}

int pci_host_free_slot(const struct pci_host *host)
{
	for (unsigned int slot = 0; slot < PCI_HOST_SLOTS; slot++)
		if (!(host->reserved & 1u << slot) &&
		    !pci_slot_functions(&host->functions[PCI_DEVFN(slot, 0)]))
			return (int)slot;
	return -ENOSPC;
}

int pci_host_add_at(struct pci_host *host, struct pci_function *function, uint8_t devfn)
{
	unsigned int slot = PCI_SLOT(devfn);

	if (host->functions[devfn]) {
		log_error(function->name,
			  "take device number %u, function %u on the PCI bus: %s is there", slot,
			  PCI_FUNC(devfn), host->functions[devfn]->name);
		return -EBUSY;
	}
	function->bus = &host->bus;
	function->devfn = devfn;
	host->functions[devfn] = function;
	pci_slot_mark_functions(&host->functions[PCI_DEVFN(slot, 0)]);
	return 0;
}

/* When all device numbers are taken, one more function of one of them; never of the host bridge. */
static int pci_host_free_devfn(const struct pci_host *host)
{
	int slot = pci_host_free_slot(host);

	if (slot >= 0)
		return PCI_DEVFN(slot, 0);
	for (unsigned int number = 1; number < PCI_SLOT_FUNCTIONS; number++)
		for (unsigned int used = 1; used < PCI_HOST_SLOTS; used++)
			if (!host->functions[PCI_DEVFN(used, number)])
				return PCI_DEVFN(used, number);
	return -ENOSPC;
}

int pci_host_add(struct pci_host *host, struct pci_function *function)
{
	int devfn = pci_host_free_devfn(host);

	if (devfn < 0)
		return log_errno(function->name, devfn, "find a free device number on the PCI bus");
	return pci_host_add_at(host, function, (uint8_t)devfn);
}

int pci_host_add_bridge(struct pci_host *host, struct pci_bridge *bridge, const uint8_t *devfn)
{
	int ret;

	if (host->bridge_count == PCI_HOST_BRIDGES_MAX ||
	    host->bridge_count + 1 >= arch_layout.ecam.size / PCI_ECAM_BUS)
		return log_errno(bridge->function.name, -ENOSPC,
				 "find a free number for its PCI bus");
	ret = devfn ? pci_host_add_at(host, &bridge->function, *devfn)
		    : pci_host_add(host, &bridge->function);
	if (ret < 0)
		return ret;
	host->bridges[host->bridge_count++] = bridge;
	bridge->number = (uint8_t)host->bridge_count;
	return 0;
}

void pci_host_add_below(struct pci_host *host, struct pci_bridge *bridge,
			struct pci_function *function, unsigned int number)
{
	pending_lock(&host->bus.lock);
	function->bus = &host->bus;
	function->bridge = &bridge->function;
	function->devfn = PCI_DEVFN(0, number);
	bridge->below[number] = function;
	pci_slot_mark_functions(bridge->below);
	pthread_mutex_unlock(&host->bus.lock);
}

void pci_host_del_below(struct pci_host *host, struct pci_bridge *bridge, unsigned int number)
{
	struct pci_function *function = bridge->below[number];

	pending_lock(&host->bus.lock);
	pci_reset(function);
	bridge->below[number] = NULL;
	pci_slot_mark_functions(bridge->below);
	pci_host_update_all(host);
	pthread_mutex_unlock(&host->bus.lock);
}

unsigned int pci_host_buses(const struct pci_host *host)
{
	return host->bridge_count ? (unsigned int)(arch_layout.ecam.size / PCI_ECAM_BUS) : 1;
}

void pci_host_reset(struct pci_host *host)
{
	struct pci_function *function;

	pending_lock(&host->bus.lock);
	host->config_address = 0;
	for (unsigned int i = 0; (function = pci_host_next(host, &i));)
		pci_stop(function);
	for (unsigned int i = 0; (function = pci_host_next(host, &i));)
		function->ops->reset(function);
	pthread_mutex_unlock(&host->bus.lock);
}

static bool pci_range_holds(const struct arch_range *range, uint64_t addr, uint64_t size)
{
	return addr >= range->base && size <= range->size &&
	       addr - range->base <= range->size - size;
}

bool pci_host_forwards(const struct pci_function *function, const struct pci_bar *bar,
		       uint64_t addr)
{
	const struct pci_host *host = container_of(function->bus, struct pci_host, bus);

	if (function->bridge && !pci_bridge_forwards(function->bridge, bar, addr))
		return false;
	if (pci_bar_is_io(bar))
		return pci_range_holds(&host->io, addr, bar->size);
	return pci_range_holds(&host->mmio32, addr, bar->size) ||
	       pci_range_holds(&host->mmio64, addr, bar->size);
}

/* True if a BAR of this function other than `but` decodes memory in [first, last]. */
static bool pci_decodes(const struct pci_function *function, const struct pci_bar *but,
			uint64_t first, uint64_t last)
{
	for (unsigned int bar = 0; bar < PCI_BARS; bar++) {
		const struct pci_bar *b = &function->bars[bar];

		if (b != but && b->mapped && !pci_bar_is_io(b) && b->addr <= last &&
		    first <= b->addr + b->size - 1)
			return true;
	}
	return false;
}

bool pci_host_alone(const struct pci_bus *bus, const struct pci_bar *bar, uint64_t addr)
{
	const struct pci_host *host = container_of(bus, struct pci_host, bus);
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t first = addr & ~(page - 1);
	const struct pci_function *function;

	if (pci_bar_is_io(bar) || bar->size >= page)
		return true;
	for (unsigned int i = 0; (function = pci_host_next(host, &i));)
		if (pci_decodes(function, bar, first, first + page - 1))
			return false;
	return true;
}

/*
 * Device numbers take the lines in turn, so that neighbours do not share one. The DSDT's _PRT says
 * the same. A bridge rotates pins by the number of the device below, which is 0 below a port, so
 * the pin stays the same.
 */
uint32_t pci_host_intx_gsi(const struct pci_function *function, unsigned int pin)
{
	if (function->bridge)
		function = function->bridge;
	return arch_layout.pci_intx_gsi +
	       (PCI_SLOT(function->devfn) + pin - 1) % arch_layout.pci_intx_lines;
}
