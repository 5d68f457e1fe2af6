/* SPDX-License-Identifier: MIT */
#include "pci_host.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/pci.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pci_names.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define PCI_CLASS_HOST_BRIDGE 0x060000u

#define PCI_SLOT_FUNCTIONS    8u
#define PCI_HEADER_TYPE_MULTI 0x80u

#define PCI_CONFIG_PORTS   8u /* CF8..CFB the address, CFC..CFF the data */
#define PCI_CONFIG_DATA    4u
#define PCI_RESET_CONTROL  1u
#define PCI_RESET_CPU      (1u << 2)
#define PCI_CONFIG_ENABLE  (1u << 31)
#define PCI_CONFIG_ADDRESS 0x80fffffcu /* bits of CF8 that stick */

/* ---- configuration space ---- */

static struct pci_function *pci_host_find(struct pci_host *host, unsigned int devfn)
{
	return host->functions[devfn % PCI_HOST_FUNCTIONS];
}

static uint64_t pci_host_config_read(struct pci_host *host, unsigned int devfn, unsigned int offset,
				     unsigned int size)
{
	struct pci_function *function;
	uint64_t value = UINT64_MAX; /* nobody there */

	pthread_mutex_lock(&host->bus.lock);
	function = pci_host_find(host, devfn);
	if (function)
		value = pci_read_any(function, offset, size);
	pthread_mutex_unlock(&host->bus.lock);
	return value;
}

/* A BAR that lay on top of another comes into its own when that one moves away. */
static void pci_host_update_all(struct pci_host *host)
{
	for (unsigned int devfn = 0; devfn < PCI_HOST_FUNCTIONS; devfn++)
		if (host->functions[devfn])
			pci_update_bars(host->functions[devfn]);
}

static void pci_host_config_write(struct pci_host *host, unsigned int devfn, unsigned int offset,
				  unsigned int size, uint64_t value)
{
	struct pci_function *function;

	pthread_mutex_lock(&host->bus.lock);
	function = pci_host_find(host, devfn);
	if (function)
		pci_write_any(function, offset, size, value);
	if (host->bus.vacated)
		pci_host_update_all(host);
	host->bus.vacated = false;
	pthread_mutex_unlock(&host->bus.lock);
}

/* ECAM: 4 KiB for each of the 256 functions of bus 0. */
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
 * The bytes may change under this, but not be outside their array: a trace is worth no lock. Only a
 * function that lives as long as the bus lends its name.
 */
static void pci_host_locate(struct pci_host *host, unsigned int devfn, unsigned int offset,
			    struct trace_place *place)
{
	const struct pci_function *function = pci_host_find(host, devfn);

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

/* Where CF8 points to; false when it is disabled or names another bus. */
static bool pci_ports_target(const struct pci_host *host, uint64_t port, unsigned int *devfn,
			     unsigned int *offset)
{
	uint32_t address = host->config_address;

	*devfn = (address >> 8) & 0xff;
	*offset = (address & 0xfc) + (unsigned int)(port - PCI_CONFIG_DATA);
	return (address & PCI_CONFIG_ENABLE) && ((address >> 16) & 0xff) == 0;
}

/*
 * The address register answers to whole dwords only; narrower accesses belong to other devices. One
 * of them is the reset control register, a byte of its own at CF9.
 */
static uint64_t pci_ports_read(void *owner, uint64_t port, unsigned int size)
{
	struct pci_host *host = owner;
	unsigned int devfn, offset;

	if (port == 0 && size == 4)
		return host->config_address;
	if (port == PCI_RESET_CONTROL && size == 1 && host->reset_control)
		return 0;
	if (port < PCI_CONFIG_DATA || !pci_ports_target(host, port, &devfn, &offset))
		return UINT64_MAX;
	return pci_host_config_read(host, devfn, offset, size);
}

static void pci_ports_write(void *owner, uint64_t port, unsigned int size, uint64_t value)
{
	struct pci_host *host = owner;
	unsigned int devfn, offset;

	if (port == 0 && size == 4)
		host->config_address = (uint32_t)value & PCI_CONFIG_ADDRESS;
	else if (port == PCI_RESET_CONTROL && size == 1 && host->reset_control &&
		 (value & PCI_RESET_CPU))
		vm_post(host->vm, VM_EVENT_RESET);
	else if (port >= PCI_CONFIG_DATA && pci_ports_target(host, port, &devfn, &offset))
		pci_host_config_write(host, devfn, offset, size, value);
}

static void pci_ports_locate(void *owner, uint64_t port, struct trace_place *place)
{
	const struct pci_host *host = owner;
	unsigned int devfn, offset;

	place->object = host->bridge.name;
	if (port >= PCI_CONFIG_DATA && pci_ports_target(host, port, &devfn, &offset))
		pci_host_locate(owner, devfn, offset, place);
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

/* A CPU without port I/O has a window in memory: what it touches there goes to the ports. */
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
	return ret < 0 ? log_errno("PCI host bridge", ret, "place its registers") : 0;
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

void pci_host_destroy(struct pci_host *host)
{
	if (!host->vm)
		return;
	for (unsigned int devfn = PCI_HOST_FUNCTIONS; devfn--;) {
		struct pci_function *function = host->functions[devfn];

		host->functions[devfn] = NULL;
		if (!function)
			continue;
		pci_reset(function);
		function->ops->destroy(function);
	}
	bus_del_region(&host->vm->mmio, arch_layout.ecam.base);
	bus_del_region(&host->vm->mmio, arch_layout.pci_io_mmio);
	bus_del_region(&host->vm->pio, arch_layout.pci_config_port);
	pthread_mutex_destroy(&host->bus.lock);
	host->vm = NULL;
}

/* Functions of the slot, as a mask. */
static unsigned int pci_slot_functions(const struct pci_host *host, unsigned int slot)
{
	unsigned int functions = 0;

	for (unsigned int i = 0; i < PCI_SLOT_FUNCTIONS; i++)
		if (host->functions[PCI_DEVFN(slot, i)])
			functions |= 1u << i;
	return functions;
}

int pci_host_free_slot(const struct pci_host *host)
{
	for (unsigned int slot = 0; slot < PCI_HOST_SLOTS; slot++)
		if (!pci_slot_functions(host, slot))
			return (int)slot;
	return -ENOSPC;
}

int pci_host_add_at(struct pci_host *host, struct pci_function *function, uint8_t devfn)
{
	unsigned int slot = PCI_SLOT(devfn), functions;

	if (host->functions[devfn])
		return log_errno(function->name, -EBUSY, "slot %u, function %u of the PCI bus",
				 slot, PCI_FUNC(devfn));
	function->bus = &host->bus;
	function->devfn = devfn;
	host->functions[devfn] = function;
	functions = pci_slot_functions(host, slot);
	for (unsigned int i = 0; functions & (functions - 1) && i < PCI_SLOT_FUNCTIONS; i++)
		if (functions & 1u << i)
			host->functions[PCI_DEVFN(slot, i)]->config[PCI_HEADER_TYPE] |=
				PCI_HEADER_TYPE_MULTI;
	return 0;
}

int pci_host_add(struct pci_host *host, struct pci_function *function)
{
	int slot = pci_host_free_slot(host);

	if (slot < 0)
		return log_errno(function->name, slot, "a free slot on the PCI bus");
	return pci_host_add_at(host, function, PCI_DEVFN(slot, 0));
}

void pci_host_reset(struct pci_host *host)
{
	pthread_mutex_lock(&host->bus.lock);
	host->config_address = 0;
	for (unsigned int devfn = 0; devfn < PCI_HOST_FUNCTIONS; devfn++) {
		struct pci_function *function = host->functions[devfn];

		if (function)
			pci_reset(function);
	}
	for (unsigned int devfn = 0; devfn < PCI_HOST_FUNCTIONS; devfn++)
		if (host->functions[devfn])
			host->functions[devfn]->ops->reset(host->functions[devfn]);
	pthread_mutex_unlock(&host->bus.lock);
}

static bool pci_range_holds(const struct arch_range *range, uint64_t addr, uint64_t size)
{
	return addr >= range->base && size <= range->size &&
	       addr - range->base <= range->size - size;
}

bool pci_host_forwards(const struct pci_bus *bus, const struct pci_bar *bar, uint64_t addr)
{
	const struct pci_host *host = container_of(bus, struct pci_host, bus);

	if (pci_bar_is_io(bar))
		return pci_range_holds(&host->io, addr, bar->size);
	return pci_range_holds(&host->mmio32, addr, bar->size) ||
	       pci_range_holds(&host->mmio64, addr, bar->size);
}

/* A bar of this function that decodes memory in [first, last], and is not `but`. */
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

	if (pci_bar_is_io(bar) || bar->size >= page)
		return true;
	for (unsigned int devfn = 0; devfn < PCI_HOST_FUNCTIONS; devfn++)
		if (host->functions[devfn] &&
		    pci_decodes(host->functions[devfn], bar, first, first + page - 1))
			return false;
	return true;
}

/*
 * Slots take the lines in turn, so that neighbours do not share one. The DSDT's _PRT says the same.
 */
uint32_t pci_host_intx_gsi(const struct pci_function *function, unsigned int pin)
{
	return arch_layout.pci_intx_gsi +
	       (PCI_SLOT(function->devfn) + pin - 1) % arch_layout.pci_intx_lines;
}
