/* SPDX-License-Identifier: MIT */
#include "trace_event.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "macros.h"

/* ---- topics ---- */

static const char *const trace_topic_names[TRACE_TOPIC_COUNT] = {
#define TRACE_NAME(topic) [TRACE_TOPIC_##topic] = #topic,
	TRACE_TOPICS(TRACE_NAME)
#undef TRACE_NAME
};

const char *trace_topic_name(enum trace_topic topic)
{
	return trace_topic_names[topic];
}

static int trace_parse_topic(const char *word, size_t length, unsigned int *topics)
{
	for (unsigned int topic = 0; topic < TRACE_TOPIC_COUNT; topic++) {
		const char *name = trace_topic_names[topic];

		if (strlen(name) == length && strncmp(name, word, length) == 0) {
			*topics |= 1u << topic;
			return 0;
		}
	}
	log_error("--trace-filter",
		  "%.*s: expected some of kvm, cpu, run, memory, irq, vfio, dma, config, bar, io",
		  (int)length, word);
	return -EINVAL;
}

int trace_parse_topics(const char *text, unsigned int *topics)
{
	int ret;

	*topics = 0;
	do {
		size_t length = strcspn(text, ",");

		ret = trace_parse_topic(text, length, topics);
		text += length;
	} while (ret == 0 && *text++ == ',');
	return ret;
}

/* ---- arguments and result ---- */

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

	while (bytes && bytes % 1024 == 0 && unit + 1 < array_size(units)) {
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

/* ---- ioctls ---- */

static const struct trace_about *trace_find_in_room(const struct trace_calls *room,
						    const char *name, size_t length)
{
	for (unsigned int i = 0; i < room->count; i++)
		if (strlen(room->abouts[i]->name) == length &&
		    strncmp(room->abouts[i]->name, name, length) == 0)
			return room->abouts[i];
	return NULL;
}

const struct trace_about *trace_find_call(const struct trace_calls *const *rooms, const char *name,
					  size_t length)
{
	const struct trace_about *about = NULL;

	while (*rooms && !about)
		about = trace_find_in_room(*rooms++, name, length);
	return about;
}

/* ---- trapped accesses of the guest ---- */

static void trace_value_text(char *text, size_t room, const struct trace_place *place,
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
	trace_value_text(text, sizeof(text), place, size, value);
	if (write)
		trace_put(fields, "value", "%s", text);
	else
		trace_put_result(fields, "%s", text);
}
