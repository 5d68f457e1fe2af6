/* SPDX-License-Identifier: MIT */
/*
 * ACPI: how the guest learns what machine it runs on.
 *
 * Owns the tables: a hardware-reduced platform (no PIT, PIC, RTC, keyboard controller, no SCI), its
 * CPUs, its I/O APIC, its PCI host bridge. Does not own where they go, nor the devices they speak
 * of: addresses come from arch_layout. dsdt.asl is the constant part; what varies goes into an SSDT
 * of integers.
 *
 * Read beside it: ACPI 6.4 chapter 5; 4.1 on hardware-reduced ACPI.
 */
#ifndef MINIVMM_ACPI_H
#define MINIVMM_ACPI_H

#include <stdint.h>

#include "vmm/core/arch.h"

struct acpi_config {
	unsigned int cpus;            /* with APIC ids 0, 1, 2 ... */
	struct arch_range pci_mmio64; /* size 0 for none */
};

/*
 * Write all tables into `size` bytes at `to`, which the guest sees at `gpa`, a multiple of 16. The
 * RSDP comes first. 0, or -ENOSPC when they do not fit, logged.
 */
int acpi_write_tables(const struct acpi_config *config, void *to, uint64_t gpa, uint64_t size);

#endif
