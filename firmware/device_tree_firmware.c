/* SPDX-License-Identifier: MIT */
#include "device_tree_firmware.h"

#define PRIMECELL_SIZE 0x1000u
#define FW_CFG_SIZE    0x10u /* data and selector; with more, firmware would look for DMA */
#define FLASH_WIDTH    4u    /* bytes: two chips of 16 bits */

/* One node for both banks. The firmware keeps its variables in the one that is not its code's. */
static void tree_write_flash(struct tree *tree, const struct arch_range flash[FDT_FLASH_BANKS])
{
	struct tree_cells reg = { .count = 0 };

	for (unsigned int i = 0; i < FDT_FLASH_BANKS; i++)
		tree_add_range(&reg, &flash[i]);
	tree_open_at(tree, "flash", flash[0].base);
	tree_put_text(tree, "compatible", "cfi-flash");
	tree_put_cells(tree, "reg", &reg);
	tree_put_cell(tree, "bank-width", FLASH_WIDTH);
	tree_close(tree);
}

static void tree_write_rtc(struct tree *tree, const struct arch_layout *layout)
{
	static const char compatible[] = "arm,pl031\0arm,primecell";

	tree_open_at(tree, "rtc", layout->rtc_mmio);
	tree_put(tree, "compatible", compatible, sizeof(compatible));
	tree_put_reg(tree, layout->rtc_mmio, PRIMECELL_SIZE);
	tree_put_cell(tree, "clocks", PHANDLE_CLOCK);
	tree_put_text(tree, "clock-names", "apb_pclk");
	tree_close(tree);
}

static void tree_write_fw_cfg(struct tree *tree, const struct arch_layout *layout)
{
	tree_open_at(tree, "fw-cfg", layout->fw_cfg_mmio);
	tree_put_text(tree, "compatible", "qemu,fw-cfg-mmio");
	tree_put_reg(tree, layout->fw_cfg_mmio, FW_CFG_SIZE);
	tree_put_flag(tree, "dma-coherent");
	tree_close(tree);
}

void tree_write_firmware(struct tree *tree, const struct arch_layout *layout,
			 const struct arch_range flash[FDT_FLASH_BANKS])
{
	tree_write_flash(tree, flash);
	tree_write_rtc(tree, layout);
	tree_write_fw_cfg(tree, layout);
}

/* It asks for two clocks: the line's, and that of its bus. */
void tree_write_pl011(struct tree *tree, const struct arch_layout *layout)
{
	static const char compatible[] = "arm,pl011\0arm,primecell";
	static const char names[] = "uartclk\0apb_pclk";
	struct tree_cells clocks = { .count = 0 };

	tree_add(&clocks, PHANDLE_CLOCK);
	tree_add(&clocks, PHANDLE_CLOCK);
	tree_open_at(tree, "serial", layout->serial_mmio);
	tree_put(tree, "compatible", compatible, sizeof(compatible));
	tree_put_reg(tree, layout->serial_mmio, PRIMECELL_SIZE);
	tree_put_irq(tree, GIC_SPI, layout->serial_gsi);
	tree_put_cells(tree, "clocks", &clocks);
	tree_put(tree, "clock-names", names, sizeof(names));
	tree_close(tree);
}
