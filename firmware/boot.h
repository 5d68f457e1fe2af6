/* SPDX-License-Identifier: MIT */
/*
 * What the guest finds in its memory when it starts: kernel, initrd, command line, and the tables
 * that describe the machine. Everything described is handed in as data; this folder knows no
 * device.
 *
 * boot_x86.c implements it with the Linux/x86 boot protocol (bzImage, 64-bit entry), PVH (ELF
 * vmlinux) and ACPI; boot_arm64.c with the Linux/arm64 boot protocol and a device tree. Read beside
 * it: Documentation/arch/x86/boot.rst, the Xen PVH start info, ACPI 6.4;
 * Documentation/arch/arm64/booting.rst, the Devicetree Specification.
 */
#ifndef MINIVMM_BOOT_H
#define MINIVMM_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "acpi.h"
#include "kernel_release.h"
#include "vmm/core/arch.h"
#include "vmm/core/memory.h"

struct boot_config {
	int kernel_fd; /* read with pread(); stays the caller's */
	const char *kernel_name;
	int initrd_fd; /* -1 for none */
	const char *initrd_name;
	const char *cmdline;
	unsigned int cpus;
	struct arch_range pci_mmio64; /* 64-bit window of the PCI host bridge; size 0 for none */
	unsigned int pci_buses;       /* 0 is one */
	struct acpi_extras extras;
	bool pmu;             /* the CPUs count events, and interrupt when a counter is full */
	const char *dtb_name; /* a copy of the device tree goes into this file; NULL for none */
};

/*
 * Load the kernel and what it reads at boot into guest RAM, and say where to enter it. May be
 * called again after a reset. A file that is missing, empty, truncated, too big for the RAM or not
 * a kernel is named in one line. 0 or -errno, logged.
 */
int boot_load(const struct boot_config *config, struct memory *memory, struct arch_entry *entry);

/*
 * Which release of Linux config->kernel_fd is, packed or not. *found is false for a kernel that
 * does not say; then `release` is unchanged. 0, or -errno for a file that boot_load() would not
 * take either; logged.
 */
int boot_find_release(const struct boot_config *config, char release[KERNEL_RELEASE_MAX],
		      bool *found);

#endif
