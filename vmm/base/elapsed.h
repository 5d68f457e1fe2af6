/* SPDX-License-Identifier: MIT */
/* How long something takes, by a clock that nobody sets. */
#ifndef MINIVMM_ELAPSED_H
#define MINIVMM_ELAPSED_H

#include <time.h>

/* Milliseconds since `since`, a time of CLOCK_MONOTONIC. */
static inline unsigned int elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned int)((now.tv_sec - since->tv_sec) * 1000 +
			      (now.tv_nsec - since->tv_nsec) / 1000000);
}

#endif
