/* SPDX-License-Identifier: MIT */
/* devices/rtc.c: an MC146818 as firmware and Linux use it. */
#include <stdint.h>
#include <time.h>

#include "devices/rtc.h"
#include "unit.h"

static uint8_t in(struct rtc *rtc, uint8_t index)
{
	rtc_ops.write(rtc, 0, 1, index);
	return (uint8_t)rtc_ops.read(rtc, 1, 1);
}

static void out(struct rtc *rtc, uint8_t index, uint8_t value)
{
	rtc_ops.write(rtc, 0, 1, index);
	rtc_ops.write(rtc, 1, 1, value);
}

static int decimal(uint8_t bcd)
{
	return (bcd >> 4) * 10 + (bcd & 0xf);
}

/*
 * Read what the clock shows, in seconds. The test runs within one second, or sees the next one.
 */
static time_t shown(struct rtc *rtc)
{
	struct tm tm = {
		.tm_sec = decimal(in(rtc, 0)),
		.tm_min = decimal(in(rtc, 2)),
		.tm_hour = decimal(in(rtc, 4)),
		.tm_mday = decimal(in(rtc, 7)),
		.tm_mon = decimal(in(rtc, 8)) - 1,
		.tm_year = decimal(in(rtc, 0x32)) * 100 + decimal(in(rtc, 9)) - 1900,
	};

	return timegm(&tm);
}

static void begin(struct rtc *rtc)
{
	rtc_init(rtc);
}

static const struct {
	uint8_t index, value;
} registers[] = {
	{ 0x0a, 0x26 },                 /* no update under way */
	{ 0x0b, 0x02 },                 /* BCD, 24 hours */
	{ 0x0c, 0x00 }, { 0x0d, 0x80 }, /* valid */
	{ 0x0f, 0x00 },                 /* no resume from S3 */
	{ 0x34, 0x00 },
};

START_TEST(powers_on)
{
	struct rtc rtc;

	begin(&rtc);
	ck_assert_uint_eq(in(&rtc, registers[_i].index), registers[_i].value);
	out(&rtc, 0x0f, 0xfe);
	out(&rtc, 0x0b, 0x82);
	rtc_reset(&rtc);
	ck_assert_uint_eq(in(&rtc, registers[_i].index), registers[_i].value);
	rtc_destroy(&rtc);
}
END_TEST

START_TEST(shows_the_hosts_time)
{
	time_t before = time(NULL), now;
	struct tm tm;
	struct rtc rtc;

	begin(&rtc);
	now = shown(&rtc);
	ck_assert_int_ge(now, before);
	ck_assert_int_le(now, before + 2);
	gmtime_r(&now, &tm);
	ck_assert_int_eq(decimal(in(&rtc, 6)), tm.tm_wday + 1);
	rtc_destroy(&rtc);
}
END_TEST

/* Set the clock to 2031-02-03 04:05:06, and let it stand still meanwhile, as all systems do. */
static void set_time(struct rtc *rtc)
{
	out(rtc, 0x0b, 0x82);
	out(rtc, 0, 0x06);
	out(rtc, 2, 0x05);
	out(rtc, 4, 0x04);
	out(rtc, 7, 0x03);
	out(rtc, 8, 0x02);
	out(rtc, 9, 0x31);
	out(rtc, 0x32, 0x20);
	ck_assert_uint_eq(in(rtc, 0), 0x06);
	out(rtc, 0x0b, 0x02);
}

START_TEST(can_be_set_and_a_reset_leaves_it)
{
	struct tm tm = { 6, 5, 4, 3, 1, 131, 0, 0, 0, 0, NULL };
	time_t wanted = timegm(&tm);
	struct rtc rtc;

	begin(&rtc);
	set_time(&rtc);
	ck_assert_int_ge(shown(&rtc), wanted);
	ck_assert_int_le(shown(&rtc), wanted + 2);
	rtc_reset(&rtc);
	ck_assert_int_ge(shown(&rtc), wanted);
	ck_assert_int_le(shown(&rtc), wanted + 2);
	rtc_destroy(&rtc);
}
END_TEST

START_TEST(one_field_set_alone_moves_the_clock)
{
	struct rtc rtc;

	begin(&rtc);
	set_time(&rtc);
	out(&rtc, 4, 0x23);
	ck_assert_uint_eq(in(&rtc, 4), 0x23);
	ck_assert_uint_eq(in(&rtc, 7), 0x03);
	rtc_destroy(&rtc);
}
END_TEST

/* Whatever a guest writes, the clock shows a time. */
START_TEST(nonsense_is_a_time_too)
{
	struct rtc rtc;

	begin(&rtc);
	for (unsigned int value = 0; value < 256; value += 15)
		for (unsigned int index = 0; index < 256; index++)
			out(&rtc, (uint8_t)index, (uint8_t)value);
	out(&rtc, 0x0b, 0);
	ck_assert_int_le(decimal(in(&rtc, 0)), 60);
	ck_assert_int_le(decimal(in(&rtc, 4)), 23);
	rtc_destroy(&rtc);
}
END_TEST

START_TEST(other_registers_remember)
{
	struct rtc rtc;

	begin(&rtc);
	out(&rtc, 0x8f, 0x5a); /* bit 7 of the index is no address */
	ck_assert_uint_eq(in(&rtc, 0x0f), 0x5a);
	out(&rtc, 0x0a, 0xff);
	ck_assert_uint_eq(in(&rtc, 0x0a), 0x7f);
	rtc_ops.write(&rtc, 0, 2, 0x7755); /* index and data at once */
	ck_assert_uint_eq(in(&rtc, 0x55), 0x77);
	ck_assert_uint_eq(rtc_ops.read(&rtc, 0, 1), UINT64_MAX);
	rtc_destroy(&rtc);
}
END_TEST

UNIT_MAIN("rtc", { powers_on, UNIT_COUNT(registers) }, { shows_the_hosts_time, 0 },
	  { can_be_set_and_a_reset_leaves_it, 0 }, { one_field_set_alone_moves_the_clock, 0 },
	  { nonsense_is_a_time_too, 0 }, { other_registers_remember, 0 })
