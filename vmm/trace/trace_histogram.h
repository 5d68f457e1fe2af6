/* SPDX-License-Identifier: MIT */
/*
 * How long something took, many times over: counted in steps of a power of two.
 */
#ifndef MINIVMM_TRACE_HISTOGRAM_H
#define MINIVMM_TRACE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#define TRACE_HISTOGRAM_STEPS 24 /* the last one, from 4 s on, is open */

/* Zeroed is empty. steps[i] counts from 2^(i - 1) up to 2^i microseconds, not included; steps[0]
 * what took less than one. */
struct trace_histogram {
	_Atomic uint64_t steps[TRACE_HISTOGRAM_STEPS];
};

/* From any thread. */
void trace_histogram_add(struct trace_histogram *histogram, uint64_t ns);

/* A line for each step from the first to the last that counted something; none if none did. */
void trace_histogram_print(struct trace_histogram *histogram, FILE *out);

uint64_t trace_histogram_count(struct trace_histogram *histogram);

#endif
