/* SPDX-License-Identifier: MIT */
#include "trace_access.h"

#include <inttypes.h>
#include <stdio.h>

static void access_value_text(char *text, size_t room, const struct trace_place *place,
			      unsigned int size, uint64_t value)
{
	uint64_t named = place->bits ? (1ull << place->width) - 1 : 0;
	char bits[200];

	if (size < 8)
		value &= (1ull << (8 * size)) - 1;
	named &= value << place->shift;
	snprintf(text, room, "0x%0*" PRIx64 "%s%s", (int)(2 * size), value, named ? " " : "",
		 named ? trace_flags_text(bits, sizeof(bits), named, place->bits) : "");
}

void trace_place_decode(struct trace_fields *fields, const struct trace_place *place, bool write,
			unsigned int size, uint64_t value)
{
	char text[240];

	if (place->bar != TRACE_NO_BAR)
		trace_put(fields, "BAR", "%d", place->bar);
	if (place->reg[0])
		trace_put(fields, "register", "%s", place->reg);
	else if (place->area)
		trace_put(fields, "area", "%s", place->area);
	trace_put(fields, "offset", "%#" PRIx64, place->offset);
	trace_put(fields, "size", "%u", size);
	access_value_text(text, sizeof(text), place, size, value);
	if (write)
		trace_put(fields, "value", "%s", text);
	else
		trace_put_result(fields, "%s", text);
}
