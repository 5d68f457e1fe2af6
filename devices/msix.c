/* SPDX-License-Identifier: MIT */
#include "msix.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MSIX_DWORDS       4 /* of an entry */
#define MSIX_DWORD_DATA   2
#define MSIX_DWORD_VECTOR 3 /* vector control */

int msix_init(struct msix *msix, unsigned int vectors, const struct msix_ops *ops, void *owner)
{
	*msix = (struct msix){ .ops = ops, .owner = owner, .vectors = vectors };
	msix->table = calloc(vectors, MSIX_ENTRY_SIZE);
	if (!msix->table)
		return -ENOMEM;
	msix_reset(msix);
	return 0;
}

void msix_destroy(struct msix *msix)
{
	free(msix->table);
	*msix = (struct msix){ 0 };
}

void msix_reset(struct msix *msix)
{
	msix_control_write(msix, 0);
	for (unsigned int i = 0; i < msix->vectors; i++) {
		uint32_t *entry = &msix->table[i * MSIX_DWORDS];

		memset(entry, 0, MSIX_ENTRY_SIZE);
		entry[MSIX_DWORD_VECTOR] = PCI_MSIX_ENTRY_CTRL_MASKBIT;
	}
}

uint32_t msix_table_size(const struct msix *msix)
{
	return msix->vectors * MSIX_ENTRY_SIZE;
}

uint32_t msix_pba_size(const struct msix *msix)
{
	return (msix->vectors + 63) / 64 * 8;
}

/* The only accesses the specification defines. */
static bool msix_access_valid(uint64_t offset, unsigned int size, uint32_t limit)
{
	return (size == 4 || size == 8) && offset % size == 0 && offset < limit;
}

uint64_t msix_table_read(struct msix *msix, uint64_t offset, unsigned int size)
{
	const uint32_t *dword;

	if (!msix_access_valid(offset, size, msix_table_size(msix)))
		return UINT64_MAX;
	dword = &msix->table[offset / 4];
	return size == 4 ? dword[0] : dword[0] | (uint64_t)dword[1] << 32;
}

static void msix_write_dword(struct msix *msix, uint64_t index, uint32_t value)
{
	if (index % MSIX_DWORDS == MSIX_DWORD_VECTOR)
		value &= PCI_MSIX_ENTRY_CTRL_MASKBIT;
	msix->table[index] = value;
}

static bool msix_entry_masked(const struct msix *msix, unsigned int vector)
{
	return msix->table[vector * MSIX_DWORDS + MSIX_DWORD_VECTOR] & PCI_MSIX_ENTRY_CTRL_MASKBIT;
}

void msix_table_write(struct msix *msix, uint64_t offset, unsigned int size, uint64_t value)
{
	unsigned int vector = (unsigned int)(offset / MSIX_ENTRY_SIZE);
	bool was_masked;

	if (!msix_access_valid(offset, size, msix_table_size(msix)))
		return;
	was_masked = msix_entry_masked(msix, vector);
	msix_write_dword(msix, offset / 4, (uint32_t)value);
	if (size == 8)
		msix_write_dword(msix, offset / 4 + 1, (uint32_t)(value >> 32));
	/* A message written behind the mask counts when the mask goes. */
	if (msix->enabled && !(was_masked && msix_entry_masked(msix, vector)))
		msix->ops->vector_changed(msix->owner, vector);
}

uint64_t msix_pba_read(struct msix *msix, uint64_t offset, unsigned int size)
{
	uint64_t value = 0;

	if (!msix_access_valid(offset, size, msix_pba_size(msix)))
		return UINT64_MAX;
	for (unsigned int bit = 0; bit < 8 * size; bit++) {
		unsigned int vector = (unsigned int)offset * 8 + bit;

		if (vector < msix->vectors && msix->enabled && !msix_vector_live(msix, vector) &&
		    msix->ops->vector_pending(msix->owner, vector))
			value |= 1ull << bit;
	}
	return value;
}

void msix_control_write(struct msix *msix, uint16_t control)
{
	bool was_masked = msix->function_masked, was_enabled = msix->enabled;

	msix->enabled = control & PCI_MSIX_FLAGS_ENABLE;
	msix->function_masked = control & PCI_MSIX_FLAGS_MASKALL;
	if (was_enabled != msix->enabled || (msix->enabled && was_masked != msix->function_masked))
		msix->ops->control_changed(msix->owner);
}

bool msix_vector_live(const struct msix *msix, unsigned int vector)
{
	return msix->enabled && !msix->function_masked && !msix_entry_masked(msix, vector);
}

uint64_t msix_vector_address(const struct msix *msix, unsigned int vector)
{
	const uint32_t *entry = &msix->table[vector * MSIX_DWORDS];

	return entry[0] | (uint64_t)entry[1] << 32;
}

uint32_t msix_vector_data(const struct msix *msix, unsigned int vector)
{
	return msix->table[vector * MSIX_DWORDS + MSIX_DWORD_DATA];
}

void msix_locate_table(uint64_t offset, struct trace_place *place)
{
	static const char *const dwords[MSIX_DWORDS] = { "address", "address, high half", "data",
							 "vector control" };

	place->area = "MSI-X table";
	snprintf(place->reg, sizeof(place->reg), "MSI-X table, vector %" PRIu64 " %s",
		 offset / MSIX_ENTRY_SIZE, dwords[offset / 4 % MSIX_DWORDS]);
}

void msix_locate_pba(uint64_t offset, struct trace_place *place)
{
	place->area = "MSI-X PBA";
	snprintf(place->reg, sizeof(place->reg), "MSI-X pending bits from vector %" PRIu64,
		 8 * offset);
}
