/* SPDX-License-Identifier: MIT */
#include "rtc.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define RTC_SECOND  0x00
#define RTC_MINUTE  0x02
#define RTC_HOUR    0x04
#define RTC_WEEKDAY 0x06
#define RTC_DAY     0x07
#define RTC_MONTH   0x08
#define RTC_YEAR    0x09
#define RTC_A       0x0a
#define RTC_B       0x0b
#define RTC_C       0x0c
#define RTC_D       0x0d
#define RTC_CENTURY 0x32

#define RTC_A_RATE    0x26u /* the oscillator runs; firmware writes the same value */
#define RTC_A_UPDATE  0x80u /* the time is about to change: read-only, and here always 0 */
#define RTC_B_24_HOUR 0x02u
#define RTC_B_BINARY  0x04u
#define RTC_B_SET     0x80u /* the registers stand still until the guest has set them */
#define RTC_D_VALID   0x80u

/* The last two decimal digits. The year may be negative, because a guest can set any date. */
static uint8_t rtc_bcd(int value)
{
	unsigned int digits = (unsigned int)(value % 100 + 100) % 100;

	return (uint8_t)(digits / 10 << 4 | digits % 10);
}

static int rtc_decimal(uint8_t bcd)
{
	return (bcd >> 4) * 10 + (bcd & 0xf);
}

/* Put the host's time, shifted as the guest has set its clock, into the registers. */
static void rtc_show_time(struct rtc *rtc)
{
	time_t now = time(NULL) + rtc->ahead;
	uint8_t *reg = rtc->registers;
	struct tm tm;

	if (!gmtime_r(&now, &tm))
		return;
	reg[RTC_SECOND] = rtc_bcd(tm.tm_sec);
	reg[RTC_MINUTE] = rtc_bcd(tm.tm_min);
	reg[RTC_HOUR] = rtc_bcd(tm.tm_hour);
	reg[RTC_WEEKDAY] = rtc_bcd(tm.tm_wday + 1);
	reg[RTC_DAY] = rtc_bcd(tm.tm_mday);
	reg[RTC_MONTH] = rtc_bcd(tm.tm_mon + 1);
	reg[RTC_YEAR] = rtc_bcd(tm.tm_year);
	reg[RTC_CENTURY] = rtc_bcd(tm.tm_year / 100 + 19);
}

/*
 * The reverse. Registers that are not a valid date still give a time, because timegm() carries
 * over.
 */
static void rtc_take_time(struct rtc *rtc)
{
	const uint8_t *reg = rtc->registers;
	struct tm tm = {
		.tm_sec = rtc_decimal(reg[RTC_SECOND]),
		.tm_min = rtc_decimal(reg[RTC_MINUTE]),
		.tm_hour = rtc_decimal(reg[RTC_HOUR]),
		.tm_mday = rtc_decimal(reg[RTC_DAY]),
		.tm_mon = rtc_decimal(reg[RTC_MONTH]) - 1,
		.tm_year = (rtc_decimal(reg[RTC_CENTURY]) - 19) * 100 + rtc_decimal(reg[RTC_YEAR]),
	};

	rtc->ahead = timegm(&tm) - time(NULL);
}

static bool rtc_is_time(unsigned int index)
{
	switch (index) {
	case RTC_SECOND:
	case RTC_MINUTE:
	case RTC_HOUR:
	case RTC_WEEKDAY:
	case RTC_DAY:
	case RTC_MONTH:
	case RTC_YEAR:
	case RTC_CENTURY:
		return true;
	default:
		return false;
	}
}

static bool rtc_stands_still(const struct rtc *rtc)
{
	return rtc->registers[RTC_B] & RTC_B_SET;
}

static void rtc_write_register(struct rtc *rtc, unsigned int index, uint8_t value)
{
	bool stood = rtc_stands_still(rtc);

	switch (index) {
	case RTC_A:
		value &= (uint8_t)~RTC_A_UPDATE;
		break;
	case RTC_B:
		value = (value & (uint8_t)~RTC_B_BINARY) | RTC_B_24_HOUR;
		break;
	case RTC_C:
	case RTC_D:
		return;
	}
	if (!stood)
		rtc_show_time(rtc);
	rtc->registers[index] = value;
	if (rtc_is_time(index) ? !stood : stood && !rtc_stands_still(rtc))
		rtc_take_time(rtc);
}

static uint64_t rtc_read(void *owner, uint64_t offset, unsigned int size)
{
	struct rtc *rtc = owner;
	uint8_t value;

	(void)size;
	if (offset == 0)
		return UINT64_MAX; /* the index cannot be read back */
	pthread_mutex_lock(&rtc->lock);
	if (rtc_is_time(rtc->index) && !rtc_stands_still(rtc))
		rtc_show_time(rtc);
	value = rtc->registers[rtc->index];
	pthread_mutex_unlock(&rtc->lock);
	return value;
}

/* Bit 7 of the index masked the NMI on a PC. */
static void rtc_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct rtc *rtc = owner;

	pthread_mutex_lock(&rtc->lock);
	if (offset == 0)
		rtc->index = value % RTC_REGISTERS;
	else
		rtc_write_register(rtc, rtc->index, (uint8_t)value);
	if (offset == 0 && size > 1)
		rtc_write_register(rtc, rtc->index, (uint8_t)(value >> 8));
	pthread_mutex_unlock(&rtc->lock);
}

static void rtc_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	const struct rtc *rtc = owner;

	place->object = "RTC";
	if (offset == 0)
		snprintf(place->reg, sizeof(place->reg), "index");
	else
		snprintf(place->reg, sizeof(place->reg), "register %#x", rtc->index);
}

const struct bus_ops rtc_ops = { rtc_read, rtc_write, rtc_locate };

void rtc_reset(struct rtc *rtc)
{
	pthread_mutex_lock(&rtc->lock);
	rtc->index = 0;
	memset(rtc->registers, 0, sizeof(rtc->registers));
	rtc->registers[RTC_A] = RTC_A_RATE;
	rtc->registers[RTC_B] = RTC_B_24_HOUR;
	rtc->registers[RTC_D] = RTC_D_VALID;
	pthread_mutex_unlock(&rtc->lock);
}

void rtc_init(struct rtc *rtc)
{
	*rtc = (struct rtc){ 0 };
	tzset(); /* gmtime_r() would otherwise read a file later, when none may be opened */
	pthread_mutex_init(&rtc->lock, NULL);
	rtc_reset(rtc);
}

void rtc_destroy(struct rtc *rtc)
{
	pthread_mutex_destroy(&rtc->lock);
}
