/* SPDX-License-Identifier: MIT */
#include "device_tree_writer.h"

#include <assert.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

void tree_check(struct tree *tree, int error)
{
	if (!tree->error)
		tree->error = error;
}

void tree_open(struct tree *tree, const char *name)
{
	tree_check(tree, fdt_begin_node(tree->to, name));
}

/* Open a node whose name includes the address of its registers. */
void tree_open_at(struct tree *tree, const char *name, uint64_t address)
{
	char full[64];

	snprintf(full, sizeof(full), "%s@%" PRIx64, name, address);
	tree_open(tree, full);
}

void tree_close(struct tree *tree)
{
	tree_check(tree, fdt_end_node(tree->to));
}

void tree_put(struct tree *tree, const char *name, const void *value, size_t size)
{
	tree_check(tree, fdt_property(tree->to, name, value, (int)size));
}

void tree_put_flag(struct tree *tree, const char *name)
{
	tree_put(tree, name, NULL, 0);
}

void tree_put_text(struct tree *tree, const char *name, const char *text)
{
	tree_put(tree, name, text, strlen(text) + 1);
}

void tree_put_cell(struct tree *tree, const char *name, uint32_t value)
{
	tree_check(tree, fdt_property_u32(tree->to, name, value));
}

void tree_put_cells(struct tree *tree, const char *name, const struct tree_cells *cells)
{
	tree_put(tree, name, cells->cell, cells->count * sizeof(cells->cell[0]));
}

void tree_add(struct tree_cells *cells, uint32_t value)
{
	assert(cells->count < CELLS_MAX);
	cells->cell[cells->count++] = cpu_to_fdt32(value);
}

void tree_add64(struct tree_cells *cells, uint64_t value)
{
	tree_add(cells, (uint32_t)(value >> 32));
	tree_add(cells, (uint32_t)value);
}

void tree_add_range(struct tree_cells *cells, const struct arch_range *range)
{
	tree_add64(cells, range->base);
	tree_add64(cells, range->size);
}

void tree_add_irq(struct tree_cells *cells, uint32_t kind, uint32_t number)
{
	tree_add(cells, kind);
	tree_add(cells, number);
	tree_add(cells, GIC_LEVEL_HIGH);
}

void tree_put_reg(struct tree *tree, uint64_t base, uint64_t size)
{
	struct tree_cells reg = { .count = 0 };

	tree_add_range(&reg, &(struct arch_range){ base, size });
	tree_put_cells(tree, "reg", &reg);
}

void tree_put_irq(struct tree *tree, uint32_t kind, uint32_t number)
{
	struct tree_cells irq = { .count = 0 };

	tree_add_irq(&irq, kind, number);
	tree_put_cells(tree, "interrupts", &irq);
}

void tree_put_sizes(struct tree *tree, uint32_t address, uint32_t size)
{
	tree_put_cell(tree, "#address-cells", address);
	tree_put_cell(tree, "#size-cells", size);
}
