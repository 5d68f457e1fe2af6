/* SPDX-License-Identifier: MIT */
/*
 * The PCI host bridge: bus 0, the functions on it, and the ways by which the CPU reaches them.
 *
 * Owns ECAM, on x86 the CF8/CFC ports, elsewhere the window in memory for I/O BARs, and the lock
 * under which every function's configuration is read and written. Endpoints are on the root bus or
 * below root ports. pci_windows.h decides size and place of the windows that the bridge forwards.
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
	/* the bridges to the buses below, which are functions, too */
	struct pci_bridge *bridges[PCI_HOST_BRIDGES_MAX];
	unsigned int bridge_count;
	struct arch_range mmio32, mmio64, io; /* where BARs decode */
	const struct arch_range *reach;       /* the addresses that DMA can reach */
	unsigned int reach_count;
	uint32_t reserved;       /* device numbers that pci_host_add() leaves alone, as bits */
	bool reset_control;      /* port CF9 resets the machine */
	uint32_t config_address; /* CF8 */
};

/* Make an empty bus with the bridge itself at 00:00.0. 0 or -errno, logged. */
int pci_host_init(struct pci_host *host, struct vm *vm);

/* Set the bridge's IDs, by which firmware recognizes its machine. */
void pci_host_set_id(struct pci_host *host, uint16_t vendor, uint16_t device);

/* Destroys the functions too. Accepts a zeroed host. */
void pci_host_destroy(struct pci_host *host);

/*
 * Plug a function in at the next free device number; when there is none left, as one more function
 * of another device. It belongs to the bus from then on, unless this fails. 0 or -ENOSPC, logged.
 */
int pci_host_add(struct pci_host *host, struct pci_function *function);

/*
 * Keep the device number of `devfn` for who is plugged in at that very place, which may be later.
 */
void pci_host_reserve(struct pci_host *host, uint8_t devfn);

/* The next device number that is not reserved and has no function, or -ENOSPC; not logged. */
int pci_host_free_slot(const struct pci_host *host);

/*
 * Plug a function in at `devfn`. If a device number has more than one function, all of them say so
 * in their headers, because a guest looks for more only if function 0 says so. 0 or -EBUSY, logged.
 */
int pci_host_add_at(struct pci_host *host, struct pci_function *function, uint8_t devfn);

/*
 * Plug a bridge in at `*devfn`, or, if that is NULL, at the next free device number; the bus below
 * it gets the next bus number. Must be called before the guest runs. 0, -ENOSPC or -EBUSY, logged.
 */
int pci_host_add_bridge(struct pci_host *host, struct pci_bridge *bridge, const uint8_t *devfn);

/*
 * Plug a function in below a bridge, as function `number` of its device, or take it out again.
 * Taking it out unmaps all its BARs, and it is the caller's from then on, but a vCPU may still be
 * in one of its handlers.
 */
void pci_host_add_below(struct pci_host *host, struct pci_bridge *bridge,
			struct pci_function *function, unsigned int number);
void pci_host_del_below(struct pci_host *host, struct pci_bridge *bridge, unsigned int number);

/*
 * The number of buses that a guest may have: one, or as many as configuration space has room for.
 */
unsigned int pci_host_buses(const struct pci_host *host);

/* Iterate over all functions; *index is 0 at first. NULL after the last one. */
struct pci_function *pci_host_next(const struct pci_host *host, unsigned int *index);

/* Reset every function to its state after power-on. */
void pci_host_reset(struct pci_host *host);

/*
 * Implements forwards() of struct pci_bus: true if all of `bar` at `addr` lies in a window of each
 * bridge.
 */
bool pci_host_forwards(const struct pci_function *function, const struct pci_bar *bar,
		       uint64_t addr);

/*
 * Implements alone() of struct pci_bus. Only memory BARs smaller than a page can have neighbours.
 */
bool pci_host_alone(const struct pci_bus *bus, const struct pci_bar *bar, uint64_t addr);

/* The GSI to which pin 1..4 (INTA..INTD) of a function is connected. */
uint32_t pci_host_intx_gsi(const struct pci_function *function, unsigned int pin);

#endif
