/* SPDX-License-Identifier: MIT */
#include "trace_histogram.h"

#include <inttypes.h>

#define HISTOGRAM_WIDTH 40 /* of the longest bar, in characters */

void trace_histogram_add(struct trace_histogram *histogram, uint64_t ns)
{
	uint64_t us = ns / 1000;
	unsigned int step = 0;

	while (us >> step && step < TRACE_HISTOGRAM_STEPS - 1)
		step++;
	atomic_fetch_add_explicit(&histogram->steps[step], 1, memory_order_relaxed);
}

uint64_t trace_histogram_count(struct trace_histogram *histogram)
{
	uint64_t sum = 0;

	for (unsigned int step = 0; step < TRACE_HISTOGRAM_STEPS; step++)
		sum += histogram->steps[step];
	return sum;
}

static void histogram_print_step(uint64_t count, unsigned int step, uint64_t most, FILE *out)
{
	static const char marks[] = "########################################";
	uint64_t from = step ? 1ull << (step - 1) : 0;
	int width = (int)((count * HISTOGRAM_WIDTH + most - 1) / most);

	if (step == TRACE_HISTOGRAM_STEPS - 1)
		fprintf(out, "  %7" PRIu64 " us and more    %8" PRIu64 "  %.*s\n", from, count,
			width, marks);
	else
		fprintf(out, "  %7" PRIu64 " - %7" PRIu64 " us  %8" PRIu64 "  %.*s\n", from,
			(uint64_t)1 << step, count, width, marks);
}

void trace_histogram_print(struct trace_histogram *histogram, FILE *out)
{
	unsigned int first = TRACE_HISTOGRAM_STEPS, last = 0;
	uint64_t most = 0;

	for (unsigned int step = 0; step < TRACE_HISTOGRAM_STEPS; step++) {
		if (!histogram->steps[step])
			continue;
		first = step < first ? step : first;
		last = step;
		most = histogram->steps[step] > most ? histogram->steps[step] : most;
	}
	for (unsigned int step = first; step <= last; step++)
		histogram_print_step(histogram->steps[step], step, most, out);
}
