/* SPDX-License-Identifier: MIT */
/*
 * The hot-plug slot of a PCI Express port, as a state machine.
 *
 * Owns the slot's registers in the port's PCI Express capability: presence of a device, the
 * attention button, the power indicator, and whether an event must interrupt the guest. The slot
 * has a button and an indicator but no power controller, because Linux waits for a second after it
 * has switched power off, and the indicator also says that the guest has let go. The port brings
 * interrupts to the guest, and its owner knows which device is in the slot.
 *
 * Read beside it: PCI Express Base 6.7.1 to 6.7.3, 7.5.3.9 to 7.5.3.11.
 */
#ifndef MINIVMM_PCI_SLOT_H
#define MINIVMM_PCI_SLOT_H

#include "pci.h"

struct pci_slot_ops {
	/* Called when the result of pci_slot_interrupts() may have changed. */
	void (*changed)(void *owner);
	/*
	 * Called when the guest has let go of the device that it was asked for, in the thread of
	 * any vCPU and with the lock of the bus held.
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
 * Fill in the slot registers of the capability at `cap`, which are zero so far, for the slot that
 * people know by `number`. It is empty, as after power-on.
 */
void pci_slot_init(struct pci_slot *slot, struct pci_function *function, unsigned int cap,
		   unsigned int number, const struct pci_slot_ops *ops, void *owner);

/* The slot has neither button nor indicator: what is in it stays while the guest runs. */
void pci_slot_fix(struct pci_slot *slot);

/*
 * Set the state after power-on, with or without the device. A guest that was asked for the device
 * has thereby let go of it.
 */
void pci_slot_reset(struct pci_slot *slot);

/* Tell the running guest that a device has come, or is gone. */
void pci_slot_set_present(struct pci_slot *slot, bool present);

/* A device was there from the start. */
void pci_slot_fill(struct pci_slot *slot);

/*
 * Press the attention button, which asks the guest to let go of the device. If the indicator is
 * off, the guest has already let go, and released() is called at once.
 */
void pci_slot_ask(struct pci_slot *slot);

/* To be called after a guest's write to the port's configuration space. */
void pci_slot_config_written(struct pci_slot *slot, unsigned int offset, unsigned int size,
			     uint32_t value);

/* True if an event is pending whose interrupt the guest has enabled. */
bool pci_slot_interrupts(const struct pci_slot *slot);

#endif
