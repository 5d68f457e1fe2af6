/* SPDX-License-Identifier: MIT */
/*
 * MSI-X: the table, the pending bits and the control word of one function, as a state machine.
 *
 * Owns what the guest wrote and what it reads back; says which vector changed. Knows neither KVM
 * nor VFIO: how a message reaches the guest is its owner's business.
 *
 * Read beside it: PCI Local Bus 3.0, 6.8.2.
 */
#ifndef MINIVMM_MSIX_H
#define MINIVMM_MSIX_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/trace/trace_event.h"

#define MSIX_ENTRY_SIZE  16u
#define MSIX_VECTORS_MAX 2048u

struct msix_ops {
	/* The vector's message, mask or both changed while MSI-X is on. */
	void (*vector_changed)(void *owner, unsigned int vector);
	/* True if an interrupt is pending behind the vector's mask. */
	bool (*vector_pending)(void *owner, unsigned int vector);
	/* MSI-X was switched on or off, or the function mask changed: all vectors are concerned. */
	void (*control_changed)(void *owner);
};

struct msix {
	const struct msix_ops *ops;
	void *owner;
	unsigned int vectors;
	uint32_t *table; /* vectors * 4 dwords */
	bool enabled;
	bool function_masked;
};

/* Make a table with all vectors masked and MSI-X off. 0 or -ENOMEM, not logged. */
int msix_init(struct msix *msix, unsigned int vectors, const struct msix_ops *ops, void *owner);
void msix_destroy(struct msix *msix);

/* Set the state after power-on; tells the owner of what was on. */
void msix_reset(struct msix *msix);

/* Bytes of table and PBA: 16 a vector; one bit a vector in whole quadwords. */
uint32_t msix_table_size(const struct msix *msix);
uint32_t msix_pba_size(const struct msix *msix);

/*
 * Accesses of the guest, offsets counted from the start of table or PBA. They must be aligned, of 4
 * or 8 bytes, and inside; otherwise reads give all-ones and writes are dropped. The PBA is
 * read-only.
 */
uint64_t msix_table_read(struct msix *msix, uint64_t offset, unsigned int size);
void msix_table_write(struct msix *msix, uint64_t offset, unsigned int size, uint64_t value);
uint64_t msix_pba_read(struct msix *msix, uint64_t offset, unsigned int size);

/* The guest wrote the Message Control word. */
void msix_control_write(struct msix *msix, uint16_t control);

/*
 * True if the vector may interrupt now: MSI-X is on, and neither the vector nor the function is
 * masked.
 */
bool msix_vector_live(const struct msix *msix, unsigned int vector);
uint64_t msix_vector_address(const struct msix *msix, unsigned int vector);
uint32_t msix_vector_data(const struct msix *msix, unsigned int vector);

/* For a trace: name the register at `offset` of the table, or of the PBA. */
void msix_locate_table(uint64_t offset, struct trace_place *place);
void msix_locate_pba(uint64_t offset, struct trace_place *place);

#endif
