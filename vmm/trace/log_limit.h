/* SPDX-License-Identifier: MIT */
/*
 * How many lines of the log a guest, a device or a server can cause: a bound for each message.
 *
 * Owns the count of each message, that is, of a format and the object that it is about, while a
 * guest runs. A burst is shown, then one line of it each LOG_LIMIT_INTERVAL_S, with the number of
 * those that were not. Whoever logs need not think of it: log.c asks here for every line. What is
 * said before a guest runs, and after, is not counted.
 *
 * The bound is a leaky bucket as in ITU-T I.371, annex A: each message has a time at which its
 * bucket is empty, and that time may lie so far ahead and no farther.
 */
#ifndef MINIVMM_LOG_LIMIT_H
#define MINIVMM_LOG_LIMIT_H

#include <stdbool.h>

#define LOG_LIMIT_BURST      8u
#define LOG_LIMIT_INTERVAL_S 10u
/* So many messages have a bound of their own; all others have one together. */
#define LOG_LIMIT_MESSAGES 256u

/* Count from now on; or no more, and forget what was counted. */
void log_limit(bool on);

struct log_verdict {
	bool shown;
	bool last;           /* of a burst: the next one, if it comes now, is not shown */
	unsigned int hidden; /* messages like it since the one that was shown before it */
};

/* Whether this message may be shown. `fmt` must outlive the process; `object` can be NULL. */
struct log_verdict log_limit_ask(const char *fmt, const char *object);

#endif
