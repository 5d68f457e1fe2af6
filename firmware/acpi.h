/* SPDX-License-Identifier: MIT */
/*
 * ACPI: how the guest learns what machine it runs on.
 *
 * Owns the tables: a hardware-reduced platform (no PIT, PIC, keyboard controller, no SCI), its
 * CPUs, its I/O APIC, its PCI host bridge, and what a machine may have beside. Does not own where
 * they go, nor the devices they speak of: addresses come from arch_layout. dsdt.asl is the constant
 * part; what varies goes into an SSDT of integers, what not every machine has into others.
 *
 * Read beside it: ACPI 6.4 chapter 5; 4.1 on hardware-reduced ACPI.
 */
#ifndef MINIVMM_ACPI_H
#define MINIVMM_ACPI_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/arch.h"

/* What not every machine has. */
struct acpi_extras {
	bool rtc;              /* a real-time clock */
	bool battery;          /* a battery, and a power supply */
	uint16_t pm_timer;     /* the port of a PM timer, 0 for none */
	struct arch_range rom; /* the bytes of _ROM; size 0 for none */
	uint32_t rom_address;  /* whose it is: slot << 16 | function of bus 0 */
};

struct acpi_config {
	unsigned int cpus;            /* with APIC ids 0, 1, 2 ... */
	struct arch_range pci_mmio32; /* where BARs lie, below 4 GiB and ... */
	struct arch_range pci_mmio64; /* ... above it; size 0 for none */
	unsigned int pci_buses;       /* 0 is one */
	struct acpi_extras extras;
	bool uefi; /* there are fw_cfg, flash and PM ports */
};

/* How many bytes the tables take. */
uint64_t acpi_size(const struct acpi_config *config);

/*
 * Write all tables into `size` bytes at `to`, which the guest sees at `gpa`, a multiple of 16. The
 * RSDP comes first. 0, or -ENOSPC when they do not fit, logged.
 */
int acpi_write_tables(const struct acpi_config *config, void *to, uint64_t gpa, uint64_t size);

#endif
