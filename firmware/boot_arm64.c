/* SPDX-License-Identifier: MIT */
/*
 * Everything goes into the first bank of RAM: the kernel to its beginning, the device tree to its
 * end, and the initrd just below the device tree.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libfdt.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "boot.h"
#include "device_tree.h"
#include "kernel_file.h"
#include "linux_arm64.h"
#include "vmm/base/write_whole.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define BOOT_PAGE        0x1000ull
#define BOOT_ALIGN       (2ull << 20)
#define BOOT_FDT_SIZE    (256ull << 10) /* enough for 254 CPUs, and part of one block of 2 MiB */
#define BOOT_CMDLINE_MAX 2047u          /* the length that the kernel keeps */
#define BOOT_RELEASE_MAX (64ull << 20)  /* Linux' version text comes before its data */
#define BOOT_RAM_SPARE   (32ull << 20)  /* for the fix line: what a kernel needs to run */

struct boot {
	const struct boot_config *config;
	struct memory *memory;
	struct kernel_file kernel;
	struct kernel_file initrd;
	struct arm64_image image;
	struct tree_config tree;
	uint8_t *ram; /* the first bank */
	uint64_t kernel_gpa, tree_gpa;
};

static void *boot_ptr(const struct boot *boot, uint64_t gpa)
{
	return boot->ram + (gpa - boot->tree.ram[0].base);
}

static int boot_find_ram(struct boot *boot)
{
	unsigned int banks = 0;
	int ret = 0;

	pthread_mutex_lock(&boot->memory->lock);
	for (size_t i = 0; i < boot->memory->count && ret == 0; i++) {
		const struct memory_region *region = &boot->memory->regions[i];

		if (region->kind != MEMORY_RAM)
			continue;
		if (banks == FDT_RAM_MAX)
			ret = -E2BIG;
		else
			boot->tree.ram[banks++] = (struct arch_range){ region->gpa, region->size };
		if (banks == 1)
			boot->ram = region->hva;
	}
	pthread_mutex_unlock(&boot->memory->lock);
	if (ret == 0 && banks == 0)
		ret = -ENOMEM;
	return ret < 0 ? log_errno("guest RAM", ret, "describe it in the device tree") : 0;
}

static int boot_parse_kernel(struct boot *boot)
{
	const struct boot_config *config = boot->config;
	struct kernel_head head;
	int ret = kernel_file_init(&boot->kernel, config->kernel_fd, config->kernel_name);

	if (ret == 0)
		ret = kernel_file_read_head(&boot->kernel, &head);
	return ret < 0 ? ret : linux_arm64_parse(&boot->kernel, &head, &boot->image);
}

static int boot_parse_files(struct boot *boot)
{
	const struct boot_config *config = boot->config;
	int ret = boot_parse_kernel(boot);

	if (ret == 0 && config->initrd_fd >= 0)
		ret = kernel_file_init(&boot->initrd, config->initrd_fd, config->initrd_name);
	return ret;
}

/*
 * Refuse the start: `size` bytes are needed in the first bank. The fix is the `--memory` that
 * gives them, if the bank can hold them.
 */
static int boot_refuse_ram(const struct boot *boot, const char *object, uint64_t size)
{
	uint64_t enough = (size / BOOT_RAM_SPARE + 2) * BOOT_RAM_SPARE;

	log_error(object, "does not fit: needs %" PRIu64 " MiB of RAM, the guest has %" PRIu64,
		  (size >> 20) + 1, boot->tree.ram[0].size >> 20);
	if (enough <= arch_layout.ram_low.size)
		log_fix("--memory %" PRIu64 "M", enough >> 20);
	return -ENOMEM;
}

static int boot_place(struct boot *boot)
{
	const struct arch_range *ram = &boot->tree.ram[0];
	uint64_t base = (ram->base + BOOT_ALIGN - 1) & ~(BOOT_ALIGN - 1);
	uint64_t initrd = (boot->initrd.size + BOOT_PAGE - 1) & ~(BOOT_PAGE - 1);
	uint64_t kernel_end, size;

	boot->kernel_gpa = base + boot->image.text_offset;
	kernel_end = boot->kernel_gpa + boot->image.size; /* cannot wrap: the parser bounds both */
	size = kernel_end - ram->base + 2 * BOOT_ALIGN;
	if (size > ram->size)
		return boot_refuse_ram(boot, boot->kernel.name, size);
	boot->tree_gpa = (ram->base + ram->size - BOOT_ALIGN) & ~(BOOT_ALIGN - 1);
	if (initrd > boot->tree_gpa - kernel_end) {
		if (__builtin_add_overflow(size, initrd, &size))
			size = UINT64_MAX;
		return boot_refuse_ram(boot, boot->initrd.name, size);
	}
	boot->tree.initrd = (struct arch_range){ boot->tree_gpa - initrd, boot->initrd.size };
	return 0;
}

/* All of it is written anew: this also runs after a reset, when RAM is dirty. */
static int boot_read_files(struct boot *boot)
{
	int ret = linux_arm64_load(&boot->kernel, &boot->image, boot_ptr(boot, boot->kernel_gpa));

	if (ret < 0 || !boot->initrd.size)
		return ret;
	return kernel_file_read(&boot->initrd, 0, boot_ptr(boot, boot->tree.initrd.base),
				boot->initrd.size);
}

static int boot_dump_tree(const char *name, const void *tree)
{
	size_t size = fdt_totalsize(tree);
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int ret;

	if (fd < 0)
		return log_errno(name, -errno, "open for the device tree");
	ret = write_whole(fd, tree, size, -1);
	close(fd);
	return ret < 0 ? log_errno(name, ret, "write the device tree") : 0;
}

static int boot_write_tree(struct boot *boot)
{
	const struct boot_config *config = boot->config;
	void *to = boot_ptr(boot, boot->tree_gpa);
	int ret;

	boot->tree.layout = &arch_layout;
	boot->tree.cpus = config->cpus;
	boot->tree.pmu = config->pmu;
	boot->tree.cmdline = config->cmdline;
	boot->tree.pci_mmio64 = config->pci_mmio64;
	boot->tree.pci_buses = config->pci_buses;
	if (strlen(config->cmdline) > BOOT_CMDLINE_MAX) {
		log_error("kernel command line",
			  "is too long: it has %zu characters, and the kernel takes at most %u",
			  strlen(config->cmdline), BOOT_CMDLINE_MAX);
		return -E2BIG;
	}
	if (getrandom(boot->tree.seed, sizeof(boot->tree.seed), 0) < 0)
		return log_errno("device tree", -errno, "get random bytes for the guest");
	ret = tree_write_machine(&boot->tree, to, BOOT_FDT_SIZE);
	if (ret == 0 && config->dtb_name)
		ret = boot_dump_tree(config->dtb_name, to);
	return ret;
}

int boot_load(const struct boot_config *config, struct memory *memory, struct arch_entry *entry)
{
	struct boot boot = { .config = config, .memory = memory };
	int (*const steps[])(struct boot *) = {
		boot_find_ram, boot_parse_files, boot_place, boot_read_files, boot_write_tree,
	};

	for (size_t i = 0; i < array_size(steps); i++) {
		int ret = steps[i](&boot);

		if (ret < 0)
			return ret;
	}
	*entry = (struct arch_entry){ .pc = boot.kernel_gpa, .arg = boot.tree_gpa };
	return 0;
}

/* Firmware looks for the tree at the beginning of RAM, which is where it was built to find it. */
static void boot_place_tree_first(struct boot *boot)
{
	boot->tree_gpa = boot->tree.ram[0].base;
	for (unsigned int i = 0; i < FDT_FLASH_BANKS; i++)
		boot->tree.flash[i] = boot->config->flash[i];
}

int boot_load_firmware(const struct boot_config *config, struct memory *memory,
		       struct arch_entry *entry)
{
	struct boot boot = { .config = config, .memory = memory };
	int ret = boot_find_ram(&boot);

	if (ret < 0)
		return ret;
	boot_place_tree_first(&boot);
	*entry = (struct arch_entry){ .power_on = true, .pc = config->flash[0].base };
	return boot_write_tree(&boot);
}

static int boot_search_release(const struct kernel_file *file, const struct arm64_image *image,
			       char release[KERNEL_RELEASE_MAX], bool *found)
{
	uint64_t room = image->size < BOOT_RELEASE_MAX ? image->size : BOOT_RELEASE_MAX;
	void *bytes = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int64_t size;

	if (bytes == MAP_FAILED)
		return log_errno(file->name, -errno, "mmap of %" PRIu64 " bytes", room);
	size = linux_arm64_read(file, image, bytes, room);
	*found = size > 0 && kernel_release_search(bytes, (size_t)size, release);
	munmap(bytes, room);
	return size < 0 ? (int)size : 0;
}

int boot_find_release(const struct boot_config *config, char release[KERNEL_RELEASE_MAX],
		      bool *found)
{
	struct boot boot = { .config = config };
	int ret = boot_parse_kernel(&boot);

	*found = false;
	return ret < 0 ? ret : boot_search_release(&boot.kernel, &boot.image, release, found);
}
