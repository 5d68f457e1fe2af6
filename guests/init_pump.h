/* SPDX-License-Identifier: MIT */
/*
 * Bytes on their way from one file to another, as either is ready. Both are non-blocking.
 *
 * Owns what was read and is not yet written. When either side is gone the pump is over; it then
 * closes those of its files that are its own, so that who is at the other end of them learns of it.
 */
#ifndef MINIVMM_INIT_PUMP_H
#define MINIVMM_INIT_PUMP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct pump {
	int from, to; /* -1: there is no such stream, or it is over */
	bool owns_from, owns_to;
	size_t at, size;
	char data[65536];
};

/* Read what there is, if all that was read before is written; write what can be written. */
void pump_turn(struct pump *pump);

/* What the pump waits for now. */
struct pollfd pump_wants(const struct pump *pump);

/* Whether nothing is on its way, and nothing more can be read now. */
bool pump_is_dry(const struct pump *pump);

void pump_end(struct pump *pump);

#endif
