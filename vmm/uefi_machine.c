/* SPDX-License-Identifier: MIT */
#include "uefi_machine.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/pci.h>
#include <stdio.h>
#include <unistd.h>

#include "devices/pci_windows.h"
#include "uefi_devices.h"
#include "file_writer.h"
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
	*uefi = (struct uefi_machine){ .vars.fd = -1, .file.fd = -1 };
}

/* Whether code and variables have a bank of flash each; else they share one. */
static bool uefi_has_banks(void)
{
	return arch_layout.flash_vars.size > 0;
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
	int ret = uefi_image_open_code(&uefi->code,
				       uefi_has_banks() ? &uefi_format_banks : &uefi_format_pc,
				       boot->kernel_fd, boot->kernel_name);

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
	if (arch_layout.pm_timer_port && uefi_image_is_kernel(&head))
		return uefi_open_kernel(uefi, boot, vars);
	return firmware ? uefi_open_flash(uefi, boot, vars) : 0;
}

/* ---- devices ---- */

static int uefi_add_kernel_machine(struct uefi_machine *uefi)
{
	int ret = uefi_devices_add_clock(uefi);

	if (ret == 0)
		pci_host_set_id(uefi->host, PCI_VENDOR_INTEL, PCI_DEVICE_CLOUD_HOST);
	return ret;
}

int uefi_machine_add_devices(struct uefi_machine *uefi, struct vm *vm, struct pci_host *host)
{
	if (uefi->kind == UEFI_NONE)
		return 0;
	uefi->vm = vm;
	uefi->host = host;
	host->reset_control = arch_layout.pci_config_port != 0;
	if (uefi->kind == UEFI_KERNEL)
		return uefi_add_kernel_machine(uefi);
	if (memory_ram_size(&vm->memory) >= UEFI_RAM_MIN)
		return uefi_devices_add(uefi);
	log_error("--memory", "UEFI firmware needs %" PRIu64 " MiB at least",
		  (uint64_t)(UEFI_RAM_MIN >> 20));
	return -EINVAL;
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
	unsigned int first = uefi_has_banks() ? 1 : PIIX_SLOT + 1;
	unsigned int index = PCI_DEVFN(first, 0), places[UEFI_BOOT_MAX];
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

/* A PC's firmware places the BARs itself, and is told by ACPI what there is. */
static void uefi_describe_pc(struct uefi_machine *uefi, const struct boot_config *boot,
			     struct uefi_config *config)
{
	struct pci_host *host = uefi->host;

	config->mmio64_needed = host->mmio64.size;
	config->gpa_bits = pci_windows_gpa_bits(host, UEFI_GPA_BITS);
	pci_windows_widen(host, config->gpa_bits);
	uefi->vm->gpa_bits = config->gpa_bits;
	config->acpi = (struct acpi_config){ .cpus = boot->cpus,
					     .pci_mmio32 = host->mmio32,
					     .pci_mmio64 = host->mmio64,
					     .pci_buses = pci_host_buses(host),
					     .extras = boot->extras,
					     .uefi = true };
	config->acpi.extras.rtc = true;
	config->acpi.extras.pm_timer = arch_layout.pm_port + PM_TIMER;
}

/* Firmware for banks reads the device tree, which names them, and gives ACPI to what it starts. */
static void uefi_describe_banks(const struct uefi_machine *uefi, struct boot_config *boot,
				struct uefi_config *config)
{
	config->acpi = (struct acpi_config){ .cpus = boot->cpus,
					     .pci_mmio32 = uefi->host->mmio32,
					     .pci_mmio64 = uefi->host->mmio64,
					     .pci_buses = pci_host_buses(uefi->host),
					     .pmu = uefi->vm->pmu };
	boot->flash[0] = (struct arch_range){ uefi->rom.gpa, uefi->rom.size };
	boot->flash[1] = (struct arch_range){ uefi->flash.gpa, uefi->flash.size };
}

int uefi_machine_describe(struct uefi_machine *uefi, struct boot_config *boot)
{
	struct uefi_config config = { .tree = uefi_has_banks() };
	int ret;

	if (uefi->kind != UEFI_FLASH)
		return 0;
	config.memory = &uefi->vm->memory;
	if (config.tree)
		uefi_describe_banks(uefi, boot, &config);
	else
		uefi_describe_pc(uefi, boot, &config);
	uefi->cpus = htole16((uint16_t)boot->cpus);
	uefi_find_boot_devices(uefi->host, &config);
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
	return uefi->kind == UEFI_NONE ? 0 : uefi_devices_reset(uefi);
}

int uefi_machine_start_keeper(struct uefi_machine *uefi, bool confined)
{
	int ret;

	if (!uefi->keep || uefi->file.fd < 0)
		return 0;
	ret = file_writer_keep(&uefi->file, confined);
	if (ret == 0)
		uefi->vars.fd = -1;
	return ret;
}

void uefi_machine_hurry(struct uefi_machine *uefi)
{
	file_keeper_hurry(&uefi->file);
}

bool uefi_machine_is_stalled(const struct uefi_machine *uefi)
{
	return file_keeper_is_stalled(&uefi->file);
}

void uefi_machine_destroy(struct uefi_machine *uefi)
{
	if (uefi->vm)
		uefi_devices_destroy(uefi);
	uefi_tables_free(&uefi->tables);
	if (uefi->file.pid)
		file_keeper_close(&uefi->file);
	if (uefi->vars.fd >= 0 && uefi->vars.fd != uefi->code.file.fd)
		close(uefi->vars.fd);
	uefi_machine_init(uefi);
}
