/* SPDX-License-Identifier: MIT */
/*
 * A trace for a timeline viewer (speedscope, Perfetto): Chrome's trace events, in the array form.
 * Viewers accept an array whose end is missing.
 *
 * Read beside it: "Trace Event Format" of the Chromium project. Times are in microseconds.
 */
#include <inttypes.h>
#include <string.h>

#include "trace_sink.h"

static void json_string(FILE *stream, const char *text)
{
	fputc('"', stream);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(stream, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f) /* a name may hold bytes that are not UTF-8 */
			fprintf(stream, "\\u%04x", c);
		else
			fputc(c, stream);
	}
	fputc('"', stream);
}

static void json_pair(FILE *stream, const char *before, const char *key, const char *value)
{
	fprintf(stream, "%s", before);
	json_string(stream, key);
	fputc(':', stream);
	json_string(stream, value);
}

/* A comma precedes every event but the first, which json_open() writes. */
static void json_open(struct trace_output *output)
{
	fprintf(output->file,
		"[{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%d,\"tid\":%d,"
		"\"args\":{\"name\":\"minivmm\"}}",
		output->process, output->process);
}

static void json_thread(struct trace_output *output, const struct trace_thread *thread)
{
	fprintf(output->file, ",\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":%d,\"tid\":%d",
		output->process, thread->id);
	json_pair(output->file, ",\"args\":{", "name", thread->name);
	fprintf(output->file, "}}");
}

static void json_slice(FILE *stream, const struct trace_output *output, const char *name,
		       const char *category, int thread, uint64_t start, uint64_t end)
{
	json_pair(stream, ",\n{", "name", name);
	json_pair(stream, ",", "cat", category);
	fprintf(stream, ",\"ph\":\"X\",\"pid\":%d,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f",
		output->process, thread, (double)start / 1e3, (double)(end - start) / 1e3);
}

/* Keys of an object must differ: "eventfd", "eventfd 2" ... */
static void json_field(FILE *stream, const char *before, const struct trace_fields *fields,
		       unsigned int at)
{
	unsigned int same = 1;
	char key[64];

	for (unsigned int i = 0; i < at; i++)
		same += strcmp(fields->keys[i], fields->keys[at]) == 0;
	snprintf(key, sizeof(key), same > 1 ? "%s %u" : "%s", fields->keys[at], same);
	json_pair(stream, before, key, fields->text + fields->at[at]);
}

static bool json_event(struct trace_output *output, FILE *stream, const struct trace_event *event)
{
	const struct trace_fields *fields = event->fields;
	const char *before = "";

	json_slice(stream, output, event->name, event->topic, event->thread->id, event->start,
		   event->end);
	fprintf(stream, ",\"args\":{");
	if (event->object) {
		json_pair(stream, before, "on", event->object);
		before = ",";
	}
	for (unsigned int i = 0; i < fields->count; i++, before = ",")
		json_field(stream, before, fields, i);
	if (fields->result[0]) {
		json_pair(stream, before, "result", fields->result);
		before = ",";
	}
	if (event->why)
		json_pair(stream, before, "why", event->why);
	fprintf(stream, "}}");
	return true;
}

static void json_phase_begin(struct trace_output *output, const char *name, uint64_t start)
{
	(void)name;
	(void)start;
	fflush(output->file);
}

/*
 * The next phase begins in the same nanosecond. Viewers add floating-point numbers, and for some
 * values the sum is a little later than the next phase's beginning; then they would nest everything
 * that follows.
 */
static void json_phase_end(struct trace_output *output, const char *name, int thread,
			   uint64_t start, uint64_t end)
{
	json_slice(output->file, output, name, "phase", thread, start, end > start ? end - 1 : end);
	fprintf(output->file, ",\"args\":{}}");
}

static void json_counters(struct trace_output *output, const struct trace_counter *counters,
			  unsigned int count, uint64_t now)
{
	json_pair(output->file, ",\n{", "name", counters[0].series);
	fprintf(output->file, ",\"ph\":\"C\",\"pid\":%d,\"tid\":%d,\"ts\":%.3f,\"args\":{",
		output->process, output->process, (double)now / 1e3);
	for (unsigned int i = 0; i < count; i++) {
		fprintf(output->file, i ? "," : "");
		json_string(output->file, counters[i].kind);
		fprintf(output->file, ":%" PRIu64, counters[i].count);
	}
	fprintf(output->file, "}}");
}

static void json_close(struct trace_output *output)
{
	fprintf(output->file, "]\n");
}

const struct trace_writer trace_json_writer = {
	.timeline = true,
	.open = json_open,
	.thread = json_thread,
	.event = json_event,
	.phase_begin = json_phase_begin,
	.phase_end = json_phase_end,
	.counters = json_counters,
	.close = json_close,
};
