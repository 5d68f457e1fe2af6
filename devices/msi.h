/* SPDX-License-Identifier: MIT */
/*
 * MSI: the capability of one function, as a state machine.
 *
 * Owns the capability's registers, which are bytes of the function's configuration space: their
 * write masks, what they mean, and that no more vectors are in use than the capability offers. Says
 * when there is something to do. Knows neither KVM nor VFIO: how a message reaches the guest is its
 * owner's business.
 *
 * Read beside it: PCI Local Bus 3.0, 6.8.1.
 */
#ifndef MINIVMM_MSI_H
#define MINIVMM_MSI_H

#include <stdbool.h>
#include <stdint.h>

#include "pci.h"

#define MSI_VECTORS_MAX 32u

struct msi_ops {
	/*
	 * Called if MSI is on or was until now: it was switched on or off, or the message, the
	 * number of vectors or their masks changed. The owner must look at all vectors again.
	 */
	void (*changed)(void *owner);
	/* True if an interrupt is pending behind the vector's mask. */
	bool (*vector_pending)(void *owner, unsigned int vector);
};

struct msi {
	const struct msi_ops *ops;
	void *owner;
	struct pci_function *function;
	unsigned int cap;     /* offset of the capability; 0: the function has none */
	unsigned int offered; /* vectors that the guest may ask for: 1, 2, 4 .. 32 */
	bool enabled;
	unsigned int vectors; /* number in use while MSI is on, at most `offered` */
	uint64_t address;
	uint32_t data; /* data of vector 0; the low bits are replaced by the vector's number */
	uint32_t mask; /* one bit a vector; 0 where there is no per-vector masking */
};

/* Bytes of a capability with this Message Control word. */
unsigned int msi_capability_size(uint16_t control);

/*
 * Take over the capability at `cap`, whose control word says whether it has 64-bit addresses and
 * per-vector masking. The guest may use up to `vectors`, which is rounded down to a power of two.
 * The state is as after power-on.
 */
void msi_init(struct msi *msi, struct pci_function *function, unsigned int cap,
	      unsigned int vectors, const struct msi_ops *ops, void *owner);

/* Set the state after power-on; tells the owner if MSI was on. */
void msi_reset(struct msi *msi);

/*
 * Around the guest's accesses, `offset` and `size` being any in configuration space: before a read
 * the pending bits are brought up to date, after a write the registers are looked at. Both accept
 * an msi without a capability.
 */
void msi_config_reading(struct msi *msi, unsigned int offset, unsigned int size);
void msi_config_written(struct msi *msi, unsigned int offset, unsigned int size);

/* True if the vector may interrupt now: MSI is on, and the vector is in use and not masked. */
bool msi_vector_live(const struct msi *msi, unsigned int vector);

/* The vector's own data: the number of the vector takes the place of the lowest bits. */
uint32_t msi_vector_data(const struct msi *msi, unsigned int vector);

#endif
