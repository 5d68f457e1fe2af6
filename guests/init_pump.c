/* SPDX-License-Identifier: MIT */
#include "init_pump.h"

#include <errno.h>
#include <unistd.h>

void pump_end(struct pump *pump)
{
	if (pump->owns_from && pump->from >= 0)
		close(pump->from);
	if (pump->owns_to && pump->to >= 0)
		close(pump->to);
	pump->size = 0;
	pump->from = pump->to = -1;
}

/* Reading from a terminal fails when nobody has it open any more. */
static void pump_fill(struct pump *pump)
{
	ssize_t n = read(pump->from, pump->data, sizeof(pump->data));

	if (n > 0) {
		pump->at = 0;
		pump->size = (size_t)n;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		pump_end(pump);
	}
}

static void pump_empty(struct pump *pump)
{
	ssize_t n = write(pump->to, pump->data + pump->at, pump->size);

	if (n > 0) {
		pump->at += (size_t)n;
		pump->size -= (size_t)n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		pump_end(pump);
	}
}

void pump_turn(struct pump *pump)
{
	if (pump->from >= 0 && !pump->size)
		pump_fill(pump);
	if (pump->to >= 0 && pump->size)
		pump_empty(pump);
}

struct pollfd pump_wants(const struct pump *pump)
{
	if (pump->size)
		return (struct pollfd){ .fd = pump->to, .events = POLLOUT };
	return (struct pollfd){ .fd = pump->from, .events = POLLIN };
}

bool pump_is_dry(const struct pump *pump)
{
	struct pollfd file = { .fd = pump->from, .events = POLLIN };

	return !pump->size &&
	       (pump->from < 0 || poll(&file, 1, 0) <= 0 || !(file.revents & POLLIN));
}
