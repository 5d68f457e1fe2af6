/* SPDX-License-Identifier: MIT */
#include "device_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_ROM         6u
#define FILE_MEMORY_MAX  (1ull << 20) /* of what has no size in the text, nor MSI-X */
#define FILE_PORTS_MAX   256ull
#define FILE_ROM_MAX     (64ull << 10)
#define FILE_CAPS_MAX    48u
#define FILE_TABLE_ENTRY 16u

uint16_t device_file_word(const struct device_file *file, unsigned int offset)
{
	return (uint16_t)(file->config[offset] | file->config[offset + 1] << 8);
}

uint32_t device_file_long(const struct device_file *file, unsigned int offset)
{
	return device_file_word(file, offset) | (uint32_t)device_file_word(file, offset + 2) << 16;
}

unsigned int device_file_find(const struct device_file *file, uint8_t id)
{
	unsigned int offset = file->config[PCI_CAPABILITY_LIST] & ~3u;

	if (!(device_file_word(file, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	for (unsigned int i = 0; i < FILE_CAPS_MAX && offset >= PCI_STD_HEADER_SIZEOF; i++) {
		if (file->config[offset] == id)
			return offset;
		offset = file->config[offset + 1] & ~3u;
	}
	return 0;
}

/* ---- the text ---- */

/* Read a line such as `040: 01 50 23 c8 ...`. Returns whether it is one. */
static bool file_take_bytes(struct device_file *file, const char *line)
{
	char *end;
	unsigned long offset = strtoul(line, &end, 16);

	if (end - line < 2 || end[0] != ':' || end[1] != ' ' || !isxdigit((unsigned char)end[2]))
		return false;
	for (const char *at = end + 1; offset < sizeof(file->config); at = end) {
		unsigned long byte = strtoul(at, &end, 16);

		if (end == at)
			break;
		file->config[offset++] = (uint8_t)byte;
	}
	if (offset > file->config_size)
		file->config_size = (unsigned int)offset;
	return true;
}

static uint64_t file_parse_size(const char *text)
{
	char *unit;
	uint64_t size = strtoull(text, &unit, 10);

	switch (*unit) {
	case 'K':
		return size << 10;
	case 'M':
		return size << 20;
	case 'G':
		return size << 30;
	default:
		return size;
	}
}

/* Read `Region 0: Memory at ... [size=16K]` or `Expansion ROM at ... [size=64K]`. */
static void file_take_region(struct device_file *file, const char *line)
{
	const char *region = strstr(line, "Region "), *size = strstr(line, "[size=");
	unsigned long index = FILE_ROM;

	if (!size || (!region && !strstr(line, "Expansion ROM at")))
		return;
	if (region)
		index = strtoul(region + strlen("Region "), NULL, 10);
	if (index < DEVICE_REGIONS)
		file->sizes[index] = file_parse_size(size + strlen("[size="));
}

/* ---- sizes that the text does not tell ---- */

static uint64_t file_least_bit(uint64_t address, uint64_t max)
{
	uint64_t bit = address & -address;

	return bit && bit < max ? bit : max;
}

static bool file_is_64(uint32_t bar)
{
	return !(bar & PCI_BASE_ADDRESS_SPACE_IO) &&
	       (bar & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64;
}

static void file_guess_bar(struct device_file *file, unsigned int bar)
{
	uint32_t value = device_file_long(file, PCI_BASE_ADDRESS_0 + 4 * bar);

	if (file->sizes[bar] || !value)
		return;
	if (value & PCI_BASE_ADDRESS_SPACE_IO)
		file->sizes[bar] = file_least_bit(value & ~3u, FILE_PORTS_MAX);
	else
		file->sizes[bar] = file_least_bit(value & ~0xfu, FILE_MEMORY_MAX);
}

/*
 * Make room for the parts of MSI-X that a BAR holds. An unplaced BAR of a virtual function has
 * them, too.
 */
static void file_hold_msix(struct device_file *file, unsigned int place, uint64_t size)
{
	uint32_t where = device_file_long(file, place);
	unsigned int bar = where & PCI_MSIX_TABLE_BIR;
	uint64_t end = (where & PCI_MSIX_TABLE_OFFSET) + size;

	if (bar > 5)
		return;
	if (!file->sizes[bar])
		file->sizes[bar] = 16;
	while (file->sizes[bar] < end)
		file->sizes[bar] *= 2;
}

static void file_guess_sizes(struct device_file *file)
{
	unsigned int msix = device_file_find(file, PCI_CAP_ID_MSIX), vectors;
	uint32_t rom = device_file_long(file, PCI_ROM_ADDRESS) & (uint32_t)PCI_ROM_ADDRESS_MASK;

	for (unsigned int bar = 0; bar < 6; bar++) {
		file_guess_bar(file, bar);
		if (file_is_64(device_file_long(file, PCI_BASE_ADDRESS_0 + 4 * bar)))
			bar++;
	}
	if (rom && !file->sizes[FILE_ROM])
		file->sizes[FILE_ROM] = file_least_bit(rom, FILE_ROM_MAX);
	if (!msix)
		return;
	vectors = (device_file_word(file, msix + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE) + 1;
	file_hold_msix(file, msix + PCI_MSIX_TABLE, (uint64_t)vectors * FILE_TABLE_ENTRY);
	file_hold_msix(file, msix + PCI_MSIX_PBA, (vectors + 63) / 64 * 8);
}

int device_file_read(struct device_file *file, const char *path)
{
	FILE *text = fopen(path, "r");
	char line[512];

	*file = (struct device_file){ .config_size = 0 };
	if (!text)
		return -errno;
	while (fgets(line, sizeof(line), text))
		if (!file_take_bytes(file, line))
			file_take_region(file, line);
	fclose(text);
	if (file->config_size < PCI_STD_HEADER_SIZEOF)
		return -ENODEV;
	file->config_size = file->config_size > PCI_CFG_SPACE_SIZE ? PCI_CFG_SPACE_EXP_SIZE
								   : PCI_CFG_SPACE_SIZE;
	file_guess_sizes(file);
	return 0;
}
