/* SPDX-License-Identifier: MIT */
#include "uefi_machine.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/pci.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devices/pci_windows.h"
#include "vmm/trace/log.h"

/*
 * OVMF of 2022 makes page tables with 2 MiB pages for the whole address space. With 46 bits these
 * take 256 MiB, and OVMF stops without a message if the guest has less. So the guest gets no more
 * bits than this.
 */
#define UEFI_GPA_BITS 42

#define UEFI_RAM_MIN (128ull << 20)

void uefi_machine_init(struct uefi_machine *uefi)
{
	*uefi = (struct uefi_machine){ .vars.fd = -1 };
}

/* ---- files ---- */

/* Variables in memory start with those in the code's file, or else with those of the template. */
static int uefi_open_memory_vars(struct uefi_machine *uefi, const char *template)
{
	const struct uefi_code *code = &uefi->code;

	log_info(code->file.name,
		 "its variables are in memory and lost at the end; vars=FILE keeps them");
	if (!code->vars_size)
		return template && access(template, R_OK) == 0
			       ? uefi_image_open_template(code, template, &uefi->vars)
			       : 0;
	uefi->vars = code->file;
	uefi->vars.size = code->vars_size;
	return 0;
}

static int uefi_open_flash(struct uefi_machine *uefi, const struct boot_config *boot,
			   const char *vars)
{
	const char *template = NULL;
	int ret = uefi_image_open_code(&uefi->code, boot->kernel_fd, boot->kernel_name);

	if (ret < 0)
		return ret;
	uefi->kind = UEFI_FLASH;
	uefi->keep = vars != NULL;
	if (uefi_image_template(boot->kernel_name, uefi->template))
		template = uefi->template;
	if (!vars)
		return uefi_open_memory_vars(uefi, template);
	return uefi_image_open_vars(&uefi->code, vars, template, &uefi->vars);
}

static int uefi_open_kernel(struct uefi_machine *uefi, struct boot_config *boot, const char *vars)
{
	uefi->kind = UEFI_KERNEL;
	boot->extras.rtc = true;
	if (!vars)
		return 0;
	log_error(vars, "%s keeps no variables: it writes them into a disk", boot->kernel_name);
	return -EINVAL;
}

int uefi_machine_open(struct uefi_machine *uefi, struct boot_config *boot, bool firmware,
		      const char *vars)
{
	struct kernel_file file;
	struct kernel_head head;
	int ret = kernel_file_init(&file, boot->kernel_fd, boot->kernel_name);

	if (ret == 0)
		ret = kernel_file_read_head(&file, &head);
	if (ret < 0)
		return ret;
	if (!arch_layout.flash.size) {
		if (!firmware)
			return 0;
		log_error("--firmware", "is not supported on %s yet", arch_layout.name);
		return -ENOTSUP;
	}
	if (uefi_image_is_kernel(&head))
		return uefi_open_kernel(uefi, boot, vars);
	return firmware ? uefi_open_flash(uefi, boot, vars) : 0;
}

/* ---- devices ---- */

static int uefi_add_ports(struct uefi_machine *uefi, const struct bus_region *region)
{
	int ret = bus_add_region(&uefi->vm->pio, region);

	return ret < 0 ? log_errno("UEFI firmware", ret, "put port %#x on the bus",
				   (unsigned int)region->base)
		       : 0;
}

static int uefi_add_rtc(struct uefi_machine *uefi)
{
	const struct bus_region rtc = { arch_layout.rtc_port, RTC_PORTS, &rtc_ops, &uefi->rtc };

	rtc_init(&uefi->rtc);
	return uefi_add_ports(uefi, &rtc);
}

/* Map the code so that it ends at 4 GiB, as memory that the guest can only read. */
static int uefi_map_code(struct uefi_machine *uefi)
{
	const struct kernel_file *file = &uefi->code.file;
	uint64_t size = file->size - uefi->code.vars_size;
	void *code = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int ret;

	if (code == MAP_FAILED)
		return log_errno(file->name, -errno, "mmap of %" PRIu64 " bytes", size);
	uefi->rom = (struct memory_region){
		.gpa = arch_layout.flash.base + arch_layout.flash.size - size,
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

/* Add the flash with the variables, directly below the code. */
static int uefi_add_flash(struct uefi_machine *uefi)
{
	const struct kernel_file *vars = &uefi->vars;
	int ret;

	if (vars->size == 0)
		return 0;
	ret = flash_init(&uefi->flash, uefi->vm, uefi->rom.gpa - vars->size, vars->size,
			 uefi->keep ? vars->fd : -1, vars->name);
	if (ret == 0)
		ret = kernel_file_read(vars, 0, uefi->flash.contents, vars->size);
	return ret < 0 ? ret : flash_add(&uefi->flash);
}

static int uefi_add_flash_machine(struct uefi_machine *uefi)
{
	const struct bus_region pm = { arch_layout.pm_port, PM_PORTS, &pm_ops, &uefi->pm };
	const struct bus_region fw_cfg = { arch_layout.fw_cfg_port, FW_CFG_PORTS, &fw_cfg_ops,
					   &uefi->fw_cfg };
	int ret;

	if (memory_ram_size(&uefi->vm->memory) < UEFI_RAM_MIN) {
		log_error("--memory", "UEFI firmware needs %" PRIu64 " MiB at least",
			  (uint64_t)(UEFI_RAM_MIN >> 20));
		return -EINVAL;
	}
	pm_init(&uefi->pm, uefi->vm);
	fw_cfg_init(&uefi->fw_cfg);
	ret = uefi_map_code(uefi);
	if (ret == 0)
		ret = uefi_add_flash(uefi);
	if (ret == 0)
		ret = uefi_add_ports(uefi, &pm);
	if (ret == 0)
		ret = uefi_add_ports(uefi, &fw_cfg);
	if (ret == 0)
		ret = piix_add(&uefi->piix, uefi->host);
	return ret;
}

static int uefi_add_kernel_machine(struct uefi_machine *uefi)
{
	pci_host_set_id(uefi->host, PCI_VENDOR_INTEL, PCI_DEVICE_CLOUD_HOST);
	return 0;
}

int uefi_machine_add_devices(struct uefi_machine *uefi, struct vm *vm, struct pci_host *host)
{
	int ret;

	if (uefi->kind == UEFI_NONE)
		return 0;
	uefi->vm = vm;
	uefi->host = host;
	host->reset_control = true;
	ret = uefi_add_rtc(uefi);
	if (ret < 0)
		return ret;
	return uefi->kind == UEFI_FLASH ? uefi_add_flash_machine(uefi)
					: uefi_add_kernel_machine(uefi);
}

/* ---- what the firmware is told ---- */

static struct uefi_boot_device uefi_boot_device(struct pci_function *function)
{
	return (struct uefi_boot_device){
		.class_code = function->ops->config_read(function, PCI_CLASS_REVISION, 4) >> 8,
		.port = function->bridge ? PCI_SLOT(function->bridge->devfn) : 0,
		.slot = PCI_SLOT(function->devfn),
		.function = PCI_FUNC(function->devfn),
	};
}

/* In the order of the command line; devices of the same place in that of the bus. */
static void uefi_find_boot_devices(const struct pci_host *host, struct uefi_config *config)
{
	unsigned int index = PCI_DEVFN(PIIX_SLOT + 1, 0), places[UEFI_BOOT_MAX];
	struct pci_function *function;

	while (config->boot_count < UEFI_BOOT_MAX && (function = pci_host_next(host, &index))) {
		unsigned int at = config->boot_count++;

		for (; at > 0 && places[at - 1] > function->boot_place; at--) {
			places[at] = places[at - 1];
			config->boot[at] = config->boot[at - 1];
		}
		places[at] = function->boot_place;
		config->boot[at] = uefi_boot_device(function);
	}
}

static void uefi_publish(struct uefi_machine *uefi)
{
	fw_cfg_add(&uefi->fw_cfg, FW_CFG_CPUS, &uefi->cpus, sizeof(uefi->cpus));
	for (unsigned int i = 0; i < uefi->tables.file_count; i++) {
		const struct uefi_file *file = &uefi->tables.files[i];

		fw_cfg_add_file(&uefi->fw_cfg, file->name, file->data, file->size);
	}
}

int uefi_machine_describe(struct uefi_machine *uefi, const struct boot_config *boot)
{
	struct pci_host *host = uefi->host;
	struct uefi_config config;
	int ret;

	if (uefi->kind != UEFI_FLASH)
		return 0;
	config = (struct uefi_config){ .memory = &uefi->vm->memory,
				       .mmio64_needed = host->mmio64.size,
				       .gpa_bits = pci_windows_gpa_bits(host, UEFI_GPA_BITS) };
	pci_windows_widen(host, config.gpa_bits);
	uefi->vm->gpa_bits = config.gpa_bits;
	config.acpi = (struct acpi_config){ .cpus = boot->cpus,
					    .pci_mmio32 = host->mmio32,
					    .pci_mmio64 = host->mmio64,
					    .pci_buses = pci_host_buses(host),
					    .extras = boot->extras,
					    .uefi = true };
	config.acpi.extras.rtc = true;
	config.acpi.extras.pm_timer = arch_layout.pm_port + PM_TIMER;
	uefi->cpus = htole16((uint16_t)boot->cpus);
	uefi_find_boot_devices(host, &config);
	ret = uefi_tables_build(&uefi->tables, &config);
	if (ret == 0)
		uefi_publish(uefi);
	return ret;
}

/* ---- power ---- */

bool uefi_machine_starts(const struct uefi_machine *uefi)
{
	return uefi->kind == UEFI_FLASH;
}

int uefi_machine_reset(struct uefi_machine *uefi)
{
	if (uefi->kind == UEFI_NONE)
		return 0;
	rtc_reset(&uefi->rtc);
	if (uefi->kind == UEFI_KERNEL)
		return 0;
	pm_reset(&uefi->pm);
	fw_cfg_reset(&uefi->fw_cfg);
	return uefi->flash.vm ? flash_reset(&uefi->flash) : 0;
}

static void uefi_destroy_devices(struct uefi_machine *uefi)
{
	bus_del_region(&uefi->vm->pio, arch_layout.rtc_port);
	bus_del_region(&uefi->vm->pio, arch_layout.pm_port);
	bus_del_region(&uefi->vm->pio, arch_layout.fw_cfg_port);
	flash_destroy(&uefi->flash);
	if (uefi->rom.hva) {
		memory_del_region(&uefi->vm->memory, uefi->rom.gpa);
		munmap(uefi->rom.hva, uefi->rom.size);
	}
	fw_cfg_destroy(&uefi->fw_cfg);
	rtc_destroy(&uefi->rtc);
	uefi->vm = NULL;
}

void uefi_machine_destroy(struct uefi_machine *uefi)
{
	if (uefi->vm)
		uefi_destroy_devices(uefi);
	uefi_tables_free(&uefi->tables);
	if (uefi->vars.fd >= 0 && uefi->vars.fd != uefi->code.file.fd)
		close(uefi->vars.fd);
	uefi_machine_init(uefi);
}
