/* SPDX-License-Identifier: MIT */
#include "trace_stats.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HEAT_PAGE       4096ull
#define HEAT_WIDTH      20 /* of the longest bar, in characters */
#define HISTOGRAM_WIDTH 40 /* likewise */

/* ---- phases ---- */

void trace_phases_add(struct trace_phases *phases, const char *name, uint64_t now)
{
	if (phases->count == TRACE_PHASES_MAX)
		return;
	phases->list[phases->count].name = name;
	phases->list[phases->count++].start_ns = now;
}

static uint64_t phases_length(const struct trace_phases *phases, unsigned int i, uint64_t now)
{
	uint64_t end = i + 1 < phases->count ? phases->list[i + 1].start_ns : now;

	return end - phases->list[i].start_ns;
}

uint64_t trace_phases_ns(const struct trace_phases *phases, const char *name, uint64_t now)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < phases->count; i++)
		if (strcmp(phases->list[i].name, name) == 0)
			sum += phases_length(phases, i, now);
	return sum;
}

void trace_phases_print(const struct trace_phases *phases, uint64_t now, FILE *out)
{
	fprintf(out, "phases:\n");
	for (unsigned int i = 0; i < phases->count; i++)
		fprintf(out, "  %-32s %12.3f ms\n", phases->list[i].name,
			(double)phases_length(phases, i, now) / 1e6);
}

/* ---- heat ---- */

static struct trace_heat_page *heat_find(struct trace_heat *heat, const struct trace_place *place)
{
	uint64_t page = place->offset & ~(HEAT_PAGE - 1);
	struct trace_heat_page *entry;

	for (unsigned int i = 0; i < heat->count; i++) {
		entry = &heat->pages[i];
		if (entry->page == page && entry->bar == place->bar && entry->area == place->area &&
		    strncmp(entry->object, place->object, sizeof(entry->object) - 1) == 0)
			return entry;
	}
	entry = &heat->pages[heat->count];
	if (heat->count == TRACE_HEAT_PAGES) {
		strcpy(entry->object, "all others");
		entry->bar = TRACE_NO_BAR;
		return entry;
	}
	heat->count++;
	snprintf(entry->object, sizeof(entry->object), "%s", place->object);
	entry->area = place->area;
	entry->bar = place->bar;
	entry->page = page;
	return entry;
}

void trace_heat_add(struct trace_heat *heat, const struct trace_place *place, bool write,
		    uint64_t ns)
{
	struct trace_heat_page *entry;

	pthread_mutex_lock(&heat->lock);
	entry = heat_find(heat, place);
	entry->reads += !write;
	entry->writes += write;
	entry->ns += ns;
	pthread_mutex_unlock(&heat->lock);
}

static int heat_compare(const void *left, const void *right)
{
	const struct trace_heat_page *a = left, *b = right;
	uint64_t x = a->reads + a->writes, y = b->reads + b->writes;

	return (x < y) - (x > y);
}

static void heat_print_page(const struct trace_heat_page *page, uint64_t hottest, FILE *out)
{
	static const char marks[] = "####################";
	uint64_t accesses = page->reads + page->writes;
	char where[80] = "";

	if (page->bar != TRACE_NO_BAR)
		snprintf(where, sizeof(where), " BAR %d +%#" PRIx64, page->bar, page->page);
	fprintf(out, "  %s%s%s%s", page->object, where, page->area ? ", " : "",
		page->area ? page->area : "");
	fprintf(out, ": %" PRIu64 " reads, %" PRIu64 " writes, %.1f us each  %.*s\n", page->reads,
		page->writes, (double)page->ns / 1e3 / (double)accesses,
		(int)((accesses * HEAT_WIDTH + hottest - 1) / hottest), marks);
}

void trace_heat_print(struct trace_heat *heat, FILE *out)
{
	unsigned int count = heat->count + (heat->pages[heat->count].ns != 0);

	if (count == 0)
		return;
	qsort(heat->pages, count, sizeof(heat->pages[0]), heat_compare);
	fprintf(out, "trapped accesses, hottest first:\n");
	for (unsigned int i = 0; i < count; i++)
		heat_print_page(&heat->pages[i], heat->pages[0].reads + heat->pages[0].writes, out);
}

/* ---- histogram ---- */

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
