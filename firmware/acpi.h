/* SPDX-License-Identifier: MIT */
/*
 * ACPI: how the guest learns what machine it runs on.
 *
 * Owns the tables. They describe a hardware-reduced platform, which has no PIT, PIC, keyboard
 * controller or SCI: its CPUs, its I/O APIC, its PCI host bridge, and the devices that only some
 * machines have. Does not own the place of the tables, nor the devices that they describe:
 * addresses come from arch_layout. dsdt.asl is the constant part. The numbers that vary go into
 * an SSDT of integers, and each part that only some machines have goes into an SSDT of its own.
 *
 * acpi.c implements it for x86. acpi_arm64.c does for arm64, whose kernels get a device tree
 * instead; UEFI firmware hands the tables on. It has a GIC, and dsdt_arm64.asl. `extras` are x86's.
 *
 * Read beside it: ACPI 6.4 chapter 5; 4.1 on hardware-reduced ACPI.
 */
#ifndef MINIVMM_ACPI_H
#define MINIVMM_ACPI_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/arch.h"

/* The parts that only some machines have. */
struct acpi_extras {
	bool rtc;              /* a real-time clock */
	bool battery;          /* a battery, and a power supply */
	uint16_t pm_timer;     /* the port of a PM timer, 0 for none */
	struct arch_range rom; /* the bytes of _ROM; size 0 for none */
	uint32_t rom_address;  /* its device on its bus: slot << 16 | function */
	uint32_t rom_port;     /* and the port above, on bus 0; 0 for a device on bus 0 itself */
};

struct acpi_config {
	unsigned int cpus;            /* with APIC ids 0, 1, 2 ... */
	struct arch_range pci_mmio32; /* where BARs lie below 4 GiB */
	struct arch_range pci_mmio64; /* where BARs lie above 4 GiB; size 0 for none */
	unsigned int pci_buses;       /* buses below the host bridge; 0 stands for one */
	struct acpi_extras extras;
	bool uefi; /* whether there are fw_cfg, flash and PM ports */
	bool pmu;  /* arm64: whether CPUs count events, and interrupt when a counter is full */
};

/* Returns how many bytes acpi_write_tables() needs for these tables. */
uint64_t acpi_size(const struct acpi_config *config);

/*
 * Write all tables into `size` bytes at `to`, which the guest sees at `gpa`, a multiple of 16.
 * The RSDP comes first. Returns 0, or -ENOSPC (logged) if the tables do not fit.
 */
int acpi_write_tables(const struct acpi_config *config, void *to, uint64_t gpa, uint64_t size);

#endif
