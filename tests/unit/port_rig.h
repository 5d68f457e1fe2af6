/* SPDX-License-Identifier: MIT */
/*
 * A root port at 00:01.0 of a host bridge, with a card of up to two functions below it, and the
 * guest's accesses to both. What the port asks of the card is in the log of calls (call_log.h).
 */
#ifndef MINIVMM_TESTS_PORT_RIG_H
#define MINIVMM_TESTS_PORT_RIG_H

#include <linux/pci.h>

#include "devices/pci_root_port.h"
#include "vmm/core/vm.h"

#define MEM    PCI_BASE_ADDRESS_SPACE_MEMORY
#define MEM64  (MEM | PCI_BASE_ADDRESS_MEM_TYPE_64)
#define PREF64 (MEM64 | PCI_BASE_ADDRESS_MEM_PREFETCH)
#define PORT   PCI_DEVFN(1, 0)
#define AER    0x100u /* the port's Advanced Error Reporting */

struct port_rig {
	struct vm vm;
	struct pci_host host;
	struct pci_root_port *port;
	struct pci_function cards[2];
	unsigned int exp; /* the port's PCI Express capability */
};

/* The usual port, and an owner of its devices. */
extern const struct pci_root_port_options port_rig_usual;
extern const struct pci_root_port_owner port_rig_owner;

/* How often the owner was told that a device may go. */
unsigned int port_rig_released(void);

/*
 * Make a card. Its link can have 8 GT/s and four lanes, and has come up with 5 GT/s and two. The
 * payload is 256 bytes.
 */
void port_rig_card(struct pci_function *card);

/* Make the machine and the port. No card is below it yet. */
void port_rig_begin(struct port_rig *rig);

/* Give all BARs and windows their addresses, and begin the log of calls. */
void port_rig_place(struct port_rig *rig);

/*
 * Let the card be there from the start, with a BAR of each kind. In the second case it has the
 * functions 0 and 3.
 */
void port_rig_fill(struct port_rig *rig);
void port_rig_fill_two(struct port_rig *rig);

void port_rig_end(struct port_rig *rig);

/* What a guest reads and writes in configuration space: `size` is in bytes. */
uint32_t port_rig_get(struct port_rig *rig, unsigned int bus, unsigned int devfn,
		      unsigned int offset, unsigned int size);
void port_rig_set(struct port_rig *rig, unsigned int bus, unsigned int devfn, unsigned int offset,
		  unsigned int size, uint32_t value);

/* The same for a register of the port's PCI Express capability. */
uint16_t port_rig_exp_get(struct port_rig *rig, unsigned int reg);
void port_rig_exp_set(struct port_rig *rig, unsigned int reg, uint16_t value);

/* Let the guest switch on memory and I/O ports of the card, or the port's messages. */
void port_rig_switch_card_on(struct port_rig *rig);
void port_rig_send_messages(struct port_rig *rig);

enum port_step {
	COME,  /* a device is plugged in */
	GO,    /* it is taken out */
	ASK,   /* the button */
	BLINK, /* the guest's power indicator */
	OFF,
	ON,
	CLEAR,  /* the guest clears all events */
	ENABLE, /* it wants to hear of all */
	REBOOT,
};

void port_rig_step(struct port_rig *rig, enum port_step step);

#endif
