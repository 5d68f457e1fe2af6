/* SPDX-License-Identifier: MIT */
#include "host_pci.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_sysfs.h"

/* More entries than fit: a longer list is a circle, or a device that reads all-ones. */
#define CAPABILITIES_MAX ((256 - PCI_STD_HEADER_SIZEOF) / 4)
#define EXTENDED_MAX     ((4096 - 256) / 4)

/* Flags in the third column of a resource file (the kernel's include/linux/ioport.h). */
#define RESOURCE_IO       0x00000100u
#define RESOURCE_PREFETCH 0x00002000u
#define RESOURCE_MEM_64   0x00100000u
#define RESOURCE_UNSET    0x20000000u
#define RESOURCE_SHADOWED 0x00000002u /* of a ROM */

int host_read_config(const char *bdf, struct host_pci_config *config)
{
	struct host_path path = host_device_path(bdf, "config");
	int n = host_read_bytes(&path, config->bytes, sizeof(config->bytes));

	config->size = n < 0 ? 0 : (unsigned int)n;
	return n < 0 ? n : 0;
}

static void host_put_word(struct host_pci_config *config, unsigned int offset, unsigned int value)
{
	config->bytes[offset] = (uint8_t)value;
	config->bytes[offset + 1] = (uint8_t)(value >> 8);
}

bool host_fill_virtual_function(const struct host_device *device,
				const struct host_bar bars[HOST_BARS],
				struct host_pci_config *config)
{
	struct host_path physical = host_device_path(device->bdf, "physfn");

	if (!host_path_exists(&physical))
		return false;
	host_put_word(config, PCI_VENDOR_ID, device->vendor);
	host_put_word(config, PCI_DEVICE_ID, device->device);
	config->bytes[PCI_INTERRUPT_PIN] = 0;
	for (unsigned int i = 0; i < HOST_ROM; i++) {
		uint8_t *low = &config->bytes[PCI_BASE_ADDRESS_0 + 4 * i];

		if (!bars[i].size)
			continue;
		*low |= bars[i].wide ? PCI_BASE_ADDRESS_MEM_TYPE_64 : 0;
		*low |= bars[i].prefetch ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0;
	}
	return true;
}

uint16_t host_config_word(const struct host_pci_config *config, unsigned int offset)
{
	if (offset + 2 > config->size)
		return 0;
	return (uint16_t)(config->bytes[offset] | config->bytes[offset + 1] << 8);
}

uint32_t host_config_long(const struct host_pci_config *config, unsigned int offset)
{
	return host_config_word(config, offset) | (uint32_t)host_config_word(config, offset + 2)
							  << 16;
}

unsigned int host_find_capability(const struct host_pci_config *config, uint8_t id)
{
	unsigned int offset;

	if (!(host_config_word(config, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	offset = config->bytes[PCI_CAPABILITY_LIST] & ~3u;
	for (unsigned int n = 0; offset && n < CAPABILITIES_MAX; n++) {
		uint16_t head = host_config_word(config, offset);

		if ((head & 0xff) == id && head)
			return offset;
		offset = (head >> 8) & ~3u;
	}
	return 0;
}

unsigned int host_find_extended(const struct host_pci_config *config, uint16_t id)
{
	unsigned int offset = PCI_CFG_SPACE_SIZE;

	for (unsigned int n = 0; offset >= PCI_CFG_SPACE_SIZE && n < EXTENDED_MAX; n++) {
		uint32_t head = host_config_long(config, offset);

		if (head && PCI_EXT_CAP_ID(head) == id)
			return offset;
		offset = PCI_EXT_CAP_NEXT(head);
	}
	return 0;
}

static void host_parse_bar(const char *line, struct host_bar *bar)
{
	uint64_t start, end, flags;

	*bar = (struct host_bar){ 0 };
	if (sscanf(line, "%" SCNx64 " %" SCNx64 " %" SCNx64, &start, &end, &flags) != 3)
		return;
	if (!flags || end < start)
		return;
	bar->start = start;
	bar->size = end - start + 1;
	bar->io = flags & RESOURCE_IO;
	bar->wide = flags & RESOURCE_MEM_64;
	bar->prefetch = flags & RESOURCE_PREFETCH;
	bar->shadowed = flags & RESOURCE_SHADOWED;
	bar->assigned = start && !(flags & RESOURCE_UNSET);
}

void host_read_bars(const char *bdf, struct host_bar bars[HOST_BARS])
{
	struct host_path path = host_device_path(bdf, "resource");
	char *text = host_read_file(&path), *next = text, *line;

	for (unsigned int i = 0; i < HOST_BARS; i++) {
		line = next ? strsep(&next, "\n") : NULL;
		host_parse_bar(line ? line : "", &bars[i]);
	}
	free(text);
}
