/* SPDX-License-Identifier: MIT */
/*
 * The addresses that the host bridge forwards: where BARs may lie, and where they lie at first.
 *
 * Owns the sizes and places of the windows below 4 GiB, above RAM and in port I/O, and the first
 * assignment of BARs. pci.h and the function handle a BAR once it has an address.
 *
 * Read beside it: PCI Firmware 3.3, 4.1.2 (what firmware assigns).
 */
#ifndef MINIVMM_PCI_WINDOWS_H
#define MINIVMM_PCI_WINDOWS_H

#include "pci_host.h"

/*
 * Set the ranges of addresses that DMA can be mapped at, ascending; the 64-bit window is put into
 * one of them if it fits. Without this call, DMA reaches everything. The array stays the caller's.
 */
void pci_windows_set_reach(struct pci_host *host, const struct arch_range *reach,
			   unsigned int count);

/*
 * Give every BAR an address: 64-bit ones in a window above RAM, made as large as they need, the
 * others below 4 GiB. Largest first, each naturally aligned. Windows of bridges are as large as
 * what is below needs, or larger where their `size` says so already. 0; -ENOSPC, logged with the
 * BAR that does not fit; or -ENOMEM, logged.
 */
int pci_windows_assign_bars(struct pci_host *host);

/* How much of each window of a bridge what is below it needs now. 0 or -ENOMEM, logged. */
int pci_windows_needed(struct pci_bridge *bridge, uint64_t needed[PCI_WINDOWS]);

/*
 * The same for what has come below a bridge: into its windows, as they are at power-on. An I/O BAR
 * goes without an address where the bridge forwards no ports; that is logged.
 */
int pci_windows_assign_below(struct pci_bridge *bridge);

/*
 * The width of addresses, in bits, for a guest that places BARs itself: no more than the CPU can
 * address, than `most`, and than DMA can reach, but enough for RAM and the BARs. Must be called
 * after pci_windows_assign_bars().
 */
unsigned int pci_windows_gpa_bits(struct pci_host *host, unsigned int most);

/*
 * Forward everything between RAM and ECAM, and everything above RAM up to the end of addresses of
 * `gpa_bits`, because firmware will place BARs at addresses that are not known.
 */
void pci_windows_widen(struct pci_host *host, unsigned int gpa_bits);

#endif
