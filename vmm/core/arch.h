/* SPDX-License-Identifier: MIT */
/*
 * The whole contract between minivmm and a processor architecture.
 *
 * One const struct says at which addresses things are; a dozen functions create the machine and its
 * CPUs. Both are implemented in vmm/x86_64/ and in vmm/aarch64/, and the build links exactly one of
 * them.
 */
#ifndef MINIVMM_ARCH_H
#define MINIVMM_ARCH_H

#include <stdbool.h>
#include <stdint.h>

struct kvm_irq_routing_entry;
struct trace_calls;
struct vm;
struct vcpu;

/* [base, base + size) in one of the guest's address spaces. */
struct arch_range {
	uint64_t base;
	uint64_t size;
};

/* Registers of devices/power.c, one byte each from arch_layout.power_port; the FADT names them. */
#define ARCH_POWER_SLEEP_CONTROL 0u
#define ARCH_POWER_SLEEP_STATUS  1u
#define ARCH_POWER_RESET         2u
#define ARCH_POWER_PORTS         3u
#define ARCH_POWER_RESET_VALUE   1u
#define ARCH_POWER_SLEEP_S5      5u /* what _S5 in the DSDT says */

/*
 * Where the machine keeps things. Addresses are guest-physical, ports are port I/O. A port or an
 * address of 0, or an empty range, means that the machine does not have it.
 */
struct arch_layout {
	const char *name;
	unsigned int cpus_max;        /* vCPUs that the interrupt controllers have ids for */
	struct arch_range ram_low;    /* RAM below the device hole */
	uint64_t ram_high;            /* where RAM goes on above the hole; see arch_ram_high() */
	struct arch_range ecam;       /* PCI configuration space: 1 MiB for each bus */
	struct arch_range pci_mmio32; /* BARs that need 32-bit addresses */
	struct arch_range pci_io;     /* I/O BARs */
	uint64_t pci_io_mmio;         /* where a CPU without port I/O finds pci_io.base */
	uint32_t pci_intx_gsi;        /* first of pci_intx_lines GSIs shared by INTA..INTD */
	uint32_t pci_intx_lines;
	uint16_t pci_config_port; /* CF8 */
	uint16_t serial_port;     /* 16550 in port I/O, else ... */
	uint64_t serial_mmio;     /* ... in memory */
	uint32_t serial_gsi;
	uint16_t power_port;   /* devices/power.c */
	uint16_t ged_port;     /* the power button: devices/ged.c, or else ... */
	uint64_t gpio_mmio;    /* ... devices/pl061.c; */
	uint32_t button_gsi;   /* the GSI of either */
	uint16_t i8042_port;   /* keyboard controller's command port, for reset only */
	uint16_t pvpanic_port; /* devices/power.c too */
	/*
	 * What only the machine of UEFI firmware has. The CPU starts at the end of `flash`, below
	 * which the variables are; or at its beginning, where these have a bank of their own.
	 */
	struct arch_range flash, flash_vars;
	uint16_t rtc_port;          /* devices/rtc.c, or else ... */
	uint64_t rtc_mmio;          /* ... devices/pl031.c */
	uint16_t fw_cfg_port;       /* devices/fw_cfg.c, or else ... */
	uint64_t fw_cfg_mmio;       /* ... in memory */
	uint16_t pm_port;           /* devices/pm.c */
	uint16_t pm_timer_port;     /* PM timer, for firmware that is started as a kernel */
	struct arch_range acpi_rom; /* where _ROM's bytes are; empty on a machine without ACPI */
	struct arch_range reserved; /* memory that is neither RAM nor a device, but not free */
	/* GICv3: distributor, redistributors of as many CPUs as fit, ITS. */
	struct arch_range gic_dist, gic_redist, gic_its;
};

extern const struct arch_layout arch_layout;

/* How the boot CPU enters the guest, as firmware/ found it in the kernel image. */
struct arch_entry {
	uint64_t pc;
	uint64_t arg;   /* x86: boot_params (RSI) or hvm_start_info (EBX); arm64: the FDT (X0) */
	bool long_mode; /* x86: 64-bit with the tables below, else 32-bit protected mode */
	bool pvh;       /* x86: which of the two `arg` is */
	uint64_t page_table;
	uint64_t gdt;
	bool power_on; /* x86: start as after power-on, in firmware; all else is ignored */
};

/* KVM capabilities this architecture needs beyond the common ones, ended by {0}. */
struct arch_cap {
	int cap;
	const char *name;
};
extern const struct arch_cap arch_caps[];

/* The KVM ioctls that this architecture alone makes, for the trace. */
extern const struct trace_calls arch_calls;

/* The machine type that KVM_CREATE_VM takes on the KVM behind `kvm_fd`. */
unsigned long arch_vm_type(int kvm_fd);

/*
 * Create the interrupt controllers and what else must exist before the first vCPU. 0 or -errno,
 * logged.
 */
int arch_vm_init(struct vm *vm);

/*
 * Do what is possible only when the last vCPU exists. From then on irqfds can be plugged. 0 or
 * -errno, logged.
 */
int arch_vm_ready(struct vm *vm);

/* Fill in how GSIs reach the interrupt controllers' pins; returns how many entries. */
#define ARCH_IRQ_ROUTES_MAX 48
uint32_t arch_irq_routes(struct kvm_irq_routing_entry *entries);

/* The number by which KVM_IRQ_LINE knows the pin of a GSI. */
uint32_t arch_irq_pin(uint32_t gsi);

/*
 * Add to an MSI's route what this architecture's interrupt controller needs to know about its
 * sender.
 */
void arch_irq_msi_route(struct kvm_irq_routing_entry *route, uint32_t devid);

/*
 * Set features, topology and power-on state of a vCPU that was just created. The boot CPU (index 0)
 * starts at vm->entry; the others wait to be woken by it. 0 or -errno, logged.
 */
int arch_vcpu_init(struct vcpu *vcpu);

/* Handle an exit that vcpu.c does not know. True if it was handled and the guest may continue. */
bool arch_vcpu_exit(struct vcpu *vcpu);

/*
 * Called in the vCPU's thread when it continues after a pause, during which the host's time went
 * on.
 */
void arch_vcpu_paused(struct vcpu *vcpu);

/* Print the registers to standard error, one line each. */
void arch_vcpu_dump(struct vcpu *vcpu);

/* The width of the guest's physical addresses, bounded by the CPU's; 0 < bits <= 52. */
unsigned int arch_gpa_bits(void);

/*
 * Where `size` bytes of RAM above the hole begin: at arch_layout.ram_high, or further up where they
 * would reach addresses that this host's IOMMU reserves.
 */
uint64_t arch_ram_high(uint64_t size);

#endif
