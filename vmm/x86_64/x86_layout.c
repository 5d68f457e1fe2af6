/* SPDX-License-Identifier: MIT */
/*
 * The x86 machine's map. RAM stops at 3 GiB. The addresses from there to 4 GiB belong to devices
 * and to the interrupt controllers (0xfec00000, 0xfee00000). They could not be used for DMA anyway:
 * an IOMMU takes writes to 0xfeexxxxx for interrupts.
 */
#include <cpuid.h>
#include <string.h>

#include "vmm/core/arch.h"
#include "x86.h"
#include "x86.h"

#define GIB (1ull << 30)
#define MIB (1ull << 20)

const struct arch_layout arch_layout = {
	.name = "x86_64",
	.cpus_max = 1024,
	.ram_low = { 0, 3 * GIB },
	.ram_high = 4 * GIB,
	.pci_mmio32 = { 0xc0000000, 768 * MIB },
	.ecam = { 0xf0000000, 32 * MIB },
	.pci_io = { 0xc000, 0x4000 },
	.pci_intx_gsi = 16,
	.pci_intx_lines = 8,
	.pci_config_port = 0xcf8,
	.serial_port = 0x3f8,
	.serial_gsi = 4,
	.power_port = 0x600,
	.ged_port = 0x603,
	.button_gsi = 9,
	.i8042_port = 0x64,
	.pvpanic_port = 0x505,
	.flash = { 0xffc00000, 4 * MIB },
	.rtc_port = 0x70,
	.fw_cfg_port = 0x510,
	.pm_port = 0xb000,
	.pm_timer_port = 0x608,
	.acpi_rom = { 0xfd000000, 16 * MIB },
	.reserved = { X86_IDENTITY_MAP, X86_KVM_PAGES * 0x1000 },
};

/*
 * AMD's IOMMUs keep 12 GiB below 1 TiB for themselves: for HyperTransport's interrupts and other
 * messages. RAM that would reach there goes above. AMD I/O Virtualization Technology, 2.1.2.
 */
#define X86_AMD_RESERVED 0xfd00000000ull
#define X86_AMD_BEHIND   (1024 * GIB)

uint64_t x86_ram_high(bool amd, uint64_t size)
{
	bool reaches = size > X86_AMD_RESERVED - arch_layout.ram_high;

	return amd && reaches ? X86_AMD_BEHIND : arch_layout.ram_high;
}

uint64_t arch_ram_high(uint64_t size)
{
	unsigned int max, name[3] = { 0 };

	__cpuid(0, max, name[0], name[2], name[1]);
	return x86_ram_high(memcmp(name, "AuthenticAMD", sizeof(name)) == 0 ||
				    memcmp(name, "HygonGenuine", sizeof(name)) == 0,
			    size);
}
