/* SPDX-License-Identifier: MIT */
#include "linux_x86.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "acpi.h"
#include "boot.h"
#include "kernel_file.h"
#include "linux_bzimage.h"
#include "linux_pvh.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define BOOT_PAGE          0x1000ull
#define BOOT_LARGE_PAGE    (2ull << 20)
#define BOOT_TABLE_ENTRIES 512
#define BOOT_PTE_PRESENT   (1ull << 0)
#define BOOT_PTE_WRITE     (1ull << 1)
#define BOOT_PTE_LARGE     (1ull << 7)
#define BOOT_RAM_SPARE     (32ull << 20) /* for the fix line: what a kernel needs to run */

struct boot {
	const struct boot_config *config;
	struct memory *memory;
	struct kernel_file kernel;
	struct kernel_file initrd;
	struct kernel_head head;
	struct boot_image image;
	struct boot_info info;
	uint8_t *ram; /* the bank at address 0; everything goes into it */
	uint64_t ram_size;
};

static int boot_map_add(struct boot_info *info, uint64_t base, uint64_t size, bool ram)
{
	if (info->map_count == BOOT_MAP_MAX) {
		log_error("memory map", "holds no more than %d ranges", BOOT_MAP_MAX);
		return -E2BIG;
	}
	info->map[info->map_count++] = (struct boot_map_entry){ { base, size }, ram };
	return 0;
}

/* The size of the bank at address 0, below the hole that a PC has there. */
static int boot_map_add_low(struct boot *boot, const struct memory_region *bank)
{
	boot->ram = bank->hva;
	boot->ram_size = bank->size;
	if (bank->size <= BOOT_KERNEL_MIN)
		return 0; /* too small for any kernel: boot_find_ram() says so */
	boot_map_add(&boot->info, 0, BOOT_HOLE, true);
	boot_map_add(&boot->info, BOOT_HOLE, BOOT_KERNEL_MIN - BOOT_HOLE, false);
	return boot_map_add(&boot->info, BOOT_KERNEL_MIN, bank->size - BOOT_KERNEL_MIN, true);
}

/*
 * The memory map: RAM, and the ECAM as reserved. Linux must see the ECAM so before it reads the
 * DSDT, or it does not use it at first.
 */
static int boot_find_ram(struct boot *boot)
{
	int ret = 0;

	pthread_mutex_lock(&boot->memory->lock);
	for (size_t i = 0; i < boot->memory->count && ret == 0; i++) {
		const struct memory_region *region = &boot->memory->regions[i];

		if (region->kind != MEMORY_RAM)
			continue;
		if (region->gpa == 0)
			ret = boot_map_add_low(boot, region);
		else
			ret = boot_map_add(&boot->info, region->gpa, region->size, true);
	}
	pthread_mutex_unlock(&boot->memory->lock);
	if (ret == 0 && boot->ram_size <= BOOT_KERNEL_MIN) {
		log_error("guest RAM",
			  "%" PRIu64 " MiB of it start at address 0, and a guest needs more than "
			  "1 MiB there",
			  boot->ram_size >> 20);
		log_fix("--memory %" PRIu64 "M", (uint64_t)(2 * BOOT_RAM_SPARE >> 20));
		ret = -ENOMEM;
	}
	return ret < 0 ? ret
		       : boot_map_add(&boot->info, arch_layout.ecam.base, arch_layout.ecam.size,
				      false);
}

/*
 * Refuse the start: `object` needs RAM up to `end`. The fix is the `--memory` that gives it, if
 * the RAM below the hole can reach so far.
 */
static int boot_refuse_ram(const struct boot *boot, const char *object, uint64_t end)
{
	uint64_t enough;

	log_error(object, "does not fit: needs RAM up to %" PRIu64 " MiB, the guest has %" PRIu64,
		  (end >> 20) + 1, boot->ram_size >> 20);
	enough = (end / BOOT_RAM_SPARE + 2) * BOOT_RAM_SPARE;
	if (enough <= arch_layout.ram_low.size)
		log_fix("--memory %" PRIu64 "M", enough >> 20);
	return -ENOMEM;
}

static int boot_parse_kernel(struct boot *boot)
{
	int ret =
		kernel_file_init(&boot->kernel, boot->config->kernel_fd, boot->config->kernel_name);

	if (ret == 0)
		ret = kernel_file_read_head(&boot->kernel, &boot->head);
	if (ret < 0)
		return ret;
	if (linux_bzimage_probe(&boot->head))
		ret = linux_bzimage_parse(&boot->kernel, &boot->head, &boot->image);
	else if (linux_pvh_probe(&boot->head))
		ret = linux_pvh_parse(&boot->kernel, &boot->head, &boot->image);
	else
		ret = kernel_file_refuse(&boot->kernel, &boot->head, "a bzImage or an ELF vmlinux");
	if (ret == 0 && boot->image.end > boot->ram_size)
		ret = boot_refuse_ram(boot, boot->kernel.name, boot->image.end);
	return ret;
}

/*
 * The initrd goes as high as the RAM and the kernel allow, out of the way of the kernel's
 * unpacking.
 */
static int boot_place_initrd(struct boot *boot)
{
	uint64_t floor = (boot->image.end + BOOT_PAGE - 1) & ~(BOOT_PAGE - 1);
	uint64_t limit = boot->image.initrd_end & ~(BOOT_PAGE - 1), size, end;
	int ret;

	if (boot->config->initrd_fd < 0)
		return 0;
	ret = kernel_file_init(&boot->initrd, boot->config->initrd_fd, boot->config->initrd_name);
	if (ret < 0)
		return ret;
	size = (boot->initrd.size + BOOT_PAGE - 1) & ~(BOOT_PAGE - 1);
	if (__builtin_add_overflow(floor, size, &end) || end > limit) {
		log_error(boot->initrd.name,
			  "is too big: %" PRIu64
			  " MiB, the kernel takes an initrd only below %" PRIu64 " MiB",
			  boot->initrd.size >> 20, limit >> 20);
		return -EFBIG;
	}
	if (end > boot->ram_size)
		return boot_refuse_ram(boot, boot->initrd.name, end);
	if (limit > boot->ram_size)
		limit = boot->ram_size;
	boot->info.initrd = (struct arch_range){ limit - size, boot->initrd.size };
	return 0;
}

static int boot_copy_cmdline(struct boot *boot)
{
	const char *cmdline = boot->config->cmdline;
	uint64_t max = BOOT_CMDLINE_SIZE - 1;
	size_t length = strlen(cmdline);

	if (max > boot->image.cmdline_max)
		max = boot->image.cmdline_max;
	if (length > max) {
		log_error(
			"kernel command line",
			"is too long: it has %zu characters, and the kernel takes at most %" PRIu64,
			length, max);
		return -E2BIG;
	}
	memcpy(boot->ram + BOOT_CMDLINE, cmdline, length + 1);
	boot->info.cmdline = BOOT_CMDLINE;
	return 0;
}

/* All of it is written anew: this also runs after a reset, when RAM is dirty. */
static int boot_read_files(struct boot *boot)
{
	for (unsigned int i = 0; i < boot->image.segment_count; i++) {
		const struct boot_segment *segment = &boot->image.segments[i];
		uint8_t *to = boot->ram + segment->gpa;
		int ret = kernel_file_read(&boot->kernel, segment->offset, to, segment->file_size);

		if (ret < 0)
			return ret;
		memset(to + segment->file_size, 0, segment->size - segment->file_size);
	}
	if (!boot->info.initrd.size)
		return 0;
	return kernel_file_read(&boot->initrd, 0, boot->ram + boot->info.initrd.base,
				boot->info.initrd.size);
}

static int boot_write_acpi(struct boot *boot)
{
	struct acpi_config config = {
		.cpus = boot->config->cpus,
		.pci_mmio32 = arch_layout.pci_mmio32,
		.pci_mmio64 = boot->config->pci_mmio64,
		.pci_buses = boot->config->pci_buses,
		.extras = boot->config->extras,
	};

	boot->info.rsdp = BOOT_ACPI; /* acpi.c puts it first */
	return acpi_write_tables(&config, boot->ram + BOOT_ACPI, BOOT_ACPI, BOOT_ACPI_SIZE);
}

/* Identity map of the first 4 GiB: one PML4, one PDPT, four page directories of 2 MiB pages. */
static void boot_write_page_tables(uint8_t *ram)
{
	uint64_t *pml4 = (uint64_t *)(ram + BOOT_PAGE_TABLE);
	uint64_t *pdpt = pml4 + BOOT_TABLE_ENTRIES;
	uint64_t *pd = pdpt + BOOT_TABLE_ENTRIES;
	uint64_t flags = BOOT_PTE_PRESENT | BOOT_PTE_WRITE;

	memset(pml4, 0, 2 * BOOT_PAGE);
	pml4[0] = (BOOT_PAGE_TABLE + BOOT_PAGE) | flags;
	for (unsigned int i = 0; i < 4; i++)
		pdpt[i] = (BOOT_PAGE_TABLE + (2 + i) * BOOT_PAGE) | flags;
	for (unsigned int i = 0; i < 4 * BOOT_TABLE_ENTRIES; i++)
		pd[i] = i * BOOT_LARGE_PAGE | flags | BOOT_PTE_LARGE;
}

/* Flat segments at the selectors that the boot protocol wants: code at 0x10, data at 0x18. */
static void boot_write_gdt(uint8_t *ram, bool long_mode)
{
	const uint64_t code = long_mode ? 0x00af9b000000ffff : 0x00cf9b000000ffff;
	const uint64_t gdt[] = { 0, 0, code, 0x00cf93000000ffff };

	memcpy(ram + BOOT_GDT, gdt, sizeof(gdt));
}

/*
 * A PC's CPU starts here after a reset, in real mode. On a hardware-reduced platform without EFI,
 * Linux reboots by jumping here. The code does what ACPI would do: it writes the reset register.
 */
static void boot_write_reset_vector(uint8_t *ram)
{
	const uint16_t port = arch_layout.power_port + ARCH_POWER_RESET;
	const uint8_t code[] = {
		0xba,
		(uint8_t)port,
		(uint8_t)(port >> 8), /* mov dx, port */
		0xb0,
		ARCH_POWER_RESET_VALUE, /* mov al, value */
		0xee,                   /* out dx, al */
		0xf4,
		0xeb,
		0xfd, /* hlt; jmp to it */
	};

	memcpy(ram + BOOT_RESET_VECTOR, code, sizeof(code));
}

static void boot_describe(struct boot *boot, struct arch_entry *entry)
{
	*entry = (struct arch_entry){
		.pc = boot->image.entry,
		.arg = BOOT_PARAMS,
		.long_mode = boot->image.long_mode,
		.pvh = boot->image.pvh,
	};
	if (entry->pvh) {
		linux_pvh_describe(&boot->info, boot->ram + BOOT_PARAMS);
		return;
	}
	linux_bzimage_describe(&boot->head, &boot->info, boot->ram + BOOT_PARAMS);
	boot_write_gdt(boot->ram, entry->long_mode);
	entry->gdt = BOOT_GDT;
	if (!entry->long_mode)
		return;
	boot_write_page_tables(boot->ram);
	entry->page_table = BOOT_PAGE_TABLE;
}

/* Without a device tree nothing would be written, and the user would wonder. */
static int boot_refuse_dump(struct boot *boot)
{
	if (!boot->config->dtb_name)
		return 0;
	log_error("--dump-dtb", "this machine has no device tree: ACPI tables describe it");
	return -ENOTSUP;
}

int boot_load(const struct boot_config *config, struct memory *memory, struct arch_entry *entry)
{
	struct boot boot = { .config = config, .memory = memory };
	int (*const steps[])(struct boot *) = {
		boot_refuse_dump,  boot_find_ram,   boot_parse_kernel, boot_place_initrd,
		boot_copy_cmdline, boot_read_files, boot_write_acpi,
	};

	for (size_t i = 0; i < array_size(steps); i++) {
		int ret = steps[i](&boot);

		if (ret < 0)
			return ret;
	}
	boot_write_reset_vector(boot.ram);
	boot_describe(&boot, entry);
	return 0;
}

/* The firmware asks fw_cfg for everything; it finds nothing in RAM. */
int boot_load_firmware(const struct boot_config *config, struct memory *memory,
		       struct arch_entry *entry)
{
	struct boot boot = { .config = config, .memory = memory };

	*entry = (struct arch_entry){ .power_on = true };
	return boot_refuse_dump(&boot);
}

int boot_find_release(const struct boot_config *config, char release[KERNEL_RELEASE_MAX],
		      bool *found)
{
	struct kernel_file file;
	int ret = kernel_file_init(&file, config->kernel_fd, config->kernel_name);

	*found = ret == 0 && kernel_release_read(&file, release);
	return ret;
}
