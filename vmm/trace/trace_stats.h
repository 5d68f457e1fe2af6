/* SPDX-License-Identifier: MIT */
/*
 * What is counted for --stats: phases of a run, trapped accesses by page, times of interrupts.
 *
 * Owns the three kinds of counters and how each is printed. The gate (trace.c) decides when they
 * count. None of these functions logs.
 */
#ifndef MINIVMM_TRACE_STATS_H
#define MINIVMM_TRACE_STATS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "trace_event.h"

/* ---- phases: one follows the other, and the last one lasts ---- */

#define TRACE_PHASES_MAX 16 /* further ones are not kept */

/* A zeroed one is empty. */
struct trace_phases {
	unsigned int count;
	struct {
		const char *name;
		uint64_t start_ns;
	} list[TRACE_PHASES_MAX];
};

/* A phase begins now, at `now` nanoseconds. `name` must be a literal. */
void trace_phases_add(struct trace_phases *phases, const char *name, uint64_t now);

/* How long all phases of this name have lasted until `now`. All times are in nanoseconds. */
uint64_t trace_phases_ns(const struct trace_phases *phases, const char *name, uint64_t now);

void trace_phases_print(const struct trace_phases *phases, uint64_t now, FILE *out);

/* ---- heat: where the guest's trapped accesses go, so that a slow page has a name ---- */

#define TRACE_HEAT_PAGES 256 /* further ones share a last entry */

struct trace_heat_page {
	char object[108]; /* as long as a socket's path; a longer name is cut off */
	const char *area;
	int bar;
	uint64_t page; /* offset, a multiple of 4096 */
	uint64_t reads, writes;
	uint64_t ns;
};

/* A zeroed one is empty and unlocked. */
struct trace_heat {
	pthread_mutex_t lock;
	unsigned int count;
	struct trace_heat_page pages[TRACE_HEAT_PAGES + 1];
};

/* Count one more access, which took `ns` nanoseconds. May be called from any thread. */
void trace_heat_add(struct trace_heat *heat, const struct trace_place *place, bool write,
		    uint64_t ns);

/* Print the pages, hottest first, each with a bar that shows its share of all accesses. */
void trace_heat_print(struct trace_heat *heat, FILE *out);

/* ---- histogram: how long something took, many times over, in steps of a power of two ---- */

#define TRACE_HISTOGRAM_STEPS 24 /* the last one, from 4 s on, is open */

/*
 * A zeroed one is empty. steps[i] counts from 2^(i - 1) up to 2^i microseconds, not included;
 * steps[0] counts what took less than one.
 */
struct trace_histogram {
	_Atomic uint64_t steps[TRACE_HISTOGRAM_STEPS];
};

/* Count one more duration, in nanoseconds. May be called from any thread. */
void trace_histogram_add(struct trace_histogram *histogram, uint64_t ns);

/*
 * Print a line for each step from the first to the last that counted something; no line if none
 * did.
 */
void trace_histogram_print(struct trace_histogram *histogram, FILE *out);

uint64_t trace_histogram_count(struct trace_histogram *histogram);

#endif
