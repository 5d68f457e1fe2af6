/* SPDX-License-Identifier: MIT */
/* A VM on the fake KVM, with a PCI host bridge: what the machines of several tests begin with. */
#ifndef MINIVMM_TESTS_FAKE_VM_H
#define MINIVMM_TESTS_FAKE_VM_H

#include "devices/pci_host.h"
#include "vmm/core/vm.h"

/*
 * Arm the fake KVM and make a VM of one CPU with `ram` bytes of RAM at address 0, 0 for none. The
 * RAM can be shared with other processes.
 */
void fake_vm_begin(struct vm *vm, struct pci_host *host, uint64_t ram);

/* Take both down in the machine's order, and disarm the fake KVM. */
void fake_vm_end(struct vm *vm, struct pci_host *host);

#endif
