/* SPDX-License-Identifier: MIT */
/*
 * devices/flash.c as arm64 has it, with two chips of 16 bits side by side. StrataFlash P30,
 * "command definitions". Commands are written to both chips at once, as firmware does.
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devices/flash.h"
#include "vmm/base/file_keeper.h"
#include "unit.h"

#define GPA   0x4000000u
#define BLOCK 0x40000u
#define SIZE  (3 * BLOCK)

#define ARRAY 0xffu

struct rig {
	struct vm vm;
	struct flash flash;
	struct file_keeper keeper;
	int file;
};

static struct rig rig;

static void begin(void)
{
	const struct flash_config config = { &flash_kind_pair, GPA, SIZE, &rig.keeper };

	rig = (struct rig){ .file = memfd_create("vars", MFD_CLOEXEC) };
	rig.keeper = (struct file_keeper){ .name = "vars", .fd = rig.file };
	rig.vm.event_source.fd = -1;
	memory_init(&rig.vm.memory);
	bus_init(&rig.vm.mmio);
	ck_assert_int_eq(ftruncate(rig.file, SIZE), 0);
	ck_assert_int_eq(flash_init(&rig.flash, &rig.vm, &config), 0);
	memset(rig.flash.contents, 0xf5, SIZE);
	ck_assert_int_eq(pwrite(rig.file, rig.flash.contents, SIZE, 0), SIZE);
	ck_assert_int_eq(flash_add(&rig.flash), 0);
}

static void end(void)
{
	flash_destroy(&rig.flash);
	memory_destroy(&rig.vm.memory);
	bus_destroy(&rig.vm.mmio);
	close(rig.file);
}

static void write32(uint64_t offset, uint32_t value)
{
	bus_write(&rig.vm.mmio, GPA + offset, &value, sizeof(value));
}

static void command(uint64_t offset, uint16_t value)
{
	write32(offset, (uint32_t)value << 16 | value);
}

/* Read as the guest does: from memory if there is some, else from the chips. */
static uint32_t read32(uint64_t offset)
{
	uint32_t value = 0;

	if (rig.vm.memory.count)
		memcpy(&value, (uint8_t *)rig.vm.memory.regions[0].hva + offset, sizeof(value));
	else
		bus_read(&rig.vm.mmio, GPA + offset, &value, sizeof(value));
	return value;
}

static uint32_t stored(uint64_t offset)
{
	uint32_t value = 0;

	ck_assert_int_eq(pread(rig.file, &value, sizeof(value), (off_t)offset), sizeof(value));
	return value;
}

static uint32_t status(void)
{
	command(0, 0x70);
	return read32(0);
}

/* Do what firmware does with a buffer: setup, count, words, confirm. */
static void fill(uint64_t offset, uint16_t words, uint32_t value)
{
	command(offset, 0xe8);
	ck_assert_uint_eq(read32(offset), 0x00800080);
	command(offset, words - 1);
	for (unsigned int i = 0; i < words; i++)
		write32(offset + i * 4, value + i);
}

START_TEST(a_word)
{
	begin();
	command(0x1000, 0x40);
	write32(0x1000, 0x12345678);
	ck_assert_uint_eq(status(), 0x00800080);
	ck_assert_uint_eq(stored(0x1000), 0x12345678 & 0xf5f5f5f5);
	ck_assert_uint_eq(stored(0x1004), 0xf5f5f5f5);
	command(0, 0x50);
	ck_assert_uint_eq(read32(0x1000), 0x12345678 & 0xf5f5f5f5);
	ck_assert_uint_eq(rig.vm.memory.count, 1);
	end();
}
END_TEST

START_TEST(a_buffer_is_written_at_once_when_it_is_confirmed)
{
	begin();
	fill(0x1080, 32, 0xffffff00);
	ck_assert_uint_eq(stored(0x1080), 0xf5f5f5f5);
	ck_assert_uint_eq(stored(0x10fc), 0xf5f5f5f5);
	command(0, 0xd0); /* at the chips' base, as firmware does it */
	ck_assert_uint_eq(status(), 0x00800080);
	ck_assert_uint_eq(stored(0x1080), 0xf5f5f500);
	ck_assert_uint_eq(stored(0x10fc), 0xf5f5f5f5 & 0xffffff1f);
	ck_assert_uint_eq(stored(0x107c), 0xf5f5f5f5);
	ck_assert_uint_eq(stored(0x1100), 0xf5f5f5f5);
	end();
}
END_TEST

START_TEST(a_short_buffer_programs_no_more)
{
	begin();
	fill(0x1084, 1, 0);
	command(0, 0xd0);
	ck_assert_uint_eq(stored(0x1080), 0xf5f5f5f5);
	ck_assert_uint_eq(stored(0x1084), 0);
	ck_assert_uint_eq(stored(0x1088), 0xf5f5f5f5);
	end();
}
END_TEST

START_TEST(a_buffer_that_is_not_confirmed_is_dropped)
{
	begin();
	fill(0, 2, 0);
	command(0, ARRAY);
	ck_assert_uint_eq(status(), 0x00b000b0);
	ck_assert_uint_eq(stored(0), 0xf5f5f5f5);
	end();
}
END_TEST

/* There are more words than a buffer holds, or a word is outside of the buffer. */
START_TEST(a_buffer_has_an_end)
{
	begin();
	command(0x100, 0xe8);
	command(0x100, 32);
	ck_assert_uint_eq(status(), 0x00b000b0);
	command(0, 0x50);
	command(0x100, 0xe8);
	command(0x100, 1);
	write32(_i ? 0x180 : 0xfc, 0);
	ck_assert_uint_eq(status(), 0x00b000b0);
	ck_assert_uint_eq(stored(0xfc), 0xf5f5f5f5);
	ck_assert_uint_eq(stored(0x180), 0xf5f5f5f5);
	end();
}
END_TEST

START_TEST(erases_256_kib)
{
	begin();
	command(BLOCK + 0x1234, 0x20);
	command(BLOCK + 0x1234, 0xd0);
	ck_assert_uint_eq(status(), 0x00800080);
	ck_assert_uint_eq(stored(BLOCK - 4), 0xf5f5f5f5);
	ck_assert_uint_eq(stored(BLOCK), 0xffffffff);
	ck_assert_uint_eq(stored(2 * BLOCK - 4), 0xffffffff);
	ck_assert_uint_eq(stored(2 * BLOCK), 0xf5f5f5f5);
	command(0, 0x20);
	command(0, ARRAY);
	ck_assert_uint_eq(status(), 0x00b000b0);
	ck_assert_uint_eq(stored(0), 0xf5f5f5f5);
	end();
}
END_TEST

/* The third word of its identification tells the lock of a block. The block is open. */
START_TEST(says_who_it_is)
{
	begin();
	command(BLOCK, 0x90);
	ck_assert_uint_eq(read32(BLOCK), 0x00890089);
	ck_assert_uint_eq(read32(BLOCK + 4), 0x89198919);
	ck_assert_uint_eq(read32(BLOCK + 8), 0);
	command(BLOCK, ARRAY);
	ck_assert_uint_eq(read32(BLOCK), 0xf5f5f5f5);
	end();
}
END_TEST

START_TEST(locks_stay_open)
{
	static const uint16_t what[] = { 0x01, 0xd0, 0x2f };

	begin();
	for (unsigned int i = 0; i < UNIT_COUNT(what); i++) {
		command(BLOCK, 0x60);
		command(BLOCK, what[i]);
		ck_assert_uint_eq(status(), 0x00800080);
		command(BLOCK, 0x90);
		ck_assert_uint_eq(read32(BLOCK + 8), 0);
		command(BLOCK, ARRAY);
		ck_assert_uint_eq(stored(BLOCK), 0xf5f5f5f5);
	}
	end();
}
END_TEST

START_TEST(a_reset_ends_a_command)
{
	begin();
	fill(0x100, 2, 0);
	ck_assert_int_eq(flash_reset(&rig.flash), 0);
	ck_assert_uint_eq(read32(0x100), 0xf5f5f5f5);
	command(0x100, 0xd0); /* no command now */
	ck_assert_uint_eq(stored(0x100), 0xf5f5f5f5);
	end();
}
END_TEST

/* The access is at the last bytes of the chips, and as wide as a CPU can write. */
START_TEST(wide_and_narrow)
{
	const uint64_t wide = 0x1111111100400040;
	const uint8_t narrow = 0x40, byte = 0x21;

	begin();
	bus_write(&rig.vm.mmio, GPA + SIZE - 8, &wide, sizeof(wide));
	ck_assert_uint_eq(stored(SIZE - 8), 0xf5f5f5f5);
	ck_assert_uint_eq(stored(SIZE - 4), 0x11111111);
	bus_write(&rig.vm.mmio, GPA + SIZE - 8, &narrow, 1);
	bus_write(&rig.vm.mmio, GPA + SIZE - 7, &byte, 1);
	ck_assert_uint_eq(stored(SIZE - 8), 0xf5f521f5);
	end();
}
END_TEST

UNIT_MAIN("flash_pair", { a_word, 0 }, { a_buffer_is_written_at_once_when_it_is_confirmed, 0 },
	  { a_short_buffer_programs_no_more, 0 }, { a_buffer_that_is_not_confirmed_is_dropped, 0 },
	  { a_buffer_has_an_end, 2 }, { erases_256_kib, 0 }, { says_who_it_is, 0 },
	  { locks_stay_open, 0 }, { a_reset_ends_a_command, 0 }, { wide_and_narrow, 0 })
