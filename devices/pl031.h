/* SPDX-License-Identifier: MIT */
/*
 * A PL031, Arm's real-time clock: a counter of seconds since 1970.
 *
 * Owns the registers and the difference between the guest's clock and the host's, which a reset
 * does not change. It raises no interrupt: the match register and its mask only remember.
 *
 * Read beside it: ARM DDI 0224B, chapter 3.
 */
#ifndef MINIVMM_PL031_H
#define MINIVMM_PL031_H

#include <pthread.h>
#include <stdint.h>

#include "vmm/core/bus.h"

#define PL031_SIZE 0x1000u

struct pl031 {
	pthread_mutex_t lock;
	uint32_t ahead; /* seconds by which the guest's clock is ahead of the host's, modulo 2^32 */
	uint32_t match, load;
	uint8_t mask;
};

extern const struct bus_ops pl031_ops;

/* Make a clock that shows the host's time. Does not log. */
void pl031_init(struct pl031 *rtc);
void pl031_destroy(struct pl031 *rtc);

/* Set the registers' state after power-on; the time goes on. */
void pl031_reset(struct pl031 *rtc);

#endif
