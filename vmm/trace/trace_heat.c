/* SPDX-License-Identifier: MIT */
#include "trace_heat.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HEAT_PAGE  4096ull
#define HEAT_WIDTH 20 /* of the longest bar, in characters */

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
