/* SPDX-License-Identifier: MIT */
#include "pci.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* A capability list cannot have more than this many members of 4 bytes each. */
#define PCI_CAPABILITIES_MAX 48

void pci_function_init(struct pci_function *function, const struct pci_function_ops *ops,
		       const char *name)
{
	*function = (struct pci_function){ .ops = ops, .name = name };
	function->next_capability = PCI_STD_HEADER_SIZEOF;
	function->writable[PCI_COMMAND] = PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	function->writable[PCI_COMMAND + 1] = PCI_COMMAND_INTX_DISABLE >> 8;
	function->writable[PCI_INTERRUPT_LINE] = 0xff;
	function->writable[PCI_CACHE_LINE_SIZE] = 0xff;
}

uint16_t pci_requester_id(const struct pci_function *function)
{
	unsigned int bus = function->bridge ? function->bridge->config[PCI_SECONDARY_BUS] : 0;

	return (uint16_t)(bus << 8 | function->devfn);
}

uint16_t pci_get_word(const struct pci_function *function, unsigned int offset)
{
	const uint8_t *byte = &function->config[offset];

	return (uint16_t)(byte[0] | byte[1] << 8);
}

uint32_t pci_get_long(const struct pci_function *function, unsigned int offset)
{
	return pci_get_word(function, offset) | (uint32_t)pci_get_word(function, offset + 2) << 16;
}

void pci_set_word(struct pci_function *function, unsigned int offset, uint16_t value)
{
	function->config[offset] = (uint8_t)value;
	function->config[offset + 1] = (uint8_t)(value >> 8);
}

void pci_set_long(struct pci_function *function, unsigned int offset, uint32_t value)
{
	pci_set_word(function, offset, (uint16_t)value);
	pci_set_word(function, offset + 2, (uint16_t)(value >> 16));
}

void pci_set_id(struct pci_function *function, const struct pci_id *id)
{
	pci_set_word(function, PCI_VENDOR_ID, id->vendor);
	pci_set_word(function, PCI_DEVICE_ID, id->device);
	pci_set_word(function, PCI_SUBSYSTEM_VENDOR_ID, id->subsystem_vendor);
	pci_set_word(function, PCI_SUBSYSTEM_ID, id->subsystem);
	pci_set_long(function, PCI_CLASS_REVISION, id->class_revision);
}

/* ---- BARs ---- */

static unsigned int pci_bar_offset(unsigned int bar)
{
	return bar == PCI_BAR_ROM ? PCI_ROM_ADDRESS : PCI_BASE_ADDRESS_0 + 4 * bar;
}

uint32_t pci_bar_flags(const uint8_t *config, unsigned int bar)
{
	uint8_t low = config[pci_bar_offset(bar)];

	if (low & PCI_BASE_ADDRESS_SPACE_IO)
		return PCI_BASE_ADDRESS_SPACE_IO;
	low &= PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH;
	return bar < PCI_BAR_ROM - 1 ? low : low & ~(uint32_t)PCI_BASE_ADDRESS_MEM_TYPE_64;
}

bool pci_bar_is_io(const struct pci_bar *bar)
{
	return bar->flags & PCI_BASE_ADDRESS_SPACE_IO;
}

bool pci_bar_is_64(const struct pci_bar *bar)
{
	return !pci_bar_is_io(bar) && (bar->flags & PCI_BASE_ADDRESS_MEM_TYPE_64);
}

int pci_no_bar_map(struct pci_function *function, unsigned int bar)
{
	(void)function;
	(void)bar;
	return -ENXIO;
}

void pci_no_bar_unmap(struct pci_function *function, unsigned int bar)
{
	(void)function;
	(void)bar;
}

static void pci_set_writable_long(struct pci_function *function, unsigned int offset, uint32_t mask)
{
	for (unsigned int i = 0; i < 4; i++)
		function->writable[offset + i] = (uint8_t)(mask >> (8 * i));
}

/*
 * The address bits below the size do not stick: writing all-ones and reading back tells the size.
 */
void pci_set_bar(struct pci_function *function, unsigned int bar, uint64_t size, uint32_t flags)
{
	unsigned int offset = pci_bar_offset(bar);
	uint64_t mask = ~(size - 1);

	assert(bar < PCI_BARS && size && !(size & (size - 1)));
	function->bars[bar] = (struct pci_bar){ .size = size, .flags = flags };
	pci_set_long(function, offset, flags);
	if (bar == PCI_BAR_ROM)
		mask |= PCI_ROM_ADDRESS_ENABLE;
	pci_set_writable_long(function, offset, (uint32_t)mask);
	if (pci_bar_is_64(&function->bars[bar]))
		pci_set_writable_long(function, offset + 4, (uint32_t)(mask >> 32));
}

static uint64_t pci_bar_address(const struct pci_function *function, unsigned int bar)
{
	const struct pci_bar *b = &function->bars[bar];
	unsigned int offset = pci_bar_offset(bar);
	uint64_t addr = pci_get_long(function, offset);

	if (pci_bar_is_64(b))
		addr |= (uint64_t)pci_get_long(function, offset + 4) << 32;
	return addr & ~(b->size - 1);
}

static void pci_set_bar_address(struct pci_function *function, unsigned int bar, uint64_t addr)
{
	const struct pci_bar *b = &function->bars[bar];
	unsigned int offset = pci_bar_offset(bar);

	pci_set_long(function, offset, (uint32_t)addr | b->flags);
	if (pci_bar_is_64(b))
		pci_set_long(function, offset + 4, (uint32_t)(addr >> 32));
}

static bool pci_bar_enabled(const struct pci_function *function, unsigned int bar)
{
	uint16_t command = pci_get_word(function, PCI_COMMAND);
	const struct pci_bar *b = &function->bars[bar];

	if (!b->size || function->memory_blocked)
		return false;
	if (bar == PCI_BAR_ROM && !(function->config[PCI_ROM_ADDRESS] & PCI_ROM_ADDRESS_ENABLE))
		return false;
	return command & (pci_bar_is_io(b) ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY);
}

static void pci_unmap_bar(struct pci_function *function, unsigned int bar)
{
	if (!function->bars[bar].mapped)
		return;
	function->ops->bar_unmap(function, bar);
	function->bars[bar].mapped = false;
	function->bus->vacated = true;
}

static void pci_map_bar(struct pci_function *function, unsigned int bar, uint64_t addr)
{
	struct pci_bar *b = &function->bars[bar];

	if (b->mapped || !function->bus->forwards(function, b, addr))
		return;
	b->addr = addr;
	b->alone = function->bus->alone(function->bus, b, addr);
	b->mapped = function->ops->bar_map(function, bar) == 0;
	function->bus->vacated |= !b->alone; /* its neighbours are no longer alone in their pages */
}

/*
 * True if the BAR must be unmapped: the bridges above no longer forward it, or the pages that it is
 * in have gained or lost another BAR, so that it may be mapped in another way.
 */
static bool pci_bar_is_misplaced(const struct pci_function *function, unsigned int bar)
{
	const struct pci_bar *b = &function->bars[bar];

	return b->mapped && (!function->bus->forwards(function, b, b->addr) ||
			     function->bus->alone(function->bus, b, b->addr) != b->alone);
}

static bool pci_bar_leaves(const struct pci_function *function, unsigned int bar)
{
	return !pci_bar_enabled(function, bar) ||
	       pci_bar_address(function, bar) != function->bars[bar].addr ||
	       pci_bar_is_misplaced(function, bar);
}

/*
 * First unmap all BARs that leave, then map all that come, because two BARs may have changed
 * places. Which ones leave is decided before the first one does, because that changes which BARs
 * have neighbours.
 */
void pci_update_bars(struct pci_function *function)
{
	bool leaves[PCI_BARS];

	for (unsigned int bar = 0; bar < PCI_BARS; bar++)
		leaves[bar] = pci_bar_leaves(function, bar);
	for (unsigned int bar = 0; bar < PCI_BARS; bar++)
		if (leaves[bar])
			pci_unmap_bar(function, bar);
	for (unsigned int bar = 0; bar < PCI_BARS; bar++)
		if (pci_bar_enabled(function, bar))
			pci_map_bar(function, bar, pci_bar_address(function, bar));
}

void pci_reset(struct pci_function *function)
{
	function->memory_blocked = false;
	pci_set_word(function, PCI_COMMAND, 0);
	function->config[PCI_INTERRUPT_LINE] = 0;
	function->config[PCI_CACHE_LINE_SIZE] = 0;
	pci_update_bars(function);
	for (unsigned int bar = 0; bar < PCI_BARS; bar++)
		if (function->bars[bar].size)
			pci_set_bar_address(function, bar, function->bars[bar].assigned);
}

void pci_stop(struct pci_function *function)
{
	pci_reset(function);
	if (function->ops->stop)
		function->ops->stop(function);
}

/* ---- capabilities ---- */

unsigned int pci_find_capability(const struct pci_function *function, uint8_t id)
{
	unsigned int offset = function->config[PCI_CAPABILITY_LIST] & ~3u;

	if (!(pci_get_word(function, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	for (unsigned int i = 0; i < PCI_CAPABILITIES_MAX && offset >= PCI_STD_HEADER_SIZEOF; i++) {
		if (function->config[offset] == id)
			return offset;
		offset = function->config[offset + 1] & ~3u;
	}
	return 0;
}

unsigned int pci_add_capability(struct pci_function *function, uint8_t id, unsigned int size)
{
	unsigned int offset = function->next_capability;

	if (offset + size > PCI_CFG_SPACE_SIZE)
		return 0;
	function->config[offset] = id;
	function->config[offset + 1] = function->config[PCI_CAPABILITY_LIST];
	function->config[PCI_CAPABILITY_LIST] = (uint8_t)offset;
	function->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	function->next_capability = (offset + size + 3) & ~3u;
	return offset;
}

/* ---- plain registers ---- */

bool pci_access_covers(unsigned int offset, unsigned int size, unsigned int reg)
{
	return offset <= reg && reg < offset + size;
}

uint32_t pci_config_read(struct pci_function *function, unsigned int offset, unsigned int size)
{
	uint32_t value = 0;

	assert(offset + size <= PCI_CONFIG_SIZE);
	memcpy(&value, &function->config[offset], size);
	return value;
}

void pci_config_write(struct pci_function *function, unsigned int offset, unsigned int size,
		      uint32_t value)
{
	assert(offset + size <= PCI_CONFIG_SIZE);
	for (unsigned int i = 0; i < size; i++) {
		uint8_t mask = function->writable[offset + i];
		uint8_t *byte = &function->config[offset + i];

		*byte = (uint8_t)((*byte & ~mask) | ((value >> (8 * i)) & mask));
	}
	pci_update_bars(function);
}

/* ---- accesses of any size ---- */

/* Functions see aligned accesses of 1, 2 or 4 bytes; any other access is cut into bytes. */
static unsigned int pci_config_step(unsigned int offset, unsigned int size)
{
	if (size == 8)
		size = 4;
	return offset % size ? 1 : size;
}

uint64_t pci_read_any(struct pci_function *function, unsigned int offset, unsigned int size)
{
	unsigned int step = pci_config_step(offset, size);
	uint64_t value = UINT64_MAX;

	for (unsigned int i = 0; i < size && offset + i < PCI_CONFIG_SIZE; i += step) {
		uint32_t part = function->ops->config_read(function, offset + i, step);

		memcpy((uint8_t *)&value + i, &part, step);
	}
	return value;
}

void pci_write_any(struct pci_function *function, unsigned int offset, unsigned int size,
		   uint64_t value)
{
	unsigned int step = pci_config_step(offset, size);
	uint32_t mask = step == 4 ? UINT32_MAX : (1u << (8 * step)) - 1;

	for (unsigned int i = 0; i < size && offset + i < PCI_CONFIG_SIZE; i += step)
		function->ops->config_write(function, offset + i, step,
					    (uint32_t)(value >> (8 * i)) & mask);
}
