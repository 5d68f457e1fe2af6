/* SPDX-License-Identifier: MIT */
#include "trace_fields.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void trace_fields_init(struct trace_fields *fields)
{
	fields->count = 0;
	fields->used = 0;
	fields->result[0] = fields->file[0] = fields->opened[0] = '\0';
	fields->why = fields->series = fields->kind = NULL;
}

void trace_put(struct trace_fields *fields, const char *key, const char *fmt, ...)
{
	size_t room = sizeof(fields->text) - fields->used;
	va_list args;
	int length;

	if (fields->count == TRACE_FIELDS_MAX || room < 2)
		return;
	va_start(args, fmt);
	length = vsnprintf(fields->text + fields->used, room, fmt, args);
	va_end(args);
	if (length < 0)
		return;
	fields->keys[fields->count] = key;
	fields->at[fields->count++] = (uint16_t)fields->used;
	fields->used += (size_t)length < room ? (size_t)length + 1 : room;
}

const char *trace_size_text(char *text, size_t room, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	unsigned int unit = 0;

	while (bytes && bytes % 1024 == 0 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		bytes /= 1024;
		unit++;
	}
	if (unit == 0 && bytes >= 4096)
		snprintf(text, room, "%#" PRIx64 " bytes", bytes);
	else
		snprintf(text, room, "%" PRIu64 " %s", bytes, units[unit]);
	return text;
}

void trace_put_size(struct trace_fields *fields, const char *key, uint64_t bytes)
{
	char text[32];

	trace_put(fields, key, "%s", trace_size_text(text, sizeof(text), bytes));
}

const char *trace_find_name(const struct trace_name *names, uint64_t value)
{
	for (; names->name; names++)
		if (names->value == value)
			return names->name;
	return NULL;
}

void trace_put_name(struct trace_fields *fields, const char *key, uint64_t value,
		    const struct trace_name *names)
{
	const char *name = trace_find_name(names, value);

	if (name)
		trace_put(fields, key, "%s", name);
	else
		trace_put(fields, key, "%" PRIu64, value);
}

const char *trace_flags_text(char *text, size_t room, uint64_t value,
			     const struct trace_name *names)
{
	size_t used = 0;

	text[0] = '\0';
	for (; names->name && used < room; names++) {
		if (!names->value || (value & names->value) != names->value)
			continue;
		used += (size_t)snprintf(text + used, room - used, "%s%s", used ? "|" : "",
					 names->name);
		value &= ~names->value;
	}
	if (used < room && (value || !used))
		snprintf(text + used, room - used, value ? "%s%#" PRIx64 : "%s%" PRIu64,
			 used ? "|" : "", value);
	return text;
}

void trace_put_flags(struct trace_fields *fields, const char *key, uint64_t value,
		     const struct trace_name *names)
{
	char text[256];

	trace_put(fields, key, "%s", trace_flags_text(text, sizeof(text), value, names));
}

void trace_put_result(struct trace_fields *fields, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(fields->result, sizeof(fields->result), fmt, args);
	va_end(args);
}
