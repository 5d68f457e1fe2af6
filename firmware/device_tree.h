/* SPDX-License-Identifier: MIT */
/*
 * The flattened device tree: how a guest without ACPI learns what machine it runs on.
 *
 * Owns the tree: CPUs, RAM, interrupt controllers, timer, serial port, PCI host bridge with the
 * wiring of its pins, and what the kernel is told at boot. Does not own the place of the tree,
 * nor the devices that it describes. Everything comes in as data, also the architecture's layout,
 * so that this file is the same on every host.
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

#include "device_tree_firmware.h"
#include "vmm/core/arch.h"

#define FDT_RAM_MAX 4
#define FDT_SEED    64 /* bytes of randomness for the guest */

struct tree_config {
	const struct arch_layout *layout;
	unsigned int cpus;
	bool pmu;
	struct arch_range ram[FDT_RAM_MAX]; /* ascending; ended by a bank of size 0, or the array */
	struct arch_range initrd;           /* size 0 for none */
	const char *cmdline;
	struct arch_range pci_mmio64; /* size 0 for none */
	unsigned int pci_buses;       /* buses below the host bridge; 0 stands for one */
	struct arch_range flash[FDT_FLASH_BANKS]; /* of firmware; size 0 for a kernel's machine */
	uint8_t seed[FDT_SEED];
};

/*
 * Write the tree into `size` bytes at `to`; the tree's header then tells its length. Returns 0,
 * or -ENOSPC (logged) if the tree does not fit.
 */
int tree_write_machine(const struct tree_config *config, void *to, size_t size);

#endif
