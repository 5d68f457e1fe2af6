/* SPDX-License-Identifier: MIT */
/*
 * The forms a trace can have: text to read from top to bottom, JSON for a timeline viewer.
 *
 * A writer turns one event into bytes on a stream and keeps nothing of its own; what an output
 * remembers is in struct trace_output. Called under the sink's lock.
 */
#ifndef MINIVMM_TRACE_WRITER_H
#define MINIVMM_TRACE_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "trace.h"

struct trace_thread {
	int id; /* the kernel's */
	char name[16];
	struct trace_span *span; /* the innermost that is open */
};

/* Something that happened, from start to end. Times are nanoseconds since the trace began. */
struct trace_event {
	const char *topic;
	const char *name;
	const char *object; /* on what: a file, a device; or NULL */
	const char *why;    /* or NULL */
	const struct trace_fields *fields;
	const struct trace_thread *thread;
	unsigned int depth;       /* of spans around it */
	unsigned int inner_count; /* events that it caused, which are written after it */
	uint64_t start, end;
};

/* One counted kind of a series. */
struct trace_counter {
	const char *series;
	const char *kind;
	uint64_t count;
};

#define TRACE_WORDS 1536 /* for one event as text; what is longer is cut off */

struct trace_output {
	FILE *file;
	int process;
	/* For text: what need not be said again. */
	const char *last_why;
	char last_words[TRACE_WORDS];
	unsigned int last_inner;
	unsigned int repeats;
};

struct trace_writer {
	void (*open)(struct trace_output *output);
	/* A thread is seen for the first time. */
	void (*thread)(struct trace_output *output, const struct trace_thread *thread);
	/*
	 * To `stream`, which is not always output->file: events inside a span wait for its end.
	 * False if it is only counted, and what it caused is not to be written either.
	 */
	bool (*event)(struct trace_output *output, FILE *stream, const struct trace_event *event);
	/* A phase begins; and ends, with the thread it took place in. */
	void (*phase_begin)(struct trace_output *output, const char *name, uint64_t start);
	void (*phase_end)(struct trace_output *output, const char *name, int thread, uint64_t start,
			  uint64_t end);
	/* All kinds of one series, `count` of them. */
	void (*counters)(struct trace_output *output, const struct trace_counter *counters,
			 unsigned int count, uint64_t now);
	void (*close)(struct trace_output *output);
};

extern const struct trace_writer trace_text_writer;
extern const struct trace_writer trace_json_writer;

#endif
