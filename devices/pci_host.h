/* SPDX-License-Identifier: MIT */
/*
 * The PCI host bridge: bus 0, who is plugged in where, and how the CPU reaches it.
 *
 * Owns ECAM and (on x86) the CF8/CFC ports, (elsewhere) the window in memory to I/O BARs, and the
 * lock under which every function's configuration is read and written. Endpoints sit on the root
 * bus. How large the windows are that the bridge forwards, and where, pci_windows.h decides.
 *
 * Read beside it: PCI Express Base 7.2.2 (ECAM), PCI Local Bus 3.0, 3.2.2.3.2 (CF8/CFC).
 */
#ifndef MINIVMM_PCI_HOST_H
#define MINIVMM_PCI_HOST_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "pci.h"
#include "pci_bridge.h"
#include "vmm/core/vm_state.h"

#define PCI_HOST_SLOTS     32
#define PCI_HOST_FUNCTIONS 256

#define PCI_HOST_BRIDGES_MAX 31
#define PCI_ECAM_BUS         0x100000u /* bytes of configuration space of a bus */

struct pci_host {
	struct vm *vm;
	struct pci_bus bus;
	struct pci_function *functions[PCI_HOST_FUNCTIONS]; /* by devfn */
	struct pci_function bridge;                         /* 00:00.0 */
	struct pci_bridge *bridges[PCI_HOST_BRIDGES_MAX];   /* to the buses below; functions, too */
	unsigned int bridge_count;
	struct arch_range mmio32, mmio64, io; /* where BARs decode */
	const struct arch_range *reach;       /* what DMA can address */
	unsigned int reach_count;
	bool reset_control;      /* port CF9 resets the machine */
	uint32_t config_address; /* CF8 */
};

/* An empty bus with the bridge itself at 00:00.0. 0 or -errno, logged. */
int pci_host_init(struct pci_host *host, struct vm *vm);

/* By which IDs guests know the bridge; firmware knows machines by them. */
void pci_host_set_id(struct pci_host *host, uint16_t vendor, uint16_t device);

/* Destroys the functions too. Accepts a zeroed host. */
void pci_host_destroy(struct pci_host *host);

/*
 * Plug a function into the next free slot; it belongs to the bus from then on, unless this fails. 0
 * or -ENOSPC, logged.
 */
int pci_host_add(struct pci_host *host, struct pci_function *function);

/* The next slot without any function, or -ENOSPC; not logged. */
int pci_host_free_slot(const struct pci_host *host);

/*
 * Plug a function in at `devfn`. With a second function in a slot all there say so in their headers
 * (a guest looks for more only where function 0 does). 0 or -EBUSY, logged.
 */
int pci_host_add_at(struct pci_host *host, struct pci_function *function, uint8_t devfn);

/*
 * Plug in a bridge, in the next free slot, with a bus below that gets the next number. 0 or
 * -ENOSPC, logged. Before the guest runs.
 */
int pci_host_add_bridge(struct pci_host *host, struct pci_bridge *bridge);

/*
 * Plug a function in below a bridge, as function `number` of its device, or take it out again: all
 * its BARs are unmapped then, and it is the caller's. A vCPU may still be in one of its handlers.
 */
void pci_host_add_below(struct pci_host *host, struct pci_bridge *bridge,
			struct pci_function *function, unsigned int number);
void pci_host_del_below(struct pci_host *host, struct pci_bridge *bridge, unsigned int number);

/* How many buses a guest may number: one, or as many as configuration space has room for. */
unsigned int pci_host_buses(const struct pci_host *host);

/* All functions, one after the other; *index is 0 at first. NULL after the last. */
struct pci_function *pci_host_next(const struct pci_host *host, unsigned int *index);

/* Every function as after power-on. */
void pci_host_reset(struct pci_host *host);

/* The bus's forwards(): whether the whole of `bar` at `addr` lies in a window of each bridge. */
bool pci_host_forwards(const struct pci_function *function, const struct pci_bar *bar,
		       uint64_t addr);

/* The bus's alone(). Only memory BARs below the page size have neighbours. */
bool pci_host_alone(const struct pci_bus *bus, const struct pci_bar *bar, uint64_t addr);

/* The GSI that pin 1..4 (INTA..INTD) of a function is wired to. */
uint32_t pci_host_intx_gsi(const struct pci_function *function, unsigned int pin);

#endif
