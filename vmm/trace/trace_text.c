/* SPDX-License-Identifier: MIT */
/* A trace for people: a line for each event, below it the reason, and indented what it caused. */
#include <inttypes.h>
#include <string.h>

#include "trace_sink.h"

#define TEXT_COLUMN 18 /* column where names begin, after time and thread */

static void text_open(struct trace_output *output)
{
	fprintf(output->file,
		"# ms since the start, thread, what was done: arguments = result (time it took)\n"
		"#%*sthe reason, unless it is the one given before\n",
		TEXT_COLUMN + 3, "");
}

static void text_thread(struct trace_output *output, const struct trace_thread *thread)
{
	(void)output;
	(void)thread;
}

/* The words of an event, without its time. */
static void text_words(char *text, size_t room, const struct trace_event *event)
{
	const struct trace_fields *fields = event->fields;
	size_t used = (size_t)snprintf(text, room, "%-6s %*s%s", event->thread->name,
				       4 * (int)event->depth, "", event->name);

	if (event->object && used < room)
		used += (size_t)snprintf(text + used, room - used, " on %s", event->object);
	for (unsigned int i = 0; i < fields->count && used < room; i++)
		used += (size_t)snprintf(text + used, room - used, "%s%s %s", i ? ", " : ": ",
					 fields->keys[i], fields->text + fields->at[i]);
	if (fields->result[0] && used < room)
		snprintf(text + used, room - used, " = %s", fields->result);
}

static void text_duration(FILE *stream, uint64_t ns)
{
	if (ns < 1000000)
		fprintf(stream, " (%.1f us)\n", (double)ns / 1e3);
	else
		fprintf(stream, " (%.1f ms)\n", (double)ns / 1e6);
}

static void text_end_repeats(struct trace_output *output)
{
	if (output->repeats == 1)
		fprintf(output->file, "%*s... once more\n", TEXT_COLUMN, "");
	else if (output->repeats)
		fprintf(output->file, "%*s... %u times more\n", TEXT_COLUMN, "", output->repeats);
	output->repeats = 0;
}

/*
 * A guest that polls gives one line, not thousands. An event that causes others is never a
 * repetition.
 */
static bool text_is_repeated(struct trace_output *output, FILE *stream, const char *words,
			     const struct trace_event *event)
{
	if (stream != output->file)
		return false;
	if (strcmp(words, output->last_words) == 0 && event->inner_count == output->last_inner &&
	    (!event->why || event->why == output->last_why)) {
		output->repeats++;
		return true;
	}
	text_end_repeats(output);
	strcpy(output->last_words, words);
	output->last_inner = event->inner_count;
	return false;
}

static bool text_event(struct trace_output *output, FILE *stream, const struct trace_event *event)
{
	char words[TRACE_WORDS];

	text_words(words, sizeof(words), event);
	if (text_is_repeated(output, stream, words, event))
		return false;
	fprintf(stream, "%10.3f %s", (double)event->start / 1e6, words);
	text_duration(stream, event->end - event->start);
	if (event->why && event->why != output->last_why)
		fprintf(stream, "%*s%s\n", TEXT_COLUMN + 4 * (int)event->depth + 4, "", event->why);
	if (event->why)
		output->last_why = event->why;
	return true;
}

static void text_phase_begin(struct trace_output *output, const char *name, uint64_t start)
{
	text_end_repeats(output);
	fprintf(output->file, "\n%10.3f == %s\n", (double)start / 1e6, name);
	output->last_why = NULL;
	output->last_words[0] = '\0';
	fflush(output->file);
}

static void text_phase_end(struct trace_output *output, const char *name, int thread,
			   uint64_t start, uint64_t end)
{
	(void)output;
	(void)name;
	(void)thread;
	(void)start;
	(void)end;
}

static void text_counters(struct trace_output *output, const struct trace_counter *counters,
			  unsigned int count, uint64_t now)
{
	(void)output;
	(void)counters;
	(void)count;
	(void)now;
}

static void text_close(struct trace_output *output)
{
	text_end_repeats(output);
}

const struct trace_writer trace_text_writer = {
	.open = text_open,
	.thread = text_thread,
	.event = text_event,
	.phase_begin = text_phase_begin,
	.phase_end = text_phase_end,
	.counters = text_counters,
	.close = text_close,
};
