/* SPDX-License-Identifier: MIT */
#include "uefi_devices.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "uefi_state.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

/* ---- registers ---- */

static int uefi_add_registers(struct bus *bus, const struct bus_region *region)
{
	int ret = bus_add_region(bus, region);

	return ret < 0 ? log_errno("UEFI firmware", ret, "put %#" PRIx64 " on the bus",
				   region->base)
		       : 0;
}

int uefi_devices_add_clock(struct uefi_machine *uefi)
{
	const struct bus_region rtc = { arch_layout.rtc_port, RTC_PORTS, &rtc_ops, &uefi->rtc };
	const struct bus_region pl031 = { arch_layout.rtc_mmio, PL031_SIZE, &pl031_ops,
					  &uefi->pl031 };

	rtc_init(&uefi->rtc);
	pl031_init(&uefi->pl031);
	return arch_layout.rtc_port ? uefi_add_registers(&uefi->vm->pio, &rtc)
				    : uefi_add_registers(&uefi->vm->mmio, &pl031);
}

static int uefi_add_fw_cfg(struct uefi_machine *uefi)
{
	const struct bus_region ports = { arch_layout.fw_cfg_port, FW_CFG_PORTS, &fw_cfg_ops,
					  &uefi->fw_cfg };
	const struct bus_region mmio = { arch_layout.fw_cfg_mmio, FW_CFG_MMIO_SIZE,
					 &fw_cfg_mmio_ops, &uefi->fw_cfg };

	fw_cfg_init(&uefi->fw_cfg);
	return arch_layout.fw_cfg_port ? uefi_add_registers(&uefi->vm->pio, &ports)
				       : uefi_add_registers(&uefi->vm->mmio, &mmio);
}

/* The power management of a PC, and the functions by which its firmware recognizes the machine. */
static int uefi_add_pc(struct uefi_machine *uefi)
{
	const struct bus_region pm = { arch_layout.pm_port, PM_PORTS, &pm_ops, &uefi->pm };
	int ret;

	if (!arch_layout.pm_port)
		return 0;
	pm_init(&uefi->pm, uefi->vm);
	ret = uefi_add_registers(&uefi->vm->pio, &pm);
	return ret < 0 ? ret : piix_add(&uefi->piix, uefi->host);
}

/* ---- flash ---- */

/* The code ends where the flash ends if the CPU starts there, or begins where it begins. */
static uint64_t uefi_code_gpa(uint64_t size)
{
	const struct arch_range *flash = &arch_layout.flash;

	return arch_layout.flash_vars.size ? flash->base : flash->base + flash->size - size;
}

/* Map the code as memory that the guest can only read. */
static int uefi_map_code(struct uefi_machine *uefi)
{
	const struct kernel_file *file = &uefi->code.file;
	uint64_t size = uefi->code.code_size;
	void *code = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int ret;

	if (code == MAP_FAILED)
		return log_errno(file->name, -errno, "mmap of %" PRIu64 " bytes", size);
	uefi->rom = (struct memory_region){
		.gpa = uefi_code_gpa(size),
		.size = size,
		.hva = code,
		.fd = -1,
		.kind = MEMORY_ROM,
		.owner = "UEFI firmware",
	};
	ret = kernel_file_read(file, uefi->code.vars_size, code, size);
	if (ret < 0)
		return ret;
	ret = memory_add_region(&uefi->vm->memory, &uefi->rom);
	return ret < 0 ? log_errno(file->name, ret, "map it into the guest") : 0;
}

/* Variables that nobody has kept yet: erased, which is all ones. */
static int uefi_fill_flash(struct uefi_machine *uefi)
{
	const struct kernel_file *vars = &uefi->vars;

	if (vars->size)
		return kernel_file_read_sparse(vars, 0, uefi->flash.contents, vars->size);
	memset(uefi->flash.contents, 0xff, uefi->flash.size);
	return 0;
}

/* Add the flash with the variables, directly below the code or in a bank of its own. */
static int uefi_add_flash(struct uefi_machine *uefi)
{
	const struct kernel_file *vars = &uefi->vars;
	const bool bank = arch_layout.flash_vars.size > 0;
	const struct flash_config config = {
		.kind = bank ? &flash_kind_pair : &flash_kind_pc,
		.gpa = bank ? arch_layout.flash_vars.base : uefi->rom.gpa - vars->size,
		.size = vars->size ? vars->size : uefi->code.format->vars_size_new,
		.file = uefi->keep ? &uefi->file : NULL,
	};
	int ret;

	if (config.size == 0)
		return 0;
	uefi->file = (struct file_keeper){ .name = vars->name, .fd = vars->fd };
	ret = flash_init(&uefi->flash, uefi->vm, &config);
	if (ret == 0)
		ret = uefi_fill_flash(uefi);
	return ret < 0 ? ret : flash_add(&uefi->flash);
}

/* ---- all of them ---- */

int uefi_devices_add(struct uefi_machine *uefi)
{
	int (*const steps[])(struct uefi_machine *) = {
		uefi_devices_add_clock, uefi_add_fw_cfg, uefi_map_code, uefi_add_flash, uefi_add_pc,
	};
	int ret = 0;

	for (size_t i = 0; i < array_size(steps) && ret == 0; i++)
		ret = steps[i](uefi);
	return ret;
}

int uefi_devices_reset(struct uefi_machine *uefi)
{
	rtc_reset(&uefi->rtc);
	pl031_reset(&uefi->pl031);
	if (uefi->kind == UEFI_KERNEL)
		return 0;
	pm_reset(&uefi->pm);
	fw_cfg_reset(&uefi->fw_cfg);
	return uefi->flash.vm ? flash_reset(&uefi->flash) : 0;
}

/* What is at a port or an address of 0 is not on the bus. */
static void uefi_del_registers(struct bus *bus, uint64_t base)
{
	if (base)
		bus_del_region(bus, base);
}

void uefi_devices_destroy(struct uefi_machine *uefi)
{
	uefi_del_registers(&uefi->vm->pio, arch_layout.rtc_port);
	uefi_del_registers(&uefi->vm->pio, arch_layout.pm_port);
	uefi_del_registers(&uefi->vm->pio, arch_layout.fw_cfg_port);
	uefi_del_registers(&uefi->vm->mmio, arch_layout.rtc_mmio);
	uefi_del_registers(&uefi->vm->mmio, arch_layout.fw_cfg_mmio);
	flash_destroy(&uefi->flash);
	if (uefi->rom.hva) {
		memory_del_region(&uefi->vm->memory, uefi->rom.gpa);
		munmap(uefi->rom.hva, uefi->rom.size);
	}
	fw_cfg_destroy(&uefi->fw_cfg);
	rtc_destroy(&uefi->rtc);
	pl031_destroy(&uefi->pl031);
	uefi->vm = NULL;
}
