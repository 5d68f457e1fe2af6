/* SPDX-License-Identifier: MIT */
#include "fw_cfg.h"

#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

#define FW_CFG_SIGNATURE  0x00
#define FW_CFG_FEATURES   0x01
#define FW_CFG_DIRECTORY  0x19
#define FW_CFG_FILE_FIRST 0x20

#define FW_CFG_FEATURE_PORTS 1u

#define FW_CFG_SELECTOR 0u
#define FW_CFG_DATA     1u

#define FW_CFG_MMIO_DATA_END 8u
#define FW_CFG_MMIO_SELECTOR 8u

static const struct fw_cfg_item *fw_cfg_find(const struct fw_cfg *fw_cfg, uint16_t key)
{
	for (unsigned int i = 0; i < fw_cfg->item_count; i++)
		if (fw_cfg->items[i].key == key)
			return &fw_cfg->items[i];
	return NULL;
}

/* Reads past the end of an item, and of an item that does not exist, give zeroes. */
static uint8_t fw_cfg_next_byte(struct fw_cfg *fw_cfg)
{
	const struct fw_cfg_item *item = fw_cfg_find(fw_cfg, fw_cfg->selected);

	if (!item || fw_cfg->offset >= item->size)
		return 0;
	return ((const uint8_t *)item->data)[fw_cfg->offset++];
}

static uint64_t fw_cfg_read(void *owner, uint64_t offset, unsigned int size)
{
	struct fw_cfg *fw_cfg = owner;
	uint8_t byte;

	if (offset != FW_CFG_DATA || size != 1)
		return UINT64_MAX;
	pthread_mutex_lock(&fw_cfg->lock);
	byte = fw_cfg_next_byte(fw_cfg);
	pthread_mutex_unlock(&fw_cfg->lock);
	return byte;
}

static void fw_cfg_select(struct fw_cfg *fw_cfg, uint16_t key)
{
	pthread_mutex_lock(&fw_cfg->lock);
	fw_cfg->selected = key;
	fw_cfg->offset = 0;
	pthread_mutex_unlock(&fw_cfg->lock);
}

static void fw_cfg_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	if (offset == FW_CFG_SELECTOR && size == 2)
		fw_cfg_select(owner, (uint16_t)value);
}

/*
 * A wide read takes as many bytes as it is wide; they lie in the guest's register in the order in
 * which they lie in the item.
 */
static uint64_t fw_cfg_mmio_read(void *owner, uint64_t offset, unsigned int size)
{
	struct fw_cfg *fw_cfg = owner;
	uint64_t value = 0;

	if (offset >= FW_CFG_MMIO_DATA_END)
		return UINT64_MAX;
	pthread_mutex_lock(&fw_cfg->lock);
	for (unsigned int i = 0; i < size; i++)
		value |= (uint64_t)fw_cfg_next_byte(fw_cfg) << (8 * i);
	pthread_mutex_unlock(&fw_cfg->lock);
	return value;
}

/* Unlike the port, this register is big endian. */
static void fw_cfg_mmio_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	if (offset == FW_CFG_MMIO_SELECTOR && size == 2)
		fw_cfg_select(owner, be16toh((uint16_t)value));
}

static void fw_cfg_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	const struct fw_cfg *fw_cfg = owner;
	unsigned int file = fw_cfg->selected - (unsigned int)FW_CFG_FILE_FIRST;

	(void)offset;
	place->object = "fw_cfg";
	if (file < fw_cfg->file_count)
		snprintf(place->reg, sizeof(place->reg), "%.55s",
			 fw_cfg->directory.entries[file].name);
	else
		snprintf(place->reg, sizeof(place->reg), "item %#x", fw_cfg->selected);
}

const struct bus_ops fw_cfg_ops = { fw_cfg_read, fw_cfg_write, fw_cfg_locate };
const struct bus_ops fw_cfg_mmio_ops = { fw_cfg_mmio_read, fw_cfg_mmio_write, fw_cfg_locate };

void fw_cfg_add(struct fw_cfg *fw_cfg, uint16_t key, const void *data, uint32_t size)
{
	assert(fw_cfg->item_count < sizeof(fw_cfg->items) / sizeof(fw_cfg->items[0]));
	fw_cfg->items[fw_cfg->item_count++] = (struct fw_cfg_item){ key, data, size };
}

void fw_cfg_add_file(struct fw_cfg *fw_cfg, const char *name, const void *data, uint32_t size)
{
	uint16_t key = (uint16_t)(FW_CFG_FILE_FIRST + fw_cfg->file_count);
	struct fw_cfg_directory_entry *entry;

	assert(fw_cfg->file_count < FW_CFG_FILES_MAX && strlen(name) < FW_CFG_NAME_MAX);
	entry = &fw_cfg->directory.entries[fw_cfg->file_count++];
	entry->size = htobe32(size);
	entry->key = htobe16(key);
	strcpy(entry->name, name);
	fw_cfg->directory.count = htobe32(fw_cfg->file_count);
	fw_cfg_add(fw_cfg, key, data, size);
}

void fw_cfg_reset(struct fw_cfg *fw_cfg)
{
	pthread_mutex_lock(&fw_cfg->lock);
	fw_cfg->selected = 0;
	fw_cfg->offset = 0;
	pthread_mutex_unlock(&fw_cfg->lock);
}

void fw_cfg_init(struct fw_cfg *fw_cfg)
{
	*fw_cfg = (struct fw_cfg){ .features = htole32(FW_CFG_FEATURE_PORTS) };
	pthread_mutex_init(&fw_cfg->lock, NULL);
	fw_cfg_add(fw_cfg, FW_CFG_SIGNATURE, "QEMU", 4);
	fw_cfg_add(fw_cfg, FW_CFG_FEATURES, &fw_cfg->features, sizeof(fw_cfg->features));
	fw_cfg_add(fw_cfg, FW_CFG_DIRECTORY, &fw_cfg->directory, sizeof(fw_cfg->directory));
}

void fw_cfg_destroy(struct fw_cfg *fw_cfg)
{
	pthread_mutex_destroy(&fw_cfg->lock);
}
