/* SPDX-License-Identifier: MIT */
/*
 * The flattened device tree: how a guest without ACPI learns what machine it runs on.
 *
 * Owns the tree: CPUs, RAM, interrupt controllers, timer, serial port, PCI host bridge with the
 * wiring of its pins, and what the kernel is told at boot. Does not own where the tree goes, nor
 * the devices it speaks of: all comes in as data, the architecture's layout too, so that this file
 * is the same on every host.
 *
 * Read beside it: Devicetree Specification 0.4; in Linux' Documentation/devicetree/bindings/
 * arm/cpus.yaml, arm/psci.yaml, interrupt-controller/arm,gic-v3.yaml, timer/arm,arch_timer.yaml,
 * pci/host-generic-pci.yaml; IEEE 1275 PCI bus binding on `ranges` and `interrupt-map`.
 */
#ifndef MINIVMM_DEVICE_TREE_H
#define MINIVMM_DEVICE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/core/arch.h"

#define FDT_RAM_MAX 4
#define FDT_SEED    64 /* bytes of randomness for the guest */

struct tree_config {
	const struct arch_layout *layout;
	unsigned int cpus;
	bool pmu;
	struct arch_range ram[FDT_RAM_MAX]; /* ascending; ended by one of size 0, or by the array */
	struct arch_range initrd;           /* size 0 for none */
	const char *cmdline;
	struct arch_range pci_mmio64; /* size 0 for none */
	unsigned int pci_buses;       /* 0 is one */
	uint8_t seed[FDT_SEED];
};

/*
 * Write the tree into `size` bytes at `to`. 0, or -ENOSPC when it does not fit, logged. Its length
 * is then in its header.
 */
int tree_write_machine(const struct tree_config *config, void *to, size_t size);

#endif
