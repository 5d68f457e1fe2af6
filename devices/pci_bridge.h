/* SPDX-License-Identifier: MIT */
/*
 * A PCI-to-PCI bridge: the registers of a type 1 header, and the one device below.
 *
 * Owns bus numbers, the windows that are forwarded, and the list of what is on the bus below: up to
 * eight functions of device 0, because a PCI Express link has one device at its other end.
 * pci_root_port.h makes the bridge a port, and pci_windows.h decides where its windows lie at
 * first.
 *
 * Read beside it: PCI-to-PCI Bridge Architecture 1.2, 3.2; PCI Express Base 7.5.1.3.
 */
#ifndef MINIVMM_PCI_BRIDGE_H
#define MINIVMM_PCI_BRIDGE_H

#include "pci.h"

#define PCI_BRIDGE_FUNCTIONS 8u

enum pci_window {
	PCI_WINDOW_IO,
	PCI_WINDOW_MEMORY,       /* below 4 GiB: all but ... */
	PCI_WINDOW_PREFETCHABLE, /* ... what is prefetchable and has 64-bit addresses */
	PCI_WINDOWS,
};

struct pci_bridge {
	struct pci_function function;
	struct pci_function *below[PCI_BRIDGE_FUNCTIONS];
	/*
	 * The windows' sizes, and their places at power-on, as if they were BARs. Size 0: closed.
	 */
	struct pci_bar windows[PCI_WINDOWS];
	uint8_t number; /* of the bus below, at power-on */
};

/* Make a bridge with nothing below it and closed windows. Its function is not on a bus yet. */
void pci_bridge_init(struct pci_bridge *bridge, const struct pci_function_ops *ops,
		     const char *name);

/*
 * Set the state in which firmware has numbered the bus and opened the windows where `assigned`
 * says.
 */
void pci_bridge_reset(struct pci_bridge *bridge);

/* The window that firmware puts a BAR into. */
enum pci_window pci_bridge_window_of(const struct pci_bar *bar);

/* The smallest size that a window of this kind can have. */
uint64_t pci_bridge_granularity(enum pci_window window);

/*
 * True if the bridge, by its registers, would forward all of the BAR if it were at `addr`. `bridge`
 * is the function of a struct pci_bridge.
 */
bool pci_bridge_forwards(const struct pci_function *bridge, const struct pci_bar *bar,
			 uint64_t addr);

/* True if a write to these registers may change what is forwarded. */
bool pci_bridge_decides(unsigned int offset, unsigned int size);

/* The function with this number of bus, device and function, or NULL. */
struct pci_function *pci_bridge_find(const struct pci_bridge *bridge, unsigned int bus,
				     unsigned int devfn);

/* Whether any function is below. */
bool pci_bridge_is_empty(const struct pci_bridge *bridge);

/*
 * Secondary bus reset: every function below returns to its state after power-on. PCI Express Base
 * 6.6.1.
 */
void pci_bridge_reset_bus(struct pci_bridge *bridge);

#endif
