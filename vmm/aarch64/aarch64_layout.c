/* SPDX-License-Identifier: MIT */
/*
 * The arm64 machine's map. Devices lie below 1 GiB, RAM above. 0x8000000 to 0x80fffff is where an
 * SMMU's driver puts the doorbells of the host's interrupts: neither RAM nor a BAR may be there,
 * but the GIC may, because no device's DMA goes to it. A GSI below 24 is the SPI of that number.
 * The first 128 MiB are free for two banks of flash, as firmware built for QEMU's machine expects.
 * RAM is cut at 4 GiB only because the x86 machine's is; here the two parts are adjacent.
 */
#include "vmm/core/arch.h"

#define GIB (1ull << 30)
#define MIB (1ull << 20)
#define KIB (1ull << 10)

const struct arch_layout arch_layout = {
	.name = "aarch64",
	.ram_low = { 1 * GIB, 3 * GIB },
	.ram_high = 4 * GIB,
	.gic_dist = { 0x08000000, 64 * KIB },
	.gic_its = { 0x08080000, 128 * KIB },
	.serial_mmio = 0x09000000,
	.serial_gsi = 4,
	.gpio_mmio = 0x09010000,
	.button_gsi = 5,
	.flash = { 0, 64 * MIB },
	.flash_vars = { 64 * MIB, 64 * MIB },
	.rtc_mmio = 0x09020000,
	.fw_cfg_mmio = 0x09030000,
	.cpus_max = 256, /* of 128 KiB each in: */
	.gic_redist = { 0x0a000000, 32 * MIB },
	.pci_io = { 0, 64 * KIB },
	.pci_io_mmio = 0x0e000000,
	.ecam = { 0x0f000000, 16 * MIB },
	.pci_mmio32 = { 0x10000000, 768 * MIB },
	.pci_intx_gsi = 16,
	.pci_intx_lines = 8,
};

uint64_t arch_ram_high(uint64_t size)
{
	(void)size;
	return arch_layout.ram_high;
}
