/* SPDX-License-Identifier: MIT */
/* vmm/core/memory.c: the map, and that its listeners know at any time exactly what is in it. */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "call_log.h"
#include "plain_ram.h"
#include "unit.h"
#include "vmm/core/memory.h"
#include "vmm/trace/log.h"

#define PAGE 4096ull

/* A listener that writes down what it is told, and refuses one address. */
struct ear {
	struct memory_listener listener;
	const char *name;
	uint64_t refuses;
};

static int ear_add(struct memory_listener *listener, const struct memory_region *region)
{
	struct ear *ear = (struct ear *)listener;

	calls_add("%s +%#" PRIx64, ear->name, region->gpa);
	return region->gpa == ear->refuses ? -EPERM : 0;
}

static void ear_del(struct memory_listener *listener, const struct memory_region *region)
{
	calls_add("%s -%#" PRIx64, ((struct ear *)listener)->name, region->gpa);
}

#define EAR(name, refuses)                                                                         \
	{                                                                                          \
		{ ear_add, ear_del }, name, refuses                                                \
	}
#define NOTHING UINT64_MAX

static char backing[64 * PAGE];
static int kept; /* a file of shared RAM */

static int add(struct memory *memory, uint64_t gpa, uint64_t size)
{
	struct memory_region region = {
		.gpa = gpa, .size = size, .hva = backing, .fd = -1, .kind = MEMORY_DEVICE
	};

	return memory_add_region(memory, &region);
}

static const struct {
	uint64_t gpa, size;
	int ret;
} additions[] = {
	/* 0x10000 .. 0x1ffff is there */
	{ 0x10000, 0x10000, -EEXIST },
	{ 0xf000, 0x2000, -EEXIST },
	{ 0x1f000, 0x1000, -EEXIST },
	{ 0, 0x1000000, -EEXIST },
	{ 0, 0x10000, 0 },
	{ 0x20000, 0x1000, 0 },
	{ 0xffffffffffff0000, 0xf000, 0 },
	{ 0x30000, 0, -EINVAL },
	{ 0xffffffffffff0000, 0x11000, -EINVAL },
	{ 0x20000, 0xfffffffffffff000, -EINVAL },
};

START_TEST(add_refuses_what_overlaps_or_wraps)
{
	struct ear ear = EAR("a", NOTHING);
	struct memory memory;

	memory_init(&memory);
	ck_assert_int_eq(add(&memory, 0x10000, 0x10000), 0);
	ck_assert_int_eq(memory_add_listener(&memory, &ear.listener), 0);
	calls_begin();
	ck_assert_int_eq(add(&memory, additions[_i].gpa, additions[_i].size), additions[_i].ret);
	ck_assert_uint_eq(calls_count("a +"), additions[_i].ret == 0);
	memory_del_listener(&memory, &ear.listener);
	memory_destroy(&memory);
}
END_TEST

START_TEST(late_listener_is_told_all)
{
	struct ear ear = EAR("a", NOTHING);
	struct memory memory;

	memory_init(&memory);
	ck_assert_int_eq(add(&memory, 0x3000, PAGE), 0);
	ck_assert_int_eq(add(&memory, 0x1000, PAGE), 0);
	calls_begin();
	ck_assert_int_eq(memory_add_listener(&memory, &ear.listener), 0);
	calls_expect("a +0x1000\na +0x3000\n");
	ck_assert_int_eq(add(&memory, 0x2000, PAGE), 0);
	memory_del_region(&memory, 0x1000);
	calls_expect("a +0x2000\na -0x1000\n");
	memory_del_listener(&memory, &ear.listener);
	calls_expect("a -0x3000\na -0x2000\n");
	memory_del_listener(&memory, &ear.listener);
	memory_destroy(&memory);
	calls_expect("");
}
END_TEST

/*
 * The third listener refuses. The second and then the first one forget the region again, and the
 * map is as it was.
 */
START_TEST(refusal_rolls_back_in_reverse)
{
	struct ear ears[] = { EAR("a", NOTHING), EAR("b", NOTHING), EAR("c", 0x2000),
			      EAR("d", NOTHING) };
	struct memory memory;

	memory_init(&memory);
	for (size_t i = 0; i < UNIT_COUNT(ears); i++)
		ck_assert_int_eq(memory_add_listener(&memory, &ears[i].listener), 0);
	calls_begin();
	ck_assert_int_eq(add(&memory, 0x2000, PAGE), -LOG_TOLD);
	calls_expect("a +0x2000\nb +0x2000\nc +0x2000\nb -0x2000\na -0x2000\n");
	ck_assert_uint_eq(memory.count, 0);
	memory_del_region(&memory, 0x2000);
	calls_expect("");
	ck_assert_int_eq(add(&memory, 0x3000, PAGE), 0);
	calls_begin();
	memory_del_region(&memory, 0x3000);
	calls_expect("d -0x3000\nc -0x3000\nb -0x3000\na -0x3000\n");
	memory_destroy(&memory);
}
END_TEST

START_TEST(replay_rolls_back_in_reverse)
{
	struct ear ear = EAR("a", 0x3000);
	struct memory memory;

	memory_init(&memory);
	for (uint64_t gpa = 0x1000; gpa <= 0x4000; gpa += PAGE)
		ck_assert_int_eq(add(&memory, gpa, PAGE), 0);
	calls_begin();
	ck_assert_int_eq(memory_add_listener(&memory, &ear.listener), -EPERM);
	calls_expect("a +0x1000\na +0x2000\na +0x3000\na -0x2000\na -0x1000\n");
	ck_assert_int_eq(add(&memory, 0x5000, PAGE), 0);
	memory_del_listener(&memory, &ear.listener);
	calls_expect("");
	memory_destroy(&memory);
}
END_TEST

START_TEST(listeners_are_counted)
{
	struct ear ears[MEMORY_LISTENERS_MAX + 1];
	struct memory memory;

	memory_init(&memory);
	for (int i = 0; i <= MEMORY_LISTENERS_MAX; i++) {
		ears[i] = (struct ear)EAR("a", NOTHING);
		ck_assert_int_eq(memory_add_listener(&memory, &ears[i].listener),
				 i < MEMORY_LISTENERS_MAX ? 0 : -ENOSPC);
	}
	memory_del_listener(&memory, &ears[1].listener);
	ck_assert_int_eq(memory_add_listener(&memory, &ears[4].listener), 0);
	memory_destroy(&memory);
}
END_TEST

START_TEST(destroy_tells_the_listeners)
{
	struct ear ear = EAR("a", NOTHING);
	struct memory memory;

	memory_init(&memory);
	ck_assert_int_eq(memory_add_listener(&memory, &ear.listener), 0);
	ck_assert_int_eq(plain_ram_add(&memory, 0, PAGE), 0);
	ck_assert_int_eq(add(&memory, 0x1000, PAGE), 0);
	calls_begin();
	memory_destroy(&memory);
	calls_expect("a -0x1000\na -0\n");
}
END_TEST

START_TEST(del_needs_the_start)
{
	struct memory memory;

	memory_init(&memory);
	memory_del_region(&memory, 0);
	ck_assert_int_eq(add(&memory, 0x2000, 2 * PAGE), 0);
	memory_del_region(&memory, 0x3000);
	memory_del_region(&memory, 0x1fff);
	ck_assert_uint_eq(memory.count, 1);
	memory_destroy(&memory);
}
END_TEST

/* RAM is zeroed and writable, and it is at the same place within a huge page as in the guest. */
START_TEST(ram_is_ready_to_use)
{
	static const uint64_t places[] = { 0, 0x100000, 0x1ff000, 0x200000, 0x100000000 };
	const uint64_t size = 3ull << 20;

	for (size_t i = 0; i < UNIT_COUNT(places); i++) {
		struct memory memory;
		uint8_t *hva;

		memory_init(&memory);
		ck_assert_int_eq(plain_ram_add(&memory, places[i], size), 0);
		hva = memory_ram_ptr(&memory, places[i], size);
		ck_assert_ptr_nonnull(hva);
		ck_assert_uint_eq(((uintptr_t)hva ^ places[i]) & 0x1fffff, 0);
		ck_assert_uint_eq(hva[0] | hva[size - 1], 0);
		hva[0] = hva[size - 1] = 1;
		memory_destroy(&memory);
	}
}
END_TEST

/* Another process would be given the same bytes, of which it can take none away. */
static int keep_file(struct memory_listener *listener, const struct memory_region *region)
{
	(void)listener;
	ck_assert_int_ge(region->fd, 0);
	ck_assert_uint_eq(region->fd_offset, 0);
	kept = dup(region->fd);
	return 0;
}

static void forget_file(struct memory_listener *listener, const struct memory_region *region)
{
	(void)listener;
	(void)region;
}

START_TEST(shared_ram_is_a_sealed_file)
{
	struct memory_listener listener = { keep_file, forget_file };
	const uint64_t size = 3ull << 20;
	struct memory memory;
	char *hva, byte = 0;

	memory_init(&memory);
	ck_assert_int_eq(memory_add_listener(&memory, &listener), 0);
	ck_assert_int_eq(ram_bank_add(&memory, &(struct ram_backing){ .shared = true, .node = -1 },
				      0x1ff000, size),
			 0);
	hva = memory_ram_ptr(&memory, 0x1ff000, size);
	ck_assert_uint_eq(((uintptr_t)hva ^ 0x1ff000) & 0x1fffff, 0);
	hva[size - 1] = 7;
	ck_assert_int_eq(pread(kept, &byte, 1, (off_t)size - 1), 1);
	ck_assert_int_eq(byte, 7);
	ck_assert_int_eq(ftruncate(kept, 0), -1);
	ck_assert_int_eq(ftruncate(kept, (off_t)size * 2), -1);
	memory_destroy(&memory);
	close(kept);
}
END_TEST

START_TEST(ram_is_refused_like_any_region)
{
	struct memory memory;

	memory_init(&memory);
	ck_assert_int_eq(plain_ram_add(&memory, 0x10000, 4 * PAGE), 0);
	ck_assert_int_eq(plain_ram_add(&memory, 0x13000, PAGE), -EEXIST);
	ck_assert_int_eq(plain_ram_add(&memory, 0xfffffffffffff000, 2 * PAGE), -EINVAL);
	ck_assert_int_eq(plain_ram_add(&memory, 0, 0), -EINVAL);
	ck_assert_uint_eq(memory_ram_size(&memory), 4 * PAGE);
	memory_destroy(&memory);
}
END_TEST

/* There are two banks that touch, and a BAR. A range is good if it lies in one bank. */
static const struct {
	uint64_t gpa, size;
	int64_t at; /* from the start of the bank; -1: not there */
} pointers[] = {
	{ 0, 1, 0 },
	{ 0, 4 * PAGE, 0 },
	{ 4 * PAGE - 1, 1, 4 * PAGE - 1 },
	{ 4 * PAGE - 1, 2, -1 },
	{ 0, 4 * PAGE + 1, -1 },
	{ 4 * PAGE, 4 * PAGE, 0 },
	{ 6 * PAGE, 2 * PAGE, 2 * PAGE },
	{ 6 * PAGE, 2 * PAGE + 1, -1 },
	{ 8 * PAGE, 1, -1 }, /* the BAR */
	{ 9 * PAGE, 1, -1 }, /* nothing */
	{ 0x1000000, PAGE, -1 },
	{ 0, UINT64_MAX, -1 },
	{ PAGE, UINT64_MAX, -1 }, /* wraps to before its start */
	{ UINT64_MAX, 1, -1 },
	{ UINT64_MAX, UINT64_MAX, -1 },
};

START_TEST(ram_ptr_stays_inside_one_bank)
{
	uint64_t bank = pointers[_i].gpa >= 4 * PAGE ? 4 * PAGE : 0;
	struct memory memory;
	char *base, *hva;

	memory_init(&memory);
	ck_assert_ptr_null(memory_ram_ptr(&memory, 0, 1));
	ck_assert_int_eq(plain_ram_add(&memory, 0, 4 * PAGE), 0);
	ck_assert_int_eq(plain_ram_add(&memory, 4 * PAGE, 4 * PAGE), 0);
	ck_assert_int_eq(add(&memory, 8 * PAGE, PAGE), 0);
	ck_assert_uint_eq(memory_ram_size(&memory), 8 * PAGE);
	base = memory_ram_ptr(&memory, bank, 1);
	hva = memory_ram_ptr(&memory, pointers[_i].gpa, pointers[_i].size);
	if (pointers[_i].at < 0)
		ck_assert_ptr_null(hva);
	else
		ck_assert_ptr_eq(hva, base + pointers[_i].at);
	memory_destroy(&memory);
}
END_TEST

/* A device's file becomes shorter than what is mapped of it: a page of it is no longer there. */
static const struct {
	uint64_t fd_offset, size;
	off_t file;
	bool shrunk;
} files[] = {
	{ 0x1000, 0x2000, 0x3000, false },
	{ 0x1000, 0x2000, 0x5000, false },
	{ 0x1000, 0x2000, 0x2fff, false }, /* its last page is still there */
	{ 0x1000, 0x2000, 0x2001, false },
	{ 0x1000, 0x2000, 0x2000, true },
	{ 0x1000, 0x2000, 0x0fff, true },
	{ 0x1000, 0x2000, 0, true },
	{ 0, 0x1000, 0x400, false }, /* a BAR below a page */
	{ 0, 0x1000, 0, true },
};

START_TEST(rule_47_file_that_shrinks)
{
	struct memory memory;
	struct memory_region found, bar = { .gpa = 0xc0000000,
					    .size = files[_i].size,
					    .hva = (void *)0x1000,
					    .fd = memfd_create("bar", MFD_CLOEXEC),
					    .fd_offset = files[_i].fd_offset,
					    .kind = MEMORY_DEVICE,
					    .bar = 3 };

	memory_init(&memory);
	ck_assert_int_eq(ftruncate(bar.fd, files[_i].file), 0);
	ck_assert_int_eq(memory_add_region(&memory, &bar), 0);
	ck_assert_int_eq(memory_find_shrunk(&memory, &found), files[_i].shrunk);
	if (files[_i].shrunk)
		ck_assert_uint_eq(found.bar, 3);
	memory_destroy(&memory);
	close(bar.fd);
}
END_TEST

/* RAM and what has no file, or no regular one, do not matter. */
START_TEST(rule_47_what_cannot_shrink)
{
	int ends[2];
	struct memory memory;
	struct memory_region found, bar = {
		.gpa = 0xc0000000, .size = 0x2000, .hva = (void *)0x1000, .kind = MEMORY_DEVICE
	};

	ck_assert_int_eq(pipe(ends), 0);
	memory_init(&memory);
	ck_assert_int_eq(plain_ram_add(&memory, 0, PAGE), 0);
	bar.fd = _i ? ends[0] : -1;
	ck_assert_int_eq(memory_add_region(&memory, &bar), 0);
	ck_assert(!memory_find_shrunk(&memory, &found));
	memory_destroy(&memory);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

UNIT_MAIN("memory", { rule_47_file_that_shrinks, UNIT_COUNT(files) },
	  { rule_47_what_cannot_shrink, 2 },
	  { add_refuses_what_overlaps_or_wraps, UNIT_COUNT(additions) },
	  { late_listener_is_told_all, 0 }, { refusal_rolls_back_in_reverse, 0 },
	  { replay_rolls_back_in_reverse, 0 }, { listeners_are_counted, 0 },
	  { destroy_tells_the_listeners, 0 }, { del_needs_the_start, 0 },
	  { ram_is_ready_to_use, 0 }, { shared_ram_is_a_sealed_file, 0 },
	  { ram_is_refused_like_any_region, 0 },
	  { ram_ptr_stays_inside_one_bank, UNIT_COUNT(pointers) })
