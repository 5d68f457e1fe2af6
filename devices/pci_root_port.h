/* SPDX-License-Identifier: MIT */
/*
 * A PCI Express root port: a bridge with a link to one device, and a slot for it.
 *
 * Owns the port's configuration space and its own interrupt. Bus numbers and windows are
 * pci_bridge.h's, the slot's registers pci_slot.h's, those for errors pci_port_errors.h's. The
 * device below is a passed-through one; its link's speed and width are shown as the port's. A port
 * costs a guest nothing when it uses the device: BARs and interrupts take the same way as on the
 * root bus.
 *
 * Read beside it: PCI Express Base 7.5.1.3 and 7.5.3.
 */
#ifndef MINIVMM_PCI_ROOT_PORT_H
#define MINIVMM_PCI_ROOT_PORT_H

#include "irq_vector.h"
#include "msi.h"
#include "pci_host.h"
#include "pci_slot.h"

#define PCI_ROOT_PORT_NAME_MAX          20
#define PCI_ROOT_PORT_ROOM_MEMORY       (8ull << 20)
#define PCI_ROOT_PORT_ROOM_PREFETCHABLE (1ull << 30)

/* Called to take the device out when the guest has let go of it. See struct pci_slot_ops. */
struct pci_root_port_owner {
	void (*released)(void *owner);
	void *owner;
};

struct pci_root_port {
	struct pci_bridge bridge;
	struct pci_host *host;
	char name[PCI_ROOT_PORT_NAME_MAX];
	unsigned int cap; /* the PCI Express capability */
	struct pci_slot slot;
	struct pci_root_port_owner owner;
	struct msi msi;
	struct irq_vector_group group;
	struct irq_vector vector; /* exists while MSI is on */
	struct irq_line line;
	unsigned int signalled; /* what is pending, and has been told to the guest */
};

/* What a user may say about a port. A zeroed one describes a usual port. */
struct pci_root_port_options {
	const char *name; /* its function's name; stays the caller's. NULL: "root port N" */
	bool has_devfn;   /* it has the place `devfn` on the root bus */
	uint8_t devfn;
	bool fixed; /* what is in its slot stays there while the guest runs */
};

/*
 * Add a port with an empty slot to the root bus, which frees it in the end. `owner` is called when
 * the guest has let go of a device that it was asked for. 0 or -errno, logged.
 */
int pci_root_port_add(struct pci_host *host, const struct pci_root_port_options *options,
		      const struct pci_root_port_owner *owner, struct pci_root_port **result);

/*
 * Reserve room in a window for a device to come, in bytes: a power of two. Must be called before
 * windows are assigned. Without it the room is PCI_ROOT_PORT_ROOM_*, and none for I/O.
 */
void pci_root_port_set_room(struct pci_root_port *port, enum pci_window window, uint64_t size);

/*
 * Plug in function `number` of the device below, before the guest runs; or, when all its functions
 * are plugged in, show the device to a guest that runs.
 */
void pci_root_port_plug(struct pci_root_port *port, struct pci_function *function,
			unsigned int number);
void pci_root_port_show(struct pci_root_port *port, bool running);

/* Ask the guest to let go of the device. Its owner is told when the guest has done so. */
void pci_root_port_ask(struct pci_root_port *port);

/* Take all functions out, and `tell` the guest that the slot is empty. They are the caller's. */
void pci_root_port_unplug(struct pci_root_port *port, bool tell);

/*
 * Set the atomic operations, PCI_EXP_DEVCAP2_ATOMIC_*, that the host completes for a function. The
 * port offers those that the host completes for all functions; `first` starts with a new device.
 */
void pci_root_port_set_atomics(struct pci_root_port *port, uint32_t bits, bool first);

/*
 * `below`, a function below a root port, has met an uncorrectable error: let the port tell the
 * guest. Returns false, and tells nothing, if the guest has not switched such reports on.
 */
bool pci_root_port_report(struct pci_function *below, bool fatal);

#endif
