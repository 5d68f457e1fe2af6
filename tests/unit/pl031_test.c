/* SPDX-License-Identifier: MIT */
/* devices/pl031.c: Arm's clock as firmware uses it. ARM DDI 0224B, chapter 3. */
#include <stdint.h>
#include <time.h>

#include "devices/pl031.h"
#include "unit.h"

static uint32_t in(struct pl031 *rtc, uint64_t reg)
{
	return (uint32_t)pl031_ops.read(rtc, reg, 4);
}

static void out(struct pl031 *rtc, uint64_t reg, uint32_t value)
{
	pl031_ops.write(rtc, reg, 4, value);
}

/*
 * Time goes on while the test runs, however slow the machine is. The clock must be between the
 * two times.
 */
static void check_time(struct pl031 *rtc, time_t since, uint32_t ahead)
{
	uint32_t shown = in(rtc, 0), passed = shown - ((uint32_t)since + ahead);

	ck_assert_uint_le(passed, (uint32_t)(time(NULL) - since));
}

static const struct {
	uint16_t reg, value;
} registers[] = {
	{ 0x04, 0 },     { 0x08, 0 },     { 0x0c, 1 },     { 0x10, 0 },     { 0x14, 0 },
	{ 0x18, 0 },     { 0xfe0, 0x31 }, { 0xfe4, 0x10 }, { 0xfe8, 0x04 }, { 0xfec, 0x00 },
	{ 0xff0, 0x0d }, { 0xff4, 0xf0 }, { 0xff8, 0x05 }, { 0xffc, 0xb1 }, { 0x01, 0 },
};

START_TEST(powers_on)
{
	struct pl031 rtc;

	pl031_init(&rtc);
	ck_assert_uint_eq(in(&rtc, registers[_i].reg), registers[_i].value);
	pl031_destroy(&rtc);
}
END_TEST

START_TEST(shows_the_time_and_can_be_set)
{
	const uint32_t day = 24 * 60 * 60;
	struct pl031 rtc;
	time_t now = time(NULL);

	pl031_init(&rtc);
	check_time(&rtc, now, 0);
	now = time(NULL);
	out(&rtc, 0x08, (uint32_t)now + day);
	check_time(&rtc, now, day);
	ck_assert_uint_eq(in(&rtc, 0x08), (uint32_t)now + day);
	out(&rtc, 0x00, 1); /* the counter is read-only */
	pl031_reset(&rtc);
	check_time(&rtc, now, day);
	now = time(NULL);
	out(&rtc, 0x08, 0); /* 1970 */
	check_time(&rtc, now, -(uint32_t)now);
	pl031_destroy(&rtc);
}
END_TEST

START_TEST(has_an_alarm_that_only_remembers)
{
	struct pl031 rtc;

	pl031_init(&rtc);
	out(&rtc, 0x04, 0x12345678);
	out(&rtc, 0x10, 0xff);
	out(&rtc, 0x0c, 0); /* the clock cannot be stopped */
	out(&rtc, 0x1c, 1);
	ck_assert_uint_eq(in(&rtc, 0x04), 0x12345678);
	ck_assert_uint_eq(in(&rtc, 0x10), 1);
	ck_assert_uint_eq(in(&rtc, 0x0c), 1);
	ck_assert_uint_eq(in(&rtc, 0x14), 0);
	pl031_reset(&rtc);
	ck_assert_uint_eq(in(&rtc, 0x04), 0);
	ck_assert_uint_eq(in(&rtc, 0x10), 0);
	pl031_destroy(&rtc);
}
END_TEST

UNIT_MAIN("pl031", { powers_on, UNIT_COUNT(registers) }, { shows_the_time_and_can_be_set, 0 },
	  { has_an_alarm_that_only_remembers, 0 })
