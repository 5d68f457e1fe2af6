/* SPDX-License-Identifier: MIT */
/*
 * Where the guest's trapped accesses go: counted and timed for each page of each BAR, so that a
 * slow page has a name.
 */
#ifndef MINIVMM_TRACE_HEAT_H
#define MINIVMM_TRACE_HEAT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "trace_access.h"

#define TRACE_HEAT_PAGES 256 /* further ones share a last entry */

struct trace_heat_page {
	char object[108]; /* as long as a socket's path; cut off where it is longer */
	const char *area;
	int bar;
	uint64_t page; /* offset, a multiple of 4096 */
	uint64_t reads, writes;
	uint64_t ns;
};

/* Empty, and unlocked, when zeroed. */
struct trace_heat {
	pthread_mutex_t lock;
	unsigned int count;
	struct trace_heat_page pages[TRACE_HEAT_PAGES + 1];
};

/* One more access, which took `ns`. From any thread. */
void trace_heat_add(struct trace_heat *heat, const struct trace_place *place, bool write,
		    uint64_t ns);

/* The pages, hottest first, each with a bar that shows its part of all accesses. */
void trace_heat_print(struct trace_heat *heat, FILE *out);

#endif
