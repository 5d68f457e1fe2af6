/* SPDX-License-Identifier: MIT */
/*
 * Bytes on their way from one file to another, moved whenever either is ready. Both are
 * non-blocking.
 *
 * Owns the bytes that were read and not yet written. When either side is gone, the pump is over.
 * It then closes the files that are its own, so that the program at the other end notices.
 */
#ifndef MINIVMM_INIT_PUMP_H
#define MINIVMM_INIT_PUMP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct pump {
	int from, to; /* -1 if there is no such stream, or it is over */
	bool owns_from, owns_to;
	size_t at, size;
	char data[65536];
};

/* Read what there is, if everything read before is written; write what can be written. */
void pump_turn(struct pump *pump);

/* The events that the pump waits for now, for poll(). */
struct pollfd pump_wants(const struct pump *pump);

/* Returns whether no byte is on its way, and none can be read now. */
bool pump_is_dry(const struct pump *pump);

void pump_end(struct pump *pump);

#endif
