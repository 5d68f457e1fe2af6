/* SPDX-License-Identifier: MIT */
/*
 * What the tree of a machine has in addition if the machine starts UEFI firmware: flash, clock,
 * fw_cfg, and the serial port that this firmware knows.
 *
 * Read beside it: in Linux' Documentation/devicetree/bindings/ mtd/mtd-physmap.yaml,
 * rtc/arm,pl031.yaml, firmware/qemu,fw-cfg-mmio.yaml, serial/pl011.yaml.
 */
#ifndef MINIVMM_DEVICE_TREE_FIRMWARE_H
#define MINIVMM_DEVICE_TREE_FIRMWARE_H

#include "device_tree_writer.h"

#define FDT_FLASH_BANKS 2 /* the banks for code and for variables */

/* Write the nodes of flash, clock and fw_cfg. Errors stay in the tree. */
void tree_write_firmware(struct tree *tree, const struct arch_layout *layout,
			 const struct arch_range flash[FDT_FLASH_BANKS]);

/* Write the node of the serial port, a PL011. Errors stay in the tree. */
void tree_write_pl011(struct tree *tree, const struct arch_layout *layout);

#endif
