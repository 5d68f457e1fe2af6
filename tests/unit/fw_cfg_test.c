/* SPDX-License-Identifier: MIT */
/* devices/fw_cfg.c: the selector, the data port and the directory. QEMU's docs/specs/fw_cfg. */
#include <stdint.h>
#include <string.h>

#include "devices/fw_cfg.h"
#include "unit.h"

static const uint8_t first[] = { 1, 2, 3, 4, 5 };
static const uint8_t second[] = { 0xaa };
static const uint16_t cpus = 4;

static void begin(struct fw_cfg *fw_cfg)
{
	fw_cfg_init(fw_cfg);
	fw_cfg_add(fw_cfg, FW_CFG_CPUS, &cpus, sizeof(cpus));
	fw_cfg_add_file(fw_cfg, "etc/first", first, sizeof(first));
	fw_cfg_add_file(fw_cfg, "etc/second", second, sizeof(second));
}

static void select_item(struct fw_cfg *fw_cfg, uint16_t key)
{
	fw_cfg_ops.write(fw_cfg, 0, 2, key);
}

static void read_bytes(struct fw_cfg *fw_cfg, uint8_t *to, unsigned int count)
{
	while (count--)
		*to++ = (uint8_t)fw_cfg_ops.read(fw_cfg, 1, 1);
}

static const struct {
	uint16_t key;
	uint8_t bytes[8]; /* past the end there are zeroes */
} items[] = {
	{ 0x00, { 'Q', 'E', 'M', 'U' } },
	{ 0x01, { 1 } }, /* no DMA */
	{ 0x05, { 4 } },
	{ 0x08, { 0 } }, /* no kernel to load */
	{ 0x0e, { 0 } },
	{ 0x19, { 0, 0, 0, 2, 0, 0, 0, 5 } },
	{ 0x20, { 1, 2, 3, 4, 5 } },
	{ 0x21, { 0xaa } },
	{ 0x22, { 0 } },
	{ 0xffff, { 0 } },
};

START_TEST(has)
{
	struct fw_cfg fw_cfg;
	uint8_t bytes[8];

	begin(&fw_cfg);
	for (unsigned int again = 0; again < 2; again++) {
		select_item(&fw_cfg, items[_i].key);
		read_bytes(&fw_cfg, bytes, sizeof(bytes));
		ck_assert_mem_eq(bytes, items[_i].bytes, sizeof(bytes));
	}
	fw_cfg_destroy(&fw_cfg);
}
END_TEST

START_TEST(the_directory_names_the_files)
{
	static const uint8_t entry[] = { 0, 0, 0, 1, 0, 0x21, 0, 0, 'e', 't', 'c', '/', 's' };
	uint8_t bytes[4 + 2 * 64];
	struct fw_cfg fw_cfg;

	begin(&fw_cfg);
	select_item(&fw_cfg, 0x19);
	read_bytes(&fw_cfg, bytes, sizeof(bytes));
	ck_assert_mem_eq(bytes + 4 + 64, entry, sizeof(entry));
	ck_assert_str_eq((char *)bytes + 4 + 8, "etc/first");
	fw_cfg_destroy(&fw_cfg);
}
END_TEST

START_TEST(knows_two_bytes_in_and_one_out)
{
	struct fw_cfg fw_cfg;

	begin(&fw_cfg);
	select_item(&fw_cfg, 0x20);
	fw_cfg_ops.write(&fw_cfg, 0, 1, 0x21);
	fw_cfg_ops.write(&fw_cfg, 1, 1, 0x21); /* nothing can be written */
	ck_assert_uint_eq(fw_cfg_ops.read(&fw_cfg, 0, 2), UINT64_MAX);
	ck_assert_uint_eq(fw_cfg_ops.read(&fw_cfg, 0, 1), UINT64_MAX);
	ck_assert_uint_eq(fw_cfg_ops.read(&fw_cfg, 1, 1), 1);
	ck_assert_uint_eq(fw_cfg_ops.read(&fw_cfg, 1, 1), 2);
	fw_cfg_reset(&fw_cfg);
	ck_assert_uint_eq(fw_cfg_ops.read(&fw_cfg, 1, 1), 'Q');
	fw_cfg_destroy(&fw_cfg);
}
END_TEST

/* In memory the selector is big endian, and a wide read takes bytes in their order. */
START_TEST(in_memory)
{
	struct fw_cfg fw_cfg;

	begin(&fw_cfg);
	fw_cfg_mmio_ops.write(&fw_cfg, 8, 2, 0x2000);
	ck_assert_uint_eq(fw_cfg_mmio_ops.read(&fw_cfg, 0, 1), 1);
	ck_assert_uint_eq(fw_cfg_mmio_ops.read(&fw_cfg, 0, 2), 0x0302);
	ck_assert_uint_eq(fw_cfg_mmio_ops.read(&fw_cfg, 0, 8), 0x0504);
	ck_assert_uint_eq(fw_cfg_mmio_ops.read(&fw_cfg, 8, 2), UINT64_MAX);
	fw_cfg_mmio_ops.write(&fw_cfg, 8, 4, 0x2000);
	fw_cfg_mmio_ops.write(&fw_cfg, 0, 2, 0x2000);
	ck_assert_uint_eq(fw_cfg_mmio_ops.read(&fw_cfg, 0, 8), 0);
	fw_cfg_mmio_ops.write(&fw_cfg, 8, 2, 0x0100);
	ck_assert_uint_eq(fw_cfg_mmio_ops.read(&fw_cfg, 0, 4), 1); /* no DMA */
	fw_cfg_destroy(&fw_cfg);
}
END_TEST

UNIT_MAIN("fw_cfg", { has, UNIT_COUNT(items) }, { the_directory_names_the_files, 0 },
	  { knows_two_bytes_in_and_one_out, 0 }, { in_memory, 0 })
