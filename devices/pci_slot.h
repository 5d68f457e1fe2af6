/* SPDX-License-Identifier: MIT */
/*
 * The hot-plug slot of a PCI Express port, as a state machine.
 *
 * Owns the slot's registers in the port's PCI Express capability: whether a device is there, the
 * attention button, the power indicator, and whether any of it wants the guest's attention. The
 * slot has a button and an indicator, no power controller: Linux waits a second after it has
 * switched power off, and the indicator says as well that the guest has let go. How an interrupt
 * reaches the guest is the port's business, which device is in the slot its owner's.
 *
 * Read beside it: PCI Express Base 6.7.1 to 6.7.3, 7.5.3.9 to 7.5.3.11.
 */
#ifndef MINIVMM_PCI_SLOT_H
#define MINIVMM_PCI_SLOT_H

#include "pci.h"

struct pci_slot_ops {
	/* What pci_slot_interrupts() says may have changed. */
	void (*changed)(void *owner);
	/*
	 * The guest has let go of the device that it was asked for. In the thread of any vCPU, with
	 * the lock of the bus held.
	 */
	void (*released)(void *owner);
};

struct pci_slot {
	const struct pci_slot_ops *ops;
	void *owner;
	struct pci_function *function;
	unsigned int cap; /* offset of the PCI Express capability */
	bool present;     /* a device is in the slot */
	bool asked;       /* the button was pressed and the guest has not let go yet */
};

/*
 * Make the slot registers of the capability at `cap`, which are zero so far, those of slot
 * `number`, as people shall know it. Empty, as after power-on.
 */
void pci_slot_init(struct pci_slot *slot, struct pci_function *function, unsigned int cap,
		   unsigned int number, const struct pci_slot_ops *ops, void *owner);

/* As after power-on, with or without the device. A guest that was asked has let go by that. */
void pci_slot_reset(struct pci_slot *slot);

/* A device has come, or is gone, while the guest runs: it is told. */
void pci_slot_set_present(struct pci_slot *slot, bool present);

/* A device was there from the start. */
void pci_slot_fill(struct pci_slot *slot);

/*
 * Press the attention button, for the guest to let go of the device. One that has let go already,
 * whose indicator is off, is not asked: released() at once.
 */
void pci_slot_ask(struct pci_slot *slot);

/* After a guest's write to the port's configuration space. */
void pci_slot_config_written(struct pci_slot *slot, unsigned int offset, unsigned int size,
			     uint32_t value);

/* Whether an event that the guest wants to hear of is pending. */
bool pci_slot_interrupts(const struct pci_slot *slot);

#endif
