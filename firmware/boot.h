/* SPDX-License-Identifier: MIT */
/*
 * What the guest finds in its memory when it starts: kernel, initrd, command line, and the tables
 * that describe the machine. Every description is handed in as data: this folder knows no device.
 *
 * boot_x86.c implements it with the Linux/x86 boot protocol (bzImage, 64-bit entry), PVH (ELF
 * vmlinux) and ACPI. boot_arm64.c implements it with the Linux/arm64 boot protocol and a device
 * tree.
 *
 * Read beside it: Documentation/arch/x86/boot.rst, the Xen PVH start info, ACPI 6.4;
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
	int kernel_fd; /* only read with pread(); stays the caller's */
	const char *kernel_name;
	int initrd_fd; /* -1 for none */
	const char *initrd_name;
	const char *cmdline;
	unsigned int cpus;
	struct arch_range pci_mmio64; /* 64-bit window of the PCI host bridge; size 0 for none */
	unsigned int pci_buses;       /* buses below the host bridge; 0 stands for one */
	struct acpi_extras extras;
	struct arch_range flash[2]; /* where firmware has its code and its variables, or empty */
	bool pmu;                   /* vCPUs count events and interrupt when a counter is full */
	const char *dtb_name;       /* the file for a copy of the device tree; NULL for none */
};

/*
 * Load the kernel and what it reads at boot into guest RAM, and say where the vCPU enters it. May
 * be called again after a reset. One line names a file that is missing, empty, truncated, too big
 * for the RAM or not a kernel. Returns 0 or -errno, logged.
 */
int boot_load(const struct boot_config *config, struct memory *memory, struct arch_entry *entry);

/*
 * The same for UEFI firmware, whose code is in flash already: write what it finds in RAM, which is
 * the device tree on arm64 and nothing on x86. Returns 0 or -errno, logged.
 */
int boot_load_firmware(const struct boot_config *config, struct memory *memory,
		       struct arch_entry *entry);

/*
 * Find the release of the Linux kernel config->kernel_fd, packed or not. *found is false for a
 * kernel that does not tell it; `release` is unchanged then. Returns 0, or -errno for a file that
 * boot_load() would refuse as well; logged.
 */
int boot_find_release(const struct boot_config *config, char release[KERNEL_RELEASE_MAX],
		      bool *found);

#endif
