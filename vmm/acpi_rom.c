/* SPDX-License-Identifier: MIT */
#include "acpi_rom.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/pci.h>
#include <sys/mman.h>
#include <unistd.h>

#include "firmware/kernel_file.h"
#include "vfio/vfio_rom.h"
#include "vmm/trace/log.h"

#define ACPI_ROM_PAGE 0x1000ull /* _ROM returns no more than this at once */

static int acpi_rom_read(const struct kernel_file *file, struct memory_region *region)
{
	const char *why;
	int ret;

	if (file->size > arch_layout.acpi_rom.size - 2 * ACPI_ROM_PAGE) {
		log_error(file->name, "is too large for a ROM: %" PRIu64 " bytes", file->size);
		return -EFBIG;
	}
	region->size = (file->size + 2 * ACPI_ROM_PAGE - 1) & ~(ACPI_ROM_PAGE - 1);
	region->hva = mmap(NULL, region->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	if (region->hva == MAP_FAILED) {
		region->hva = NULL;
		return log_errno(file->name, -errno, "mmap of the ROM");
	}
	ret = kernel_file_read(file, 0, region->hva, file->size);
	why = ret < 0 ? NULL : vfio_rom_check(region->hva, file->size);
	if (!why)
		return ret;
	log_error(file->name, "not an expansion ROM: %s", why);
	return -EINVAL;
}

static int acpi_rom_load(struct acpi_rom *rom, const char *path, int fd, uint64_t *size)
{
	struct kernel_file file;
	int ret = kernel_file_init(&file, fd, path);

	if (ret == 0)
		ret = acpi_rom_read(&file, &rom->region);
	if (ret < 0)
		return ret;
	*size = file.size;
	ret = memory_add_region(rom->memory, &rom->region);
	return ret < 0 ? log_errno(path, ret, "map it into the guest") : 0;
}

/* As _ADR has it: ACPI 6.4, table 6.2. */
static uint32_t acpi_rom_address(const struct pci_function *function)
{
	return (uint32_t)(PCI_SLOT(function->devfn) << 16 | PCI_FUNC(function->devfn));
}

int acpi_rom_add(struct acpi_rom *rom, struct memory *memory, const char *file,
		 const struct pci_function *function, struct acpi_extras *extras)
{
	uint64_t gpa = arch_layout.acpi_rom.base, size;
	int fd = open(file, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return log_errno(file, -errno, "open the ROM");
	*rom = (struct acpi_rom){
		.memory = memory,
		.region = { .gpa = gpa, .fd = -1, .kind = MEMORY_ROM, .owner = "ROM for ACPI" },
	};
	ret = acpi_rom_load(rom, file, fd, &size);
	close(fd);
	if (ret < 0)
		return ret;
	extras->rom = (struct arch_range){ gpa, size };
	extras->rom_address = acpi_rom_address(function);
	extras->rom_port = function->bridge ? acpi_rom_address(function->bridge) : 0;
	return 0;
}

void acpi_rom_destroy(struct acpi_rom *rom)
{
	if (!rom->memory)
		return;
	memory_del_region(rom->memory, rom->region.gpa);
	if (rom->region.hva)
		munmap(rom->region.hva, rom->region.size);
	rom->memory = NULL;
}
