/* SPDX-License-Identifier: MIT */
/*
 * Nodes and properties of a device tree, as they are written one after the other.
 *
 * Owns the form of values and the first error, which is kept. What the tree says is in
 * device_tree.c and device_tree_firmware.c. Nothing here logs.
 *
 * Read beside it: Devicetree Specification 0.4, chapters 2 and 5.
 */
#ifndef MINIVMM_DEVICE_TREE_WRITER_H
#define MINIVMM_DEVICE_TREE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/core/arch.h"

#define CELLS_MAX 512

/* Numbers of the nodes that other nodes refer to. */
#define PHANDLE_GIC   1u
#define PHANDLE_ITS   2u
#define PHANDLE_CLOCK 3u
#define PHANDLE_GPIO  4u

/* Interrupt specifiers of arm,gic-v3: kind, number, trigger. */
#define GIC_SPI        0u
#define GIC_PPI        1u
#define GIC_LEVEL_HIGH 4u

/* A tree that is being written. The first error is kept. */
struct tree {
	void *to;
	int error; /* an error number of libfdt */
};

/* A property's value: cells of 32 bits, big-endian. */
struct tree_cells {
	uint32_t cell[CELLS_MAX];
	unsigned int count;
};

/* Keep what a function of libfdt returned, if it is the first error. */
void tree_check(struct tree *tree, int error);

/* Begin and end a node; the second kind's name includes the address of its registers. */
void tree_open(struct tree *tree, const char *name);
void tree_open_at(struct tree *tree, const char *name, uint64_t address);
void tree_close(struct tree *tree);

/* Give the open node a property: bytes, nothing, a text, one cell, or several cells. */
void tree_put(struct tree *tree, const char *name, const void *value, size_t size);
void tree_put_flag(struct tree *tree, const char *name);
void tree_put_text(struct tree *tree, const char *name, const char *text);
void tree_put_cell(struct tree *tree, const char *name, uint32_t value);
void tree_put_cells(struct tree *tree, const char *name, const struct tree_cells *cells);

/*
 * Give the open node a range of registers; a level interrupt; the number of cells that its
 * children use.
 */
void tree_put_reg(struct tree *tree, uint64_t base, uint64_t size);
void tree_put_irq(struct tree *tree, uint32_t kind, uint32_t number);
void tree_put_sizes(struct tree *tree, uint32_t address, uint32_t size);

/* Append to a property's value. */
void tree_add(struct tree_cells *cells, uint32_t value);
void tree_add64(struct tree_cells *cells, uint64_t value);
void tree_add_range(struct tree_cells *cells, const struct arch_range *range);
void tree_add_irq(struct tree_cells *cells, uint32_t kind, uint32_t number);

#endif
