/* SPDX-License-Identifier: MIT */
#include "device_tree.h"

#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <linux/input-event-codes.h>
#include <linux/pci.h>
#include <stdio.h>
#include <string.h>

#include "arm64_numbers.h"
#include "device_tree_writer.h"
#include "vmm/trace/log.h"

/* Kinds of PCI address space in `ranges`, IEEE 1275 PCI binding 2.2.1.1. */
#define PCI_RANGE_IO    0x01000000u
#define PCI_RANGE_MEM32 0x02000000u
#define PCI_RANGE_MEM64 0x03000000u
#define PCI_PINS        4u

#define GPIO_SIZE       0x1000u
#define GPIO_CLOCK      24000000u /* any value: this clock drives nothing */
#define GPIO_BUTTON_PIN 3u        /* the same as in devices/pl061.h */

#define SERIAL_CLOCK 1843200u /* any value: the line has no speed */
#define SERIAL_SIZE  8u

/* ---- what the kernel is told ---- */

static void tree_write_chosen(struct tree *tree, const struct tree_config *config)
{
	uint64_t initrd_end = config->initrd.base + config->initrd.size;
	char console[64];

	snprintf(console, sizeof(console), "/serial@%" PRIx64, config->layout->serial_mmio);
	tree_open(tree, "chosen");
	tree_put_text(tree, "bootargs", config->cmdline);
	tree_put_text(tree, "stdout-path", console);
	if (config->initrd.size) {
		tree_check(tree,
			   fdt_property_u64(tree->to, "linux,initrd-start", config->initrd.base));
		tree_check(tree, fdt_property_u64(tree->to, "linux,initrd-end", initrd_end));
	}
	/*
	 * The address where the kernel puts itself, and the seed of its random numbers, come from
	 * here.
	 */
	tree_put(tree, "kaslr-seed", config->seed, sizeof(uint64_t));
	tree_put(tree, "rng-seed", config->seed + sizeof(uint64_t),
		 sizeof(config->seed) - sizeof(uint64_t));
	tree_close(tree);
}

/* A node for each bank: firmware understands only one range in a node. */
static void tree_write_memory(struct tree *tree, const struct tree_config *config)
{
	for (unsigned int i = 0; i < FDT_RAM_MAX && config->ram[i].size; i++) {
		tree_open_at(tree, "memory", config->ram[i].base);
		tree_put_text(tree, "device_type", "memory");
		tree_put_reg(tree, config->ram[i].base, config->ram[i].size);
		tree_close(tree);
	}
}

/* ---- CPUs and what each of them has ---- */

static void tree_write_cpus(struct tree *tree, const struct tree_config *config)
{
	tree_open(tree, "cpus");
	tree_put_sizes(tree, 1, 0);
	for (unsigned int cpu = 0; cpu < config->cpus; cpu++) {
		tree_open_at(tree, "cpu", arm64_mpidr(cpu));
		tree_put_text(tree, "device_type", "cpu");
		tree_put_text(tree, "compatible", "arm,armv8");
		tree_put_text(tree, "enable-method", "psci");
		tree_put_cell(tree, "reg", arm64_mpidr(cpu));
		tree_close(tree);
	}
	tree_close(tree);
}

static void tree_write_psci(struct tree *tree)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";

	tree_open(tree, "psci");
	tree_put(tree, "compatible", compatible, sizeof(compatible));
	tree_put_text(tree, "method", "hvc"); /* KVM is the hypervisor, and there is no firmware */
	tree_close(tree);
}

static void tree_write_timer(struct tree *tree)
{
	struct tree_cells irqs = { .count = 0 };

	tree_add_irq(&irqs, GIC_PPI, PPI_TIMER_SECURE);
	tree_add_irq(&irqs, GIC_PPI, PPI_TIMER);
	tree_add_irq(&irqs, GIC_PPI, PPI_TIMER_VIRTUAL);
	tree_add_irq(&irqs, GIC_PPI, PPI_TIMER_HYP);
	tree_open(tree, "timer");
	tree_put_text(tree, "compatible", "arm,armv8-timer");
	tree_put_cells(tree, "interrupts", &irqs);
	tree_put_flag(tree, "always-on");
	tree_close(tree);
}

static void tree_write_pmu(struct tree *tree)
{
	tree_open(tree, "pmu");
	tree_put_text(tree, "compatible", "arm,armv8-pmuv3");
	tree_put_irq(tree, GIC_PPI, PPI_PMU);
	tree_close(tree);
}

/* ---- interrupt controllers ---- */

static void tree_write_its(struct tree *tree, const struct arch_range *its)
{
	tree_open_at(tree, "msi-controller", its->base);
	tree_put_text(tree, "compatible", "arm,gic-v3-its");
	tree_put_flag(tree, "msi-controller");
	tree_put_cell(tree, "#msi-cells", 1);
	tree_put_reg(tree, its->base, its->size);
	tree_put_cell(tree, "phandle", PHANDLE_ITS);
	tree_close(tree);
}

static void tree_write_gic(struct tree *tree, const struct tree_config *config)
{
	const struct arch_layout *layout = config->layout;
	struct tree_cells reg = { .count = 0 };

	tree_add_range(&reg, &layout->gic_dist);
	tree_add64(&reg, layout->gic_redist.base);
	tree_add64(&reg, config->cpus * (uint64_t)GIC_REDIST_SIZE);
	tree_open_at(tree, "interrupt-controller", layout->gic_dist.base);
	tree_put_text(tree, "compatible", "arm,gic-v3");
	tree_put_flag(tree, "interrupt-controller");
	tree_put_cell(tree, "#interrupt-cells", 3);
	tree_put_cells(tree, "reg", &reg);
	tree_put_sizes(tree, 2, 2);
	tree_put_flag(tree, "ranges");
	tree_put_cell(tree, "phandle", PHANDLE_GIC);
	tree_write_its(tree, &layout->gic_its);
	tree_close(tree);
}

/* ---- devices ---- */

static void tree_write_16550(struct tree *tree, const struct arch_layout *layout)
{
	tree_open_at(tree, "serial", layout->serial_mmio);
	tree_put_text(tree, "compatible", "ns16550a");
	tree_put_reg(tree, layout->serial_mmio, SERIAL_SIZE);
	tree_put_irq(tree, GIC_SPI, layout->serial_gsi);
	tree_put_cell(tree, "clock-frequency", SERIAL_CLOCK);
	tree_close(tree);
}

/* The driver of a PrimeCell, an Arm peripheral, asks for the clock of its bus. */
static void tree_write_clock(struct tree *tree)
{
	tree_open(tree, "apb-pclk");
	tree_put_text(tree, "compatible", "fixed-clock");
	tree_put_cell(tree, "#clock-cells", 0);
	tree_put_cell(tree, "clock-frequency", GPIO_CLOCK);
	tree_put_cell(tree, "phandle", PHANDLE_CLOCK);
	tree_close(tree);
}

static void tree_write_gpio(struct tree *tree, const struct arch_layout *layout)
{
	static const char compatible[] = "arm,pl061\0arm,primecell";

	tree_open_at(tree, "gpio", layout->gpio_mmio);
	tree_put(tree, "compatible", compatible, sizeof(compatible));
	tree_put_reg(tree, layout->gpio_mmio, GPIO_SIZE);
	tree_put_irq(tree, GIC_SPI, layout->button_gsi);
	tree_put_flag(tree, "gpio-controller");
	tree_put_cell(tree, "#gpio-cells", 2);
	tree_put_flag(tree, "interrupt-controller");
	tree_put_cell(tree, "#interrupt-cells", 2);
	tree_put_cell(tree, "#address-cells", 0);
	tree_put_cell(tree, "clocks", PHANDLE_CLOCK);
	tree_put_text(tree, "clock-names", "apb_pclk");
	tree_put_cell(tree, "phandle", PHANDLE_GPIO);
	tree_close(tree);
}

/* The power button, as a key. */
static void tree_write_button(struct tree *tree)
{
	struct tree_cells pin = { .count = 0 };

	tree_add(&pin, PHANDLE_GPIO);
	tree_add(&pin, GPIO_BUTTON_PIN);
	tree_add(&pin, 0); /* high while the button is down */
	tree_open(tree, "gpio-keys");
	tree_put_text(tree, "compatible", "gpio-keys");
	tree_open(tree, "key-power");
	tree_put_text(tree, "label", "power button");
	tree_put_cell(tree, "linux,code", KEY_POWER);
	tree_put_cells(tree, "gpios", &pin);
	tree_close(tree);
	tree_close(tree);
}

static void tree_add_window(struct tree_cells *ranges, uint32_t kind,
			    const struct arch_range *window, uint64_t cpu)
{
	if (!window->size)
		return;
	tree_add(ranges, kind);
	tree_add64(ranges, window->base);
	tree_add64(ranges, cpu);
	tree_add64(ranges, window->size);
}

static void tree_put_windows(struct tree *tree, const struct tree_config *config)
{
	const struct arch_layout *layout = config->layout;
	struct tree_cells ranges = { .count = 0 };

	tree_add_window(&ranges, PCI_RANGE_IO, &layout->pci_io, layout->pci_io_mmio);
	tree_add_window(&ranges, PCI_RANGE_MEM32, &layout->pci_mmio32, layout->pci_mmio32.base);
	tree_add_window(&ranges, PCI_RANGE_MEM64, &config->pci_mmio64, config->pci_mmio64.base);
	tree_put_cells(tree, "ranges", &ranges);
}

/* The address of a function 0: its slot, and nothing else. */
static uint32_t tree_pci_slot(uint32_t slot)
{
	return PCI_DEVFN(slot, 0) << 8;
}

/*
 * Slots take the lines in turn, as in pci_host_intx_gsi(). The number of lines is a power of two,
 * so the low bits of the slot's number are enough.
 */
static void tree_put_pins(struct tree *tree, const struct arch_layout *layout)
{
	uint32_t lines = layout->pci_intx_lines;
	struct tree_cells mask = { .count = 0 }, map = { .count = 0 };

	tree_add(&mask, tree_pci_slot(lines - 1));
	tree_add64(&mask, 0);
	tree_add(&mask, 7);
	tree_put_cells(tree, "interrupt-map-mask", &mask);
	for (uint32_t i = 0; i < lines * PCI_PINS; i++) {
		uint32_t slot = i / PCI_PINS, pin = i % PCI_PINS;

		tree_add(&map, tree_pci_slot(slot));
		tree_add64(&map, 0);
		tree_add(&map, pin + 1);
		tree_add(&map, PHANDLE_GIC);
		tree_add64(&map, 0); /* the GIC's node has addresses for the ITS below it */
		tree_add_irq(&map, GIC_SPI, layout->pci_intx_gsi + (slot + pin) % lines);
	}
	tree_put_cells(tree, "interrupt-map", &map);
}

/* A message carries its sender's bus, device and function. All three go to the ITS unchanged. */
static void tree_put_msi_map(struct tree *tree)
{
	struct tree_cells map = { .count = 0 };

	tree_add(&map, 0);
	tree_add(&map, PHANDLE_ITS);
	tree_add(&map, 0);
	tree_add(&map, 0x10000);
	tree_put_cells(tree, "msi-map", &map);
}

static void tree_write_pci(struct tree *tree, const struct tree_config *config)
{
	const struct arch_layout *layout = config->layout;
	struct tree_cells buses = { .count = 0 };

	tree_add(&buses, 0);
	tree_add(&buses, config->pci_buses ? config->pci_buses - 1 : 0);
	tree_open_at(tree, "pcie", layout->ecam.base);
	tree_put_text(tree, "compatible", "pci-host-ecam-generic");
	tree_put_text(tree, "device_type", "pci");
	tree_put_reg(tree, layout->ecam.base, layout->ecam.size);
	tree_put_sizes(tree, 3, 2);
	tree_put_cells(tree, "bus-range", &buses);
	tree_put_cell(tree, "linux,pci-domain", 0);
	tree_put_windows(tree, config);
	tree_put_flag(tree, "dma-coherent"); /* VFIO gives out no device that is not coherent */
	tree_put_cell(tree, "#interrupt-cells", 1);
	tree_put_pins(tree, layout);
	tree_put_msi_map(tree);
	tree_close(tree);
}

/* ---- the whole ---- */

static void tree_write_root(struct tree *tree, const struct tree_config *config)
{
	const bool firmware = config->flash[0].size > 0;

	tree_open(tree, "");
	tree_put_text(tree, "compatible", "linux,dummy-virt");
	tree_put_text(tree, "model", "minivmm");
	tree_put_sizes(tree, 2, 2);
	tree_put_cell(tree, "interrupt-parent", PHANDLE_GIC);
	tree_write_chosen(tree, config);
	tree_write_memory(tree, config);
	tree_write_cpus(tree, config);
	tree_write_psci(tree);
	tree_write_timer(tree);
	if (config->pmu)
		tree_write_pmu(tree);
	tree_write_gic(tree, config);
	if (firmware)
		tree_write_pl011(tree, config->layout);
	else
		tree_write_16550(tree, config->layout);
	tree_write_clock(tree);
	tree_write_gpio(tree, config->layout);
	tree_write_button(tree);
	tree_write_pci(tree, config);
	if (firmware)
		tree_write_firmware(tree, config->layout, config->flash);
	tree_close(tree);
}

int tree_write_machine(const struct tree_config *config, void *to, size_t size)
{
	struct tree tree = { .to = to };

	tree_check(&tree, fdt_create(to, (int)size));
	tree_check(&tree, fdt_finish_reservemap(to));
	tree_write_root(&tree, config);
	tree_check(&tree, fdt_finish(to));
	if (!tree.error)
		return 0;
	log_error("device tree", "does not fit into %zu bytes: %s", size, fdt_strerror(tree.error));
	return -ENOSPC;
}
