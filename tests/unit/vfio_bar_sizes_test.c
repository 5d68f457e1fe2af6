/* SPDX-License-Identifier: MIT */
/* vfio/vfio_bar.c: BARs as no device should have them, but as a server may claim them. */
#include <errno.h>
#include <string.h>

#include "stderr_text.h"
#include "unit.h"
#include "vfio_rig.h"

/* Sizes that a server may tell, and what is said of them. NULL means that it is a BAR. */
static const struct {
	unsigned int bar;
	uint64_t size;
	uint32_t flags;
	const char *words;
} bar_sizes[] = {
	{ 2, 0x3000, 0, "BAR 2: its size 0x3000 is not a power of two" },
	{ 2, 1, 0, "smaller than a BAR can be" },
	{ 2, 8, PCI_BASE_ADDRESS_MEM_PREFETCH, "smaller than a BAR can be" },
	{ 2, 16, 0, NULL },
	{ 2, 2, PCI_BASE_ADDRESS_SPACE_IO, "smaller than a BAR can be" },
	{ 2, 4, PCI_BASE_ADDRESS_SPACE_IO, NULL },
	{ 2, 1 << 17, PCI_BASE_ADDRESS_SPACE_IO, "larger than all I/O ports together" },
	{ 2, 1ull << 28, 0, NULL },
	{ 2, 1ull << 32, 0, "too large for a BAR of 32 bits" },
	{ 2, 1ull << 33, PCI_BASE_ADDRESS_MEM_TYPE_64, NULL },
	{ 5, 1ull << 33, PCI_BASE_ADDRESS_MEM_TYPE_64, "too large for a BAR of 32 bits" },
	{ 5, 0x1000, PCI_BASE_ADDRESS_MEM_TYPE_64, NULL },
};

START_TEST(rule_12_sizes_of_bars)
{
	static struct rig rig;
	struct stderr_text caught;
	unsigned int bar = bar_sizes[_i].bar, reg = PCI_BASE_ADDRESS_0 + 4 * bar;
	int ret;

	rig_init_usual(&rig);
	fake_add_bar(&rig.fake, bar, bar_sizes[_i].size, bar_sizes[_i].flags, false);
	stderr_begin(&caught);
	ret = rig_open(&rig);
	stderr_end(&caught);
	ck_assert_int_eq(ret, bar_sizes[_i].words ? -EIO : 0);
	if (bar_sizes[_i].words)
		stderr_holds(&caught, bar_sizes[_i].words);
	if (ret == 0) {
		rig_config_write(&rig, reg, 4, UINT32_MAX);
		ck_assert_uint_eq(rig_config_read(&rig, reg, 4) & ~0xfu & 0xffff,
				  (~(bar_sizes[_i].size - 1) & ~0xfull) & 0xffff);
		ck_assert_uint_eq(rig_config_read(&rig, PCI_CARDBUS_CIS, 4), 0);
	}
	rig_close(&rig);
}
END_TEST

/*
 * The last register has none behind it for an upper half. The CIS pointer there is the device's.
 */
START_TEST(rule_12_last_bar_of_64_bits)
{
	static struct rig rig;

	rig_init_usual(&rig);
	memset(&rig.fake.config[PCI_CARDBUS_CIS], 0xa5, 4);
	fake_add_bar(&rig.fake, 5, 0x1000, PCI_BASE_ADDRESS_MEM_TYPE_64, true);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	rig_config_write(&rig, PCI_CARDBUS_CIS, 4, 0);
	ck_assert_uint_eq(rig_config_read(&rig, PCI_CARDBUS_CIS, 4), 0xa5a5a5a5);
	ck_assert_uint_eq(rig_config_read(&rig, PCI_BASE_ADDRESS_5, 1) & 0xf, 0);
	ck_assert(rig.pci->function.bars[5].mapped);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("vfio_bar_sizes", { rule_12_sizes_of_bars, UNIT_COUNT(bar_sizes) },
	  { rule_12_last_bar_of_64_bits, 0 })
