/* SPDX-License-Identifier: MIT */
#include "fdt.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <linux/pci.h>
#include <stdio.h>
#include <string.h>

#include "vmm/trace/log.h"

/* Who is referred to by whom. */
#define PHANDLE_GIC 1u
#define PHANDLE_ITS 2u

/* Interrupt specifiers of arm,gic-v3: kind, number, how it is triggered. */
#define GIC_SPI        0u
#define GIC_PPI        1u
#define GIC_LEVEL_HIGH 4u

#define GIC_REDIST_SIZE (128u << 10) /* two frames of 64 KiB for each CPU */

/* Which private interrupts a CPU's own timers and counters raise: what KVM delivers. */
#define PPI_TIMER_SECURE  13u
#define PPI_TIMER         14u
#define PPI_TIMER_VIRTUAL 11u
#define PPI_TIMER_HYP     10u
#define PPI_PMU           7u

/* KVM gives a vCPU its MPIDR by its number: sixteen of them share the upper affinity levels. */
#define MPIDR_CLUSTER 16u

/* Kinds of PCI address space in `ranges`, IEEE 1275 PCI binding 2.2.1.1. */
#define PCI_RANGE_IO    0x01000000u
#define PCI_RANGE_MEM32 0x02000000u
#define PCI_RANGE_MEM64 0x03000000u
#define PCI_PINS        4u

#define SERIAL_CLOCK 1843200u /* any: the line has no speed */
#define SERIAL_SIZE  8u

#define CELLS_MAX 512

/* A tree being written; the first error sticks. */
struct fdt_tree {
	void *to;
	int error;
};

/* A property's value: cells of 32 bits, big-endian. */
struct fdt_cells {
	uint32_t cell[CELLS_MAX];
	unsigned int count;
};

static void fdt_check(struct fdt_tree *tree, int error)
{
	if (!tree->error)
		tree->error = error;
}

static void fdt_open(struct fdt_tree *tree, const char *name)
{
	fdt_check(tree, fdt_begin_node(tree->to, name));
}

/* A node named after the address of its registers. */
static void fdt_open_at(struct fdt_tree *tree, const char *name, uint64_t address)
{
	char full[64];

	snprintf(full, sizeof(full), "%s@%" PRIx64, name, address);
	fdt_open(tree, full);
}

static void fdt_close(struct fdt_tree *tree)
{
	fdt_check(tree, fdt_end_node(tree->to));
}

static void fdt_put(struct fdt_tree *tree, const char *name, const void *value, size_t size)
{
	fdt_check(tree, fdt_property(tree->to, name, value, (int)size));
}

static void fdt_put_flag(struct fdt_tree *tree, const char *name)
{
	fdt_put(tree, name, NULL, 0);
}

static void fdt_put_text(struct fdt_tree *tree, const char *name, const char *text)
{
	fdt_put(tree, name, text, strlen(text) + 1);
}

static void fdt_put_cell(struct fdt_tree *tree, const char *name, uint32_t value)
{
	fdt_check(tree, fdt_property_u32(tree->to, name, value));
}

static void fdt_put_cells(struct fdt_tree *tree, const char *name, const struct fdt_cells *cells)
{
	fdt_put(tree, name, cells->cell, cells->count * sizeof(cells->cell[0]));
}

static void fdt_add(struct fdt_cells *cells, uint32_t value)
{
	assert(cells->count < CELLS_MAX);
	cells->cell[cells->count++] = cpu_to_fdt32(value);
}

static void fdt_add64(struct fdt_cells *cells, uint64_t value)
{
	fdt_add(cells, (uint32_t)(value >> 32));
	fdt_add(cells, (uint32_t)value);
}

static void fdt_add_range(struct fdt_cells *cells, const struct arch_range *range)
{
	fdt_add64(cells, range->base);
	fdt_add64(cells, range->size);
}

static void fdt_add_irq(struct fdt_cells *cells, uint32_t kind, uint32_t number)
{
	fdt_add(cells, kind);
	fdt_add(cells, number);
	fdt_add(cells, GIC_LEVEL_HIGH);
}

static void fdt_put_reg(struct fdt_tree *tree, uint64_t base, uint64_t size)
{
	struct fdt_cells reg = { .count = 0 };

	fdt_add_range(&reg, &(struct arch_range){ base, size });
	fdt_put_cells(tree, "reg", &reg);
}

static void fdt_put_irq(struct fdt_tree *tree, uint32_t kind, uint32_t number)
{
	struct fdt_cells irq = { .count = 0 };

	fdt_add_irq(&irq, kind, number);
	fdt_put_cells(tree, "interrupts", &irq);
}

static void fdt_put_sizes(struct fdt_tree *tree, uint32_t address, uint32_t size)
{
	fdt_put_cell(tree, "#address-cells", address);
	fdt_put_cell(tree, "#size-cells", size);
}

/* ---- what the kernel is told ---- */

static void fdt_write_chosen(struct fdt_tree *tree, const struct fdt_config *config)
{
	uint64_t initrd_end = config->initrd.base + config->initrd.size;
	char console[64];

	snprintf(console, sizeof(console), "/serial@%" PRIx64, config->layout->serial_mmio);
	fdt_open(tree, "chosen");
	fdt_put_text(tree, "bootargs", config->cmdline);
	fdt_put_text(tree, "stdout-path", console);
	if (config->initrd.size) {
		fdt_check(tree,
			  fdt_property_u64(tree->to, "linux,initrd-start", config->initrd.base));
		fdt_check(tree, fdt_property_u64(tree->to, "linux,initrd-end", initrd_end));
	}
	/* Where the kernel puts itself, and a start for its random numbers. */
	fdt_put(tree, "kaslr-seed", config->seed, sizeof(uint64_t));
	fdt_put(tree, "rng-seed", config->seed + sizeof(uint64_t),
		sizeof(config->seed) - sizeof(uint64_t));
	fdt_close(tree);
}

static void fdt_write_memory(struct fdt_tree *tree, const struct fdt_config *config)
{
	struct fdt_cells reg = { .count = 0 };

	for (unsigned int i = 0; i < FDT_RAM_MAX && config->ram[i].size; i++)
		fdt_add_range(&reg, &config->ram[i]);
	fdt_open_at(tree, "memory", config->ram[0].base);
	fdt_put_text(tree, "device_type", "memory");
	fdt_put_cells(tree, "reg", &reg);
	fdt_close(tree);
}

/* ---- CPUs and what each of them has ---- */

static uint32_t fdt_mpidr(unsigned int cpu)
{
	return (cpu / MPIDR_CLUSTER) << 8 | cpu % MPIDR_CLUSTER;
}

static void fdt_write_cpus(struct fdt_tree *tree, const struct fdt_config *config)
{
	fdt_open(tree, "cpus");
	fdt_put_sizes(tree, 1, 0);
	for (unsigned int cpu = 0; cpu < config->cpus; cpu++) {
		fdt_open_at(tree, "cpu", fdt_mpidr(cpu));
		fdt_put_text(tree, "device_type", "cpu");
		fdt_put_text(tree, "compatible", "arm,armv8");
		fdt_put_text(tree, "enable-method", "psci");
		fdt_put_cell(tree, "reg", fdt_mpidr(cpu));
		fdt_close(tree);
	}
	fdt_close(tree);
}

static void fdt_write_psci(struct fdt_tree *tree)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";

	fdt_open(tree, "psci");
	fdt_put(tree, "compatible", compatible, sizeof(compatible));
	fdt_put_text(tree, "method", "hvc"); /* KVM is the hypervisor, and there is no firmware */
	fdt_close(tree);
}

static void fdt_write_timer(struct fdt_tree *tree)
{
	struct fdt_cells irqs = { .count = 0 };

	fdt_add_irq(&irqs, GIC_PPI, PPI_TIMER_SECURE);
	fdt_add_irq(&irqs, GIC_PPI, PPI_TIMER);
	fdt_add_irq(&irqs, GIC_PPI, PPI_TIMER_VIRTUAL);
	fdt_add_irq(&irqs, GIC_PPI, PPI_TIMER_HYP);
	fdt_open(tree, "timer");
	fdt_put_text(tree, "compatible", "arm,armv8-timer");
	fdt_put_cells(tree, "interrupts", &irqs);
	fdt_put_flag(tree, "always-on");
	fdt_close(tree);
}

static void fdt_write_pmu(struct fdt_tree *tree)
{
	fdt_open(tree, "pmu");
	fdt_put_text(tree, "compatible", "arm,armv8-pmuv3");
	fdt_put_irq(tree, GIC_PPI, PPI_PMU);
	fdt_close(tree);
}

/* ---- interrupt controllers ---- */

static void fdt_write_its(struct fdt_tree *tree, const struct arch_range *its)
{
	fdt_open_at(tree, "msi-controller", its->base);
	fdt_put_text(tree, "compatible", "arm,gic-v3-its");
	fdt_put_flag(tree, "msi-controller");
	fdt_put_cell(tree, "#msi-cells", 1);
	fdt_put_reg(tree, its->base, its->size);
	fdt_put_cell(tree, "phandle", PHANDLE_ITS);
	fdt_close(tree);
}

static void fdt_write_gic(struct fdt_tree *tree, const struct fdt_config *config)
{
	const struct arch_layout *layout = config->layout;
	struct fdt_cells reg = { .count = 0 };

	fdt_add_range(&reg, &layout->gic_dist);
	fdt_add64(&reg, layout->gic_redist.base);
	fdt_add64(&reg, config->cpus * (uint64_t)GIC_REDIST_SIZE);
	fdt_open_at(tree, "interrupt-controller", layout->gic_dist.base);
	fdt_put_text(tree, "compatible", "arm,gic-v3");
	fdt_put_flag(tree, "interrupt-controller");
	fdt_put_cell(tree, "#interrupt-cells", 3);
	fdt_put_cells(tree, "reg", &reg);
	fdt_put_sizes(tree, 2, 2);
	fdt_put_flag(tree, "ranges");
	fdt_put_cell(tree, "phandle", PHANDLE_GIC);
	fdt_write_its(tree, &layout->gic_its);
	fdt_close(tree);
}

/* ---- devices ---- */

static void fdt_write_serial(struct fdt_tree *tree, const struct arch_layout *layout)
{
	fdt_open_at(tree, "serial", layout->serial_mmio);
	fdt_put_text(tree, "compatible", "ns16550a");
	fdt_put_reg(tree, layout->serial_mmio, SERIAL_SIZE);
	fdt_put_irq(tree, GIC_SPI, layout->serial_gsi);
	fdt_put_cell(tree, "clock-frequency", SERIAL_CLOCK);
	fdt_close(tree);
}

static void fdt_add_window(struct fdt_cells *ranges, uint32_t kind, const struct arch_range *window,
			   uint64_t cpu)
{
	if (!window->size)
		return;
	fdt_add(ranges, kind);
	fdt_add64(ranges, window->base);
	fdt_add64(ranges, cpu);
	fdt_add64(ranges, window->size);
}

static void fdt_put_windows(struct fdt_tree *tree, const struct fdt_config *config)
{
	const struct arch_layout *layout = config->layout;
	struct fdt_cells ranges = { .count = 0 };

	fdt_add_window(&ranges, PCI_RANGE_IO, &layout->pci_io, layout->pci_io_mmio);
	fdt_add_window(&ranges, PCI_RANGE_MEM32, &layout->pci_mmio32, layout->pci_mmio32.base);
	fdt_add_window(&ranges, PCI_RANGE_MEM64, &config->pci_mmio64, config->pci_mmio64.base);
	fdt_put_cells(tree, "ranges", &ranges);
}

/* A device's address with nothing but its slot. */
static uint32_t fdt_pci_slot(uint32_t slot)
{
	return PCI_DEVFN(slot, 0) << 8;
}

/*
 * Slots take the lines in turn, as pci_host_intx_gsi() has it; the lines are a power of two, so the
 * low bits of the slot's number say all.
 */
static void fdt_put_pins(struct fdt_tree *tree, const struct arch_layout *layout)
{
	uint32_t lines = layout->pci_intx_lines;
	struct fdt_cells mask = { .count = 0 }, map = { .count = 0 };

	fdt_add(&mask, fdt_pci_slot(lines - 1));
	fdt_add64(&mask, 0);
	fdt_add(&mask, 7);
	fdt_put_cells(tree, "interrupt-map-mask", &mask);
	for (uint32_t i = 0; i < lines * PCI_PINS; i++) {
		uint32_t slot = i / PCI_PINS, pin = i % PCI_PINS;

		fdt_add(&map, fdt_pci_slot(slot));
		fdt_add64(&map, 0);
		fdt_add(&map, pin + 1);
		fdt_add(&map, PHANDLE_GIC);
		fdt_add64(&map, 0); /* the GIC's node has addresses, for the ITS below it */
		fdt_add_irq(&map, GIC_SPI, layout->pci_intx_gsi + (slot + pin) % lines);
	}
	fdt_put_cells(tree, "interrupt-map", &map);
}

/* A message carries its sender's bus, device and function; all of them go to the ITS unchanged. */
static void fdt_put_msi_map(struct fdt_tree *tree)
{
	struct fdt_cells map = { .count = 0 };

	fdt_add(&map, 0);
	fdt_add(&map, PHANDLE_ITS);
	fdt_add(&map, 0);
	fdt_add(&map, 0x10000);
	fdt_put_cells(tree, "msi-map", &map);
}

static void fdt_write_pci(struct fdt_tree *tree, const struct fdt_config *config)
{
	const struct arch_layout *layout = config->layout;
	struct fdt_cells buses = { .count = 0 };

	fdt_add64(&buses, 0); /* bus 0 to bus 0 */
	fdt_open_at(tree, "pcie", layout->ecam.base);
	fdt_put_text(tree, "compatible", "pci-host-ecam-generic");
	fdt_put_text(tree, "device_type", "pci");
	fdt_put_reg(tree, layout->ecam.base, layout->ecam.size);
	fdt_put_sizes(tree, 3, 2);
	fdt_put_cells(tree, "bus-range", &buses);
	fdt_put_cell(tree, "linux,pci-domain", 0);
	fdt_put_windows(tree, config);
	fdt_put_flag(tree, "dma-coherent"); /* VFIO gives out no device that is not */
	fdt_put_cell(tree, "#interrupt-cells", 1);
	fdt_put_pins(tree, layout);
	fdt_put_msi_map(tree);
	fdt_close(tree);
}

/* ---- the whole ---- */

static void fdt_write_root(struct fdt_tree *tree, const struct fdt_config *config)
{
	fdt_open(tree, "");
	fdt_put_text(tree, "compatible", "linux,dummy-virt");
	fdt_put_text(tree, "model", "minivmm");
	fdt_put_sizes(tree, 2, 2);
	fdt_put_cell(tree, "interrupt-parent", PHANDLE_GIC);
	fdt_write_chosen(tree, config);
	fdt_write_memory(tree, config);
	fdt_write_cpus(tree, config);
	fdt_write_psci(tree);
	fdt_write_timer(tree);
	if (config->pmu)
		fdt_write_pmu(tree);
	fdt_write_gic(tree, config);
	fdt_write_serial(tree, config->layout);
	fdt_write_pci(tree, config);
	fdt_close(tree);
}

int fdt_write_machine(const struct fdt_config *config, void *to, size_t size)
{
	struct fdt_tree tree = { .to = to };

	fdt_check(&tree, fdt_create(to, (int)size));
	fdt_check(&tree, fdt_finish_reservemap(to));
	fdt_write_root(&tree, config);
	fdt_check(&tree, fdt_finish(to));
	if (!tree.error)
		return 0;
	log_error("device tree", "does not fit into %zu bytes: %s", size, fdt_strerror(tree.error));
	return -ENOSPC;
}
