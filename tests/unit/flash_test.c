/* SPDX-License-Identifier: MIT */
/* devices/flash.c: the commands of a 28F008SA, what the guest sees, and what is in the file. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devices/flash.h"
#include "vmm/base/file_keeper.h"
#include "stderr_text.h"
#include "unit.h"

#define GPA  0xffc00000u
#define SIZE 0x4000u

struct rig {
	struct vm vm;
	struct flash flash;
	struct file_keeper keeper;
	int file;
};

static void begin(struct rig *rig)
{
	const struct flash_config config = { &flash_kind_pc, GPA, SIZE, &rig->keeper };

	*rig = (struct rig){ .file = memfd_create("vars", MFD_CLOEXEC | MFD_ALLOW_SEALING) };
	rig->vm.event_source.fd = -1;
	memory_init(&rig->vm.memory);
	bus_init(&rig->vm.mmio);
	ck_assert_int_eq(ftruncate(rig->file, SIZE), 0);
	rig->keeper = (struct file_keeper){ .name = "vars", .fd = rig->file };
	ck_assert_int_eq(flash_init(&rig->flash, &rig->vm, &config), 0);
	memset(rig->flash.contents, 0xf5, SIZE);
	ck_assert_int_eq(pwrite(rig->file, rig->flash.contents, SIZE, 0), SIZE);
	ck_assert_int_eq(flash_add(&rig->flash), 0);
}

static void end(struct rig *rig)
{
	flash_destroy(&rig->flash);
	flash_destroy(&rig->flash);
	ck_assert_uint_eq(rig->vm.memory.count, 0);
	memory_destroy(&rig->vm.memory);
	bus_destroy(&rig->vm.mmio);
	close(rig->file);
}

static void out(struct rig *rig, uint64_t offset, uint8_t value)
{
	bus_write(&rig->vm.mmio, GPA + offset, &value, 1);
}

/* Read as the guest does: from memory if there is some, else from the chip. */
static uint8_t in(struct rig *rig, uint64_t offset)
{
	uint8_t value = 0;

	if (rig->vm.memory.count)
		return ((uint8_t *)rig->vm.memory.regions[0].hva)[offset];
	bus_read(&rig->vm.mmio, GPA + offset, &value, 1);
	return value;
}

static uint8_t stored(const struct rig *rig, uint64_t offset)
{
	uint8_t value = 0;

	ck_assert_int_eq(pread(rig->file, &value, 1, (off_t)offset), 1);
	return value;
}

START_TEST(starts_as_memory_that_the_guest_only_reads)
{
	struct rig rig;

	begin(&rig);
	ck_assert_uint_eq(rig.vm.memory.count, 1);
	ck_assert_int_eq(rig.vm.memory.regions[0].kind, MEMORY_ROM);
	ck_assert_uint_eq(in(&rig, SIZE - 1), 0xf5);
	end(&rig);
}
END_TEST

/*
 * OVMF does this to find out what it has. This is neither RAM, which keeps 0x50, nor ROM, which
 * shows no status.
 */
START_TEST(is_detected_as_flash)
{
	struct rig rig;

	begin(&rig);
	out(&rig, 0x10, 0x50);
	ck_assert_uint_ne(in(&rig, 0x10), 0x50);
	out(&rig, 0x10, 0x70);
	ck_assert_uint_eq(in(&rig, 0x10), 0x00);
	out(&rig, 0x10, 0xff);
	ck_assert_uint_eq(in(&rig, 0x10), 0xf5);
	end(&rig);
}
END_TEST

static const struct {
	const char *what;
	uint8_t commands[4];
	unsigned int count;
	uint8_t contents; /* afterwards, of the byte, which was 0xf5 */
	uint8_t status;
} sequences[] = {
	{ "program", { 0x10, 0x3c }, 2, 0x34, 0x80 },
	{ "program, the other code", { 0x40, 0x3c }, 2, 0x34, 0x80 },
	{ "programming sets no bits", { 0x10, 0xff }, 2, 0xf5, 0x80 },
	{ "a command as data", { 0x10, 0x50 }, 2, 0x50, 0x80 },
	{ "erase", { 0x20, 0xd0 }, 2, 0xff, 0x80 },
	{ "erase, not confirmed", { 0x20, 0xff }, 2, 0xf5, 0xb0 },
	{ "program after an erase", { 0x20, 0xd0, 0x10, 0x12 }, 4, 0x12, 0x80 },
	{ "unknown", { 0x90 }, 1, 0xf5, 0x00 },
	{ "clear status", { 0x10, 0xff, 0x50 }, 3, 0xf5, 0x00 },
};

START_TEST(obeys)
{
	const uint64_t at = 0x1234;
	struct rig rig;

	begin(&rig);
	for (unsigned int i = 0; i < sequences[_i].count; i++)
		out(&rig, at, sequences[_i].commands[i]);
	out(&rig, at, 0x70);
	ck_assert_uint_eq(rig.vm.memory.count, 0);
	ck_assert_msg(in(&rig, at) == sequences[_i].status, "%s: status %#x", sequences[_i].what,
		      in(&rig, at));
	out(&rig, at, 0xff);
	ck_assert_msg(in(&rig, at) == sequences[_i].contents, "%s: reads %#x", sequences[_i].what,
		      in(&rig, at));
	ck_assert_uint_eq(stored(&rig, at), sequences[_i].contents);
	ck_assert_uint_eq(stored(&rig, 0xfff), 0xf5);
	ck_assert_uint_eq(stored(&rig, 0x2000), 0xf5);
	end(&rig);
}
END_TEST

START_TEST(erases_a_block_and_no_more)
{
	struct rig rig;

	begin(&rig);
	out(&rig, 0x1fff, 0x20);
	out(&rig, 0x1fff, 0xd0);
	ck_assert_uint_eq(stored(&rig, 0x0fff), 0xf5);
	ck_assert_uint_eq(stored(&rig, 0x1000), 0xff);
	ck_assert_uint_eq(stored(&rig, 0x1fff), 0xff);
	ck_assert_uint_eq(stored(&rig, 0x2000), 0xf5);
	end(&rig);
}
END_TEST

/*
 * At any moment the file holds what the guest has written so far, because minivmm may be killed
 * then.
 */
START_TEST(is_in_the_file_after_each_write)
{
	struct rig rig;

	begin(&rig);
	for (unsigned int i = 0; i < 16; i++) {
		out(&rig, i, 0x10);
		ck_assert_uint_eq(stored(&rig, i), 0xf5);
		out(&rig, i, (uint8_t)i);
		ck_assert_uint_eq(stored(&rig, i), 0xf5 & i);
	}
	end(&rig);
}
END_TEST

START_TEST(a_wide_access_is_a_cycle_for_each_byte)
{
	const uint16_t program = 0x0010; /* the byte 0 is programmed at the next address */
	struct rig rig;
	uint32_t status;

	begin(&rig);
	bus_write(&rig.vm.mmio, GPA, &program, 2);
	ck_assert_uint_eq(stored(&rig, 0), 0xf5);
	ck_assert_uint_eq(stored(&rig, 1), 0x00);
	bus_read(&rig.vm.mmio, GPA, &status, 4);
	ck_assert_uint_eq(status, 0x80808080);
	end(&rig);
}
END_TEST

START_TEST(a_reset_gives_the_contents_back)
{
	struct rig rig;

	begin(&rig);
	out(&rig, 0, 0x10);
	out(&rig, 0, 0x00);
	ck_assert_uint_eq(rig.vm.memory.count, 0);
	ck_assert_int_eq(flash_reset(&rig.flash), 0);
	ck_assert_uint_eq(rig.vm.memory.count, 1);
	ck_assert_uint_eq(in(&rig, 0), 0x00);
	out(&rig, 0, 0x70);
	ck_assert_uint_eq(in(&rig, 0), 0x00);
	end(&rig);
}
END_TEST

/*
 * The disk is full. The guest is told, nothing seems to be written, and the user reads of it
 * once.
 */
START_TEST(tells_the_guest_when_the_file_cannot_be_written)
{
	struct stderr_text caught;
	struct rig rig;

	begin(&rig);
	ck_assert_int_eq(fcntl(rig.file, F_ADD_SEALS, F_SEAL_WRITE), 0);
	stderr_begin(&caught);
	for (unsigned int i = 0; i < 2; i++) {
		out(&rig, 0, 0x10);
		out(&rig, 0, 0x00);
	}
	stderr_end(&caught);
	stderr_holds(&caught, "vars: write a variable");
	ck_assert_ptr_null(strstr(strstr(caught.text, "write a variable") + 1, "write a variable"));
	ck_assert_uint_eq(in(&rig, 0), 0x90);
	out(&rig, 0, 0xff);
	ck_assert_uint_eq(in(&rig, 0), 0xf5);
	end(&rig);
}
END_TEST

START_TEST(without_a_file_it_remembers)
{
	struct rig rig;

	begin(&rig);
	rig.flash.file = NULL;
	out(&rig, 3, 0x10);
	out(&rig, 3, 0x01);
	out(&rig, 3, 0xff);
	ck_assert_uint_eq(in(&rig, 3), 0x01);
	ck_assert_uint_eq(stored(&rig, 3), 0xf5);
	end(&rig);
}
END_TEST

UNIT_MAIN("flash", { starts_as_memory_that_the_guest_only_reads, 0 }, { is_detected_as_flash, 0 },
	  { obeys, UNIT_COUNT(sequences) }, { erases_a_block_and_no_more, 0 },
	  { is_in_the_file_after_each_write, 0 }, { a_wide_access_is_a_cycle_for_each_byte, 0 },
	  { a_reset_gives_the_contents_back, 0 },
	  { tells_the_guest_when_the_file_cannot_be_written, 0 },
	  { without_a_file_it_remembers, 0 })
