/* SPDX-License-Identifier: MIT */
#include "pci_bridge.h"

#include <linux/pci.h>
#include <string.h>

#include "vmm/trace/macros.h"

#define BRIDGE_IO_PAGE     0x1000ull
#define BRIDGE_MEMORY_PAGE 0x100000ull
#define BRIDGE_ADDRESS     0xfff0u /* of a window register: bits 20 to 31 of an address */

/* Which bits of a bridge's own registers the guest may write. */
static const struct {
	uint8_t offset, size;
	uint32_t writable;
} bridge_registers[] = {
	{ PCI_COMMAND, 2,
	  PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
		  PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE },
	{ PCI_PRIMARY_BUS, 1, 0xff },
	{ PCI_SECONDARY_BUS, 1, 0xff },
	{ PCI_SUBORDINATE_BUS, 1, 0xff },
	{ PCI_IO_BASE, 1, 0xf0 },
	{ PCI_IO_LIMIT, 1, 0xf0 },
	{ PCI_MEMORY_BASE, 2, BRIDGE_ADDRESS },
	{ PCI_MEMORY_LIMIT, 2, BRIDGE_ADDRESS },
	{ PCI_PREF_MEMORY_BASE, 2, BRIDGE_ADDRESS },
	{ PCI_PREF_MEMORY_LIMIT, 2, BRIDGE_ADDRESS },
	{ PCI_PREF_BASE_UPPER32, 4, UINT32_MAX },
	{ PCI_PREF_LIMIT_UPPER32, 4, UINT32_MAX },
	{ PCI_BRIDGE_CONTROL, 2,
	  PCI_BRIDGE_CTL_PARITY | PCI_BRIDGE_CTL_SERR | PCI_BRIDGE_CTL_BUS_RESET },
};

static const uint32_t bridge_window_flags[PCI_WINDOWS] = {
	[PCI_WINDOW_IO] = PCI_BASE_ADDRESS_SPACE_IO,
	[PCI_WINDOW_MEMORY] = PCI_BASE_ADDRESS_SPACE_MEMORY,
	[PCI_WINDOW_PREFETCHABLE] = PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH,
};

void pci_bridge_init(struct pci_bridge *bridge, const struct pci_function_ops *ops,
		     const char *name)
{
	struct pci_function *function = &bridge->function;

	memset(bridge, 0, sizeof(*bridge));
	pci_function_init(function, ops, name);
	function->config[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_BRIDGE;
	for (size_t i = 0; i < array_size(bridge_registers); i++)
		for (unsigned int byte = 0; byte < bridge_registers[i].size; byte++)
			function->writable[bridge_registers[i].offset + byte] =
				(uint8_t)(bridge_registers[i].writable >> (8 * byte));
	for (unsigned int window = 0; window < PCI_WINDOWS; window++)
		bridge->windows[window].flags = bridge_window_flags[window];
}

/* ---- windows ---- */

enum pci_window pci_bridge_window_of(const struct pci_bar *bar)
{
	if (pci_bar_is_io(bar))
		return PCI_WINDOW_IO;
	return pci_bar_is_64(bar) && (bar->flags & PCI_BASE_ADDRESS_MEM_PREFETCH)
		       ? PCI_WINDOW_PREFETCHABLE
		       : PCI_WINDOW_MEMORY;
}

uint64_t pci_bridge_granularity(enum pci_window window)
{
	return window == PCI_WINDOW_IO ? BRIDGE_IO_PAGE : BRIDGE_MEMORY_PAGE;
}

/* A closed window has its base above its limit. */
static void bridge_set_io(struct pci_function *function, uint64_t base, uint64_t last)
{
	function->config[PCI_IO_BASE] = (uint8_t)(base >> 8 & 0xf0);
	function->config[PCI_IO_LIMIT] = (uint8_t)(last >> 8 & 0xf0);
}

static void bridge_set_memory(struct pci_function *function, uint64_t base, uint64_t last)
{
	pci_set_word(function, PCI_MEMORY_BASE, (uint16_t)(base >> 16 & BRIDGE_ADDRESS));
	pci_set_word(function, PCI_MEMORY_LIMIT, (uint16_t)(last >> 16 & BRIDGE_ADDRESS));
}

static void bridge_set_prefetchable(struct pci_function *function, uint64_t base, uint64_t last)
{
	pci_set_word(function, PCI_PREF_MEMORY_BASE,
		     (uint16_t)((base >> 16 & BRIDGE_ADDRESS) | PCI_PREF_RANGE_TYPE_64));
	pci_set_word(function, PCI_PREF_MEMORY_LIMIT,
		     (uint16_t)((last >> 16 & BRIDGE_ADDRESS) | PCI_PREF_RANGE_TYPE_64));
	pci_set_long(function, PCI_PREF_BASE_UPPER32, (uint32_t)(base >> 32));
	pci_set_long(function, PCI_PREF_LIMIT_UPPER32, (uint32_t)(last >> 32));
}

/* The range [base, last] that a window forwards now; it is closed if base > last. */
static void bridge_get_window(const struct pci_function *function, enum pci_window window,
			      uint64_t *base, uint64_t *last)
{
	uint64_t low = BRIDGE_ADDRESS, page = pci_bridge_granularity(window) - 1;

	switch (window) {
	case PCI_WINDOW_IO:
		*base = (function->config[PCI_IO_BASE] & 0xf0ull) << 8;
		*last = (function->config[PCI_IO_LIMIT] & 0xf0ull) << 8 | page;
		break;
	case PCI_WINDOW_MEMORY:
		*base = (pci_get_word(function, PCI_MEMORY_BASE) & low) << 16;
		*last = (pci_get_word(function, PCI_MEMORY_LIMIT) & low) << 16 | page;
		break;
	default:
		*base = (pci_get_word(function, PCI_PREF_MEMORY_BASE) & low) << 16 |
			(uint64_t)pci_get_long(function, PCI_PREF_BASE_UPPER32) << 32;
		*last = (pci_get_word(function, PCI_PREF_MEMORY_LIMIT) & low) << 16 | page |
			(uint64_t)pci_get_long(function, PCI_PREF_LIMIT_UPPER32) << 32;
	}
}

static bool bridge_window_holds(const struct pci_function *function, enum pci_window window,
				uint64_t addr, uint64_t size)
{
	uint64_t base, last;

	bridge_get_window(function, window, &base, &last);
	return base <= last && addr >= base && addr <= last && size - 1 <= last - addr;
}

bool pci_bridge_forwards(const struct pci_function *bridge, const struct pci_bar *bar,
			 uint64_t addr)
{
	uint16_t command = pci_get_word(bridge, PCI_COMMAND);

	if (pci_bar_is_io(bar))
		return (command & PCI_COMMAND_IO) &&
		       bridge_window_holds(bridge, PCI_WINDOW_IO, addr, bar->size);
	return (command & PCI_COMMAND_MEMORY) &&
	       (bridge_window_holds(bridge, PCI_WINDOW_MEMORY, addr, bar->size) ||
		bridge_window_holds(bridge, PCI_WINDOW_PREFETCHABLE, addr, bar->size));
}

bool pci_bridge_decides(unsigned int offset, unsigned int size)
{
	return pci_access_covers(offset, size, PCI_COMMAND) ||
	       (offset < PCI_CAPABILITY_LIST && offset + size > PCI_IO_BASE);
}

/* ---- the bus below ---- */

struct pci_function *pci_bridge_find(const struct pci_bridge *bridge, unsigned int bus,
				     unsigned int devfn)
{
	if (bus == 0 || bridge->function.config[PCI_SECONDARY_BUS] != bus ||
	    devfn >= PCI_BRIDGE_FUNCTIONS)
		return NULL;
	return bridge->below[devfn];
}

bool pci_bridge_is_empty(const struct pci_bridge *bridge)
{
	for (unsigned int i = 0; i < PCI_BRIDGE_FUNCTIONS; i++)
		if (bridge->below[i])
			return false;
	return true;
}

static void bridge_each_below(struct pci_bridge *bridge, void (*act)(struct pci_function *function))
{
	for (unsigned int i = 0; i < PCI_BRIDGE_FUNCTIONS; i++)
		if (bridge->below[i])
			act(bridge->below[i]);
}

static void bridge_reset_one(struct pci_function *function)
{
	function->ops->reset(function);
}

static void bridge_revive_one(struct pci_function *function)
{
	if (function->ops->revive)
		function->ops->revive(function);
}

void pci_bridge_reset_bus(struct pci_bridge *bridge)
{
	bridge_each_below(bridge, pci_stop);
	bridge_each_below(bridge, bridge_reset_one);
	bridge_each_below(bridge, bridge_revive_one);
}

/* ---- power-on ---- */

static void bridge_open_window(struct pci_bridge *bridge, enum pci_window window)
{
	static void (*const set[PCI_WINDOWS])(struct pci_function *, uint64_t, uint64_t) = {
		[PCI_WINDOW_IO] = bridge_set_io,
		[PCI_WINDOW_MEMORY] = bridge_set_memory,
		[PCI_WINDOW_PREFETCHABLE] = bridge_set_prefetchable,
	};
	const struct pci_bar *w = &bridge->windows[window];

	if (w->size)
		set[window](&bridge->function, w->assigned, w->assigned + w->size - 1);
	else
		set[window](&bridge->function, UINT32_MAX, 0);
}

void pci_bridge_reset(struct pci_bridge *bridge)
{
	struct pci_function *function = &bridge->function;

	function->config[PCI_PRIMARY_BUS] = 0;
	function->config[PCI_SECONDARY_BUS] = bridge->number;
	function->config[PCI_SUBORDINATE_BUS] = bridge->number;
	pci_set_word(function, PCI_BRIDGE_CONTROL, 0);
	for (unsigned int window = 0; window < PCI_WINDOWS; window++)
		bridge_open_window(bridge, window);
}
