/* SPDX-License-Identifier: MIT */
/*
 * fw_cfg: firmware asks for the properties of its machine, item by item, through two ports, or
 * through two registers in memory on a machine without port I/O.
 *
 * Owns the selector, the position inside the selected item and the directory of named items. The
 * contents are the caller's and must stay at their address. There is no DMA, and nothing can be
 * written.
 *
 * Read beside it: QEMU's docs/specs/fw_cfg.
 */
#ifndef MINIVMM_FW_CFG_H
#define MINIVMM_FW_CFG_H

#include <pthread.h>
#include <stdint.h>

#include "vmm/core/bus.h"

#define FW_CFG_PORTS     2u  /* the selector has 2 bytes; its second byte is also the data port */
#define FW_CFG_MMIO_SIZE 16u /* data: 8 bytes; selector: 2 bytes */
#define FW_CFG_FILES_MAX 16u
#define FW_CFG_KEYS_MAX  8u
#define FW_CFG_NAME_MAX  56u

/* Items with numbers of their own. */
#define FW_CFG_CPUS      0x05
#define FW_CFG_BOOT_MENU 0x0e

struct fw_cfg_item {
	uint16_t key;
	const void *data;
	uint32_t size;
};

/* Big endian, as the guest reads it. */
struct fw_cfg_directory_entry {
	uint32_t size;
	uint16_t key, reserved;
	char name[FW_CFG_NAME_MAX];
};

struct fw_cfg {
	pthread_mutex_t lock;
	uint16_t selected;
	uint32_t offset;
	struct fw_cfg_item items[FW_CFG_KEYS_MAX + FW_CFG_FILES_MAX];
	unsigned int item_count, file_count;
	struct {
		uint32_t count;
		struct fw_cfg_directory_entry entries[FW_CFG_FILES_MAX];
	} directory;
	uint32_t features;
};

extern const struct bus_ops fw_cfg_ops;      /* FW_CFG_PORTS ports */
extern const struct bus_ops fw_cfg_mmio_ops; /* FW_CFG_MMIO_SIZE bytes */

/* Set up the signature, the feature word and an empty directory. Not logged. */
void fw_cfg_init(struct fw_cfg *fw_cfg);
void fw_cfg_destroy(struct fw_cfg *fw_cfg);
void fw_cfg_reset(struct fw_cfg *fw_cfg);

/* Add the item `key`, one of the above, of `size` bytes at `data`. At most FW_CFG_KEYS_MAX. */
void fw_cfg_add(struct fw_cfg *fw_cfg, uint16_t key, const void *data, uint32_t size);

/* Add a file: an item with a name in the directory. At most FW_CFG_FILES_MAX. */
void fw_cfg_add_file(struct fw_cfg *fw_cfg, const char *name, const void *data, uint32_t size);

#endif
