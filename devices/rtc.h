/* SPDX-License-Identifier: MIT */
/*
 * The real-time clock of a PC: 128 bytes behind two ports, the first ten of them a clock.
 *
 * Owns the registers and the difference between the guest's clock and the host's, which a reset
 * does not change. The clock shows UTC, in BCD and 24 hours. It raises no interrupt: the alarm and
 * the periodic rate are registers that only remember.
 *
 * Read beside it: the data sheet of the MC146818.
 */
#ifndef MINIVMM_RTC_H
#define MINIVMM_RTC_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "vmm/core/bus.h"

#define RTC_PORTS     2u /* the index, the data */
#define RTC_REGISTERS 128u

struct rtc {
	pthread_mutex_t lock;
	uint8_t index;
	uint8_t registers[RTC_REGISTERS];
	time_t ahead; /* seconds by which the guest's clock is ahead of the host's */
};

extern const struct bus_ops rtc_ops;

/* Make a clock that shows the host's time. Not logged. */
void rtc_init(struct rtc *rtc);
void rtc_destroy(struct rtc *rtc);

/* Set the registers' state after power-on; the time goes on. */
void rtc_reset(struct rtc *rtc);

#endif
