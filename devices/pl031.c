/* SPDX-License-Identifier: MIT */
#include "pl031.h"

#include <stdio.h>
#include <time.h>

#include "vmm/trace/macros.h"

#define PL031_DR   0x00u
#define PL031_MR   0x04u
#define PL031_LR   0x08u
#define PL031_CR   0x0cu
#define PL031_IMSC 0x10u
#define PL031_IDS  0xfe0u

#define PL031_CR_ENABLED 1u /* always: the clock cannot be stopped */

/* PrimeCell: PeriphID0 to 3, PCellID0 to 3. */
static const uint8_t pl031_ids[] = { 0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

static uint32_t pl031_read_register(const struct pl031 *rtc, uint64_t offset)
{
	switch (offset) {
	case PL031_DR:
		return (uint32_t)time(NULL) + rtc->ahead;
	case PL031_MR:
		return rtc->match;
	case PL031_LR:
		return rtc->load;
	case PL031_CR:
		return PL031_CR_ENABLED;
	case PL031_IMSC:
		return rtc->mask;
	default: /* RIS and MIS too: no interrupt is ever pending */
		return offset >= PL031_IDS ? pl031_ids[(offset - PL031_IDS) / 4] : 0;
	}
}

static uint64_t pl031_read(void *owner, uint64_t offset, unsigned int size)
{
	struct pl031 *rtc = owner;
	uint32_t value = 0;

	(void)size;
	pthread_mutex_lock(&rtc->lock);
	if (offset % 4 == 0)
		value = pl031_read_register(rtc, offset);
	pthread_mutex_unlock(&rtc->lock);
	return value;
}

static void pl031_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct pl031 *rtc = owner;

	(void)size;
	pthread_mutex_lock(&rtc->lock);
	switch (offset) {
	case PL031_MR:
		rtc->match = (uint32_t)value;
		break;
	case PL031_LR:
		rtc->load = (uint32_t)value;
		rtc->ahead = rtc->load - (uint32_t)time(NULL);
		break;
	case PL031_IMSC:
		rtc->mask = value & 1;
		break;
	}
	pthread_mutex_unlock(&rtc->lock);
}

static void pl031_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	static const char *const names[] = { "RTCDR",   "RTCMR",  "RTCLR",  "RTCCR",
					     "RTCIMSC", "RTCRIS", "RTCMIS", "RTCICR" };

	(void)owner;
	place->object = "RTC";
	if (offset / 4 < array_size(names))
		snprintf(place->reg, sizeof(place->reg), "%s", names[offset / 4]);
}

const struct bus_ops pl031_ops = { pl031_read, pl031_write, pl031_locate };

void pl031_reset(struct pl031 *rtc)
{
	pthread_mutex_lock(&rtc->lock);
	rtc->match = rtc->load = 0;
	rtc->mask = 0;
	pthread_mutex_unlock(&rtc->lock);
}

void pl031_init(struct pl031 *rtc)
{
	*rtc = (struct pl031){ 0 };
	pthread_mutex_init(&rtc->lock, NULL);
}

void pl031_destroy(struct pl031 *rtc)
{
	pthread_mutex_destroy(&rtc->lock);
}
