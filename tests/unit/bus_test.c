/* SPDX-License-Identifier: MIT */
/*
 * vmm/core/bus.c: every access, of whatever length and place, reaches the devices that it is for,
 * and no others.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "call_log.h"
#include "unit.h"
#include "vmm/core/bus.h"

/* A device made of bytes that writes down what it is asked. */
struct plain {
	const char *name;
	uint8_t bytes[64];
};

static uint64_t plain_read(void *owner, uint64_t offset, unsigned int size)
{
	struct plain *plain = owner;
	uint64_t value = 0;

	calls_add("%s read %u at %u", plain->name, size, (unsigned int)offset);
	memcpy(&value, &plain->bytes[offset], size);
	return value;
}

static void plain_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct plain *plain = owner;

	calls_add("%s write %u at %u", plain->name, size, (unsigned int)offset);
	memcpy(&plain->bytes[offset], &value, size);
}

static const struct bus_ops plain_ops = { plain_read, plain_write, NULL };

static void add(struct bus *bus, uint64_t base, uint64_t size, struct plain *plain)
{
	struct bus_region region = { base, size, &plain_ops, plain };

	ck_assert_int_eq(bus_add_region(bus, &region), 0);
}

static const struct {
	uint64_t base, size;
	int ret;
} additions[] = {
	/* 0x1000 .. 0x1fff is there */
	{ 0x1000, 0x1000, -EEXIST },
	{ 0x0fff, 2, -EEXIST },
	{ 0x1fff, 1, -EEXIST },
	{ 0x1800, 8, -EEXIST },
	{ 0, 0x10000, -EEXIST },
	{ 0, UINT64_MAX, -EEXIST },
	{ 0x0fff, 1, 0 },
	{ 0x2000, 1, 0 },
	{ 0, 0x1000, 0 },
	{ 0xfffffffffffffff0, 0xf, 0 },
	{ 0x3000, 0, -EINVAL },
	{ 0x1000, 0, -EINVAL },
	{ 0xfffffffffffffff0, 0x11, -EINVAL },
	{ 0x1000, UINT64_MAX, -EINVAL },
	{ UINT64_MAX, UINT64_MAX, -EINVAL },
};

START_TEST(add_refuses_what_overlaps_or_wraps)
{
	struct plain plain = { .name = "a" };
	struct bus_region region = { additions[_i].base, additions[_i].size, &plain_ops, &plain };
	struct bus bus;

	bus_init(&bus);
	add(&bus, 0x1000, 0x1000, &plain);
	ck_assert_int_eq(bus_add_region(&bus, &region), additions[_i].ret);
	bus_destroy(&bus);
}
END_TEST

START_TEST(holes_read_ones_and_drop_writes)
{
	static const uint64_t holes[] = { 0, 0xff8, 0x1040, 0x7fffffffffffffff, UINT64_MAX - 7 };
	struct plain plain = { .name = "a" };
	struct bus bus;

	bus_init(&bus);
	add(&bus, 0x1000, 64, &plain);
	calls_begin();
	for (size_t i = 0; i < UNIT_COUNT(holes); i++) {
		uint64_t value = 0;

		bus_write(&bus, holes[i], &value, 8);
		bus_read(&bus, holes[i], &value, 8);
		ck_assert_uint_eq(value, UINT64_MAX);
	}
	calls_expect("");
	bus_destroy(&bus);
}
END_TEST

/*
 * Two devices are neighbours, and a hole follows. Each gets the bytes that belong to it, in their
 * order.
 */
START_TEST(straddling_access_falls_apart)
{
	struct plain left = { .name = "left" }, right = { .name = "right" };
	uint8_t data[16];
	struct bus bus;

	memset(left.bytes, 0x11, sizeof(left.bytes));
	memset(right.bytes, 0x22, sizeof(right.bytes));
	bus_init(&bus);
	add(&bus, 0x100, 7, &left);
	add(&bus, 0x107, 4, &right);
	calls_begin();
	bus_read(&bus, 0x103, data, 8);
	calls_expect("left read 4 at 3\nright read 4 at 0\n");
	ck_assert_int_eq(memcmp(data, "\x11\x11\x11\x11\x22\x22\x22\x22", 8), 0);
	bus_read(&bus, 0x109, data, 4);
	calls_expect("right read 2 at 2\n");
	ck_assert_int_eq(memcmp(data, "\x22\x22\xff\xff", 4), 0);
	bus_read(&bus, 0xfe, data, 4);
	calls_expect("left read 2 at 0\n");
	ck_assert_int_eq(memcmp(data, "\xff\xff\x11\x11", 4), 0);
	bus_write(&bus, 0xfc, "0123456789abcdef", 16);
	calls_expect(
		"left write 4 at 0\nleft write 2 at 4\nleft write 1 at 6\nright write 4 at 0\n");
	ck_assert_int_eq(memcmp(left.bytes, "456789a", 7), 0);
	ck_assert_int_eq(memcmp(right.bytes, "bcde", 4), 0);
	bus_destroy(&bus);
}
END_TEST

/* The result is compared with memory, byte by byte. */
START_TEST(every_length_at_every_place)
{
	struct plain a = { .name = "a" }, b = { .name = "b" };
	uint8_t model[48], data[24];
	struct bus bus;

	bus_init(&bus);
	memset(model, 0xff, sizeof(model));
	for (unsigned int i = 0; i < 13; i++)
		model[8 + i] = a.bytes[i] = (uint8_t)(i + 1);
	for (unsigned int i = 0; i < 9; i++)
		model[24 + i] = b.bytes[i] = (uint8_t)(i + 0x41);
	add(&bus, 8, 13, &a);
	add(&bus, 24, 9, &b);
	for (unsigned int addr = 0; addr < 24; addr++)
		for (unsigned int len = 0; len <= 24; len++) {
			memset(data, 0xee, sizeof(data));
			bus_read(&bus, addr, data, len);
			ck_assert_int_eq(memcmp(data, &model[addr], len), 0);
			ck_assert(len == 24 || data[len] == 0xee);
			bus_write(&bus, addr, data, len); /* back, unchanged */
		}
	ck_assert_int_eq(memcmp(a.bytes, &model[8], 13), 0);
	ck_assert_int_eq(memcmp(b.bytes, &model[24], 9), 0);
	ck_assert_uint_eq(a.bytes[13] | b.bytes[9], 0);
	bus_destroy(&bus);
}
END_TEST

/* The contract of bus_ops allows 1, 2, 4 or 8 bytes, inside the region. */
struct strict {
	uint64_t size;
	bool broken;
};

static uint64_t strict_read(void *owner, uint64_t offset, unsigned int size)
{
	struct strict *strict = owner;

	strict->broken |= size != 1 && size != 2 && size != 4 && size != 8;
	strict->broken |= offset >= strict->size || size > strict->size - offset;
	return 0;
}

static void strict_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	strict_read(owner, offset, size);
	((struct strict *)owner)->broken |= size < 8 && value >> (8 * size);
}

START_TEST(handlers_see_only_what_they_understand)
{
	static const struct bus_ops ops = { strict_read, strict_write, NULL };
	struct strict strict = { 0, false };
	uint8_t data[32];

	memset(data, 0xff, sizeof(data));
	for (strict.size = 1; strict.size <= 17; strict.size++) {
		struct bus_region region = { 32, strict.size, &ops, &strict };
		struct bus bus;

		bus_init(&bus);
		ck_assert_int_eq(bus_add_region(&bus, &region), 0);
		for (uint64_t addr = 8; addr < 56; addr++)
			for (unsigned int len = 1; len <= 32; len++) {
				memset(data, 0xff, sizeof(data));
				bus_write(&bus, addr, data, len);
				bus_read(&bus, addr, data, len);
			}
		bus_destroy(&bus);
	}
	ck_assert(!strict.broken);
}
END_TEST

START_TEST(address_space_has_an_end)
{
	struct plain top = { .name = "top" }, bottom = { .name = "bottom" };
	uint64_t value = 0;
	struct bus bus;

	bus_init(&bus);
	add(&bus, UINT64_MAX - 4, 4, &top);
	add(&bus, 0, 8, &bottom);
	calls_begin();
	bus_read(&bus, UINT64_MAX - 4, &value, 4);
	calls_expect("top read 4 at 0\n");
	ck_assert_uint_eq(value, 0);
	/* Past the last byte the address goes on at 0, as a counter of 64 bits does. */
	bus_read(&bus, UINT64_MAX, &value, 8);
	ck_assert_uint_eq(value & 0xff, 0xff);
	bus_destroy(&bus);
}
END_TEST

/* A device that takes its own region away, and puts it elsewhere. */
struct mover {
	struct bus *bus;
	uint64_t base, target;
};

static const struct bus_ops mover_ops;

static uint64_t mover_read(void *owner, uint64_t offset, unsigned int size)
{
	(void)owner;
	(void)size;
	return 0x10 + offset;
}

static void mover_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct mover *mover = owner;
	struct bus_region region = { mover->target, 4, &mover_ops, mover };

	(void)offset;
	(void)size;
	(void)value;
	bus_del_region(mover->bus, mover->base);
	if (mover->target)
		ck_assert_int_eq(bus_add_region(mover->bus, &region), 0);
	mover->base = mover->target;
}

static const struct bus_ops mover_ops = { mover_read, mover_write, NULL };

START_TEST(handler_may_remove_its_region)
{
	struct bus bus;
	struct mover mover = { &bus, 0x100, 0 };
	struct bus_region region = { 0x100, 4, &mover_ops, &mover };
	uint64_t value = 0;

	bus_init(&bus);
	ck_assert_int_eq(bus_add_region(&bus, &region), 0);
	/* The first half of the access removes the region, so the second half finds a hole. */
	bus_write(&bus, 0x102, &value, 8);
	bus_read(&bus, 0x100, &value, 4);
	ck_assert_uint_eq((uint32_t)value, UINT32_MAX);
	bus_destroy(&bus);
}
END_TEST

START_TEST(handler_may_move_its_region)
{
	struct bus bus;
	struct mover mover = { &bus, 0x100, 0x102 };
	struct bus_region region = { 0x100, 4, &mover_ops, &mover };
	uint8_t data[8] = { 0 };

	bus_init(&bus);
	ck_assert_int_eq(bus_add_region(&bus, &region), 0);
	bus_write(&bus, 0x100, data, 1);
	bus_read(&bus, 0x100, data, 8);
	ck_assert_int_eq(memcmp(data, "\xff\xff\x10\0\0\0\xff\xff", 8), 0);
	bus_destroy(&bus);
}
END_TEST

static uint64_t number_read(void *owner, uint64_t offset, unsigned int size)
{
	(void)offset;
	(void)size;
	return (uintptr_t)owner;
}

#define MANY 2048

/*
 * Regions are added and removed out of order. Each is found, and the gaps between them are not.
 */
START_TEST(many_regions)
{
	static const struct bus_ops ops = { number_read, plain_write, NULL };
	struct bus bus;
	uint32_t value;

	bus_init(&bus);
	for (uintptr_t i = 0; i < MANY; i++) {
		uintptr_t n = i * 1031 % MANY;
		struct bus_region region = { n * 16, 8, &ops, (void *)n };

		ck_assert_int_eq(bus_add_region(&bus, &region), 0);
	}
	for (uintptr_t n = 0; n < MANY; n++) {
		bus_read(&bus, n * 16 + 4, &value, 4);
		ck_assert_uint_eq(value, n);
		bus_read(&bus, n * 16 + 8, &value, 4);
		ck_assert_uint_eq(value, UINT32_MAX);
	}
	for (uintptr_t i = 0; i < MANY; i++) {
		uintptr_t n = i * 257 % MANY;

		bus_del_region(&bus, n * 16);
		bus_read(&bus, n * 16, &value, 4);
		ck_assert_uint_eq(value, UINT32_MAX);
	}
	ck_assert_uint_eq(bus.count, 0);
	bus_destroy(&bus);
}
END_TEST

START_TEST(del_needs_the_base)
{
	struct plain plain = { .name = "a" };
	uint32_t value;
	struct bus bus;

	bus_init(&bus);
	bus_del_region(&bus, 0);
	add(&bus, 0x100, 4, &plain);
	bus_del_region(&bus, 0x102);
	bus_del_region(&bus, 0xff);
	bus_del_region(&bus, 0x104);
	bus_read(&bus, 0x100, &value, 4);
	ck_assert_uint_eq(value, 0);
	bus_destroy(&bus);
}
END_TEST

#define RACES 100000u

static void *race_reads(void *arg)
{
	struct bus *bus = arg;

	for (unsigned int i = 0; i < RACES; i++) {
		uint8_t bytes[8];

		bus_read(bus, 0x100, bytes, 8);
		for (unsigned int b = 0; b < 8; b++)
			if (bytes[b] != bytes[0] || (bytes[b] != 0 && bytes[b] != 0xff))
				return arg;
	}
	return NULL;
}

/*
 * One vCPU looks up addresses while another one moves BARs. All of an access goes to the device
 * or to a hole, as on a real bus, and never to freed memory.
 */
START_TEST(look_up_while_regions_come_and_go)
{
	static const struct bus_ops ops = { number_read, plain_write, NULL };
	void *wrong[2];
	pthread_t threads[2];
	struct bus bus;

	bus_init(&bus);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, race_reads, &bus), 0);
	for (unsigned int i = 0; i < RACES; i++) {
		struct bus_region region = { 0x100, 8, &ops, NULL };

		ck_assert_int_eq(bus_add_region(&bus, &region), 0);
		bus_del_region(&bus, 0x100);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], &wrong[i]);
		ck_assert_ptr_null(wrong[i]);
	}
	bus_destroy(&bus);
}
END_TEST

UNIT_MAIN("bus", { add_refuses_what_overlaps_or_wraps, UNIT_COUNT(additions) },
	  { holes_read_ones_and_drop_writes, 0 }, { straddling_access_falls_apart, 0 },
	  { every_length_at_every_place, 0 }, { handlers_see_only_what_they_understand, 0 },
	  { address_space_has_an_end, 0 }, { handler_may_remove_its_region, 0 },
	  { handler_may_move_its_region, 0 }, { many_regions, 0 }, { del_needs_the_base, 0 },
	  { look_up_while_regions_come_and_go, 0 })
