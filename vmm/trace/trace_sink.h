/* SPDX-License-Identifier: MIT */
/*
 * A trace on its way into a file.
 *
 * Owns the list of threads and of the spans that they have open, the names of file descriptors, and
 * the counters. A writer turns one event into bytes on a stream and keeps no state of its own; what
 * an output must remember is in struct trace_output. There are two: text to read from top to
 * bottom, JSON for a timeline viewer.
 *
 * All functions of the sink may be called from any thread; it calls its writer under its lock.
 */
#ifndef MINIVMM_TRACE_SINK_H
#define MINIVMM_TRACE_SINK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "trace_event.h"

/* ---- writers ---- */

struct trace_thread {
	int id; /* the kernel's */
	char name[16];
	struct trace_span *span; /* the innermost open span */
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
	/* For text: the last event, which is not repeated. */
	const char *last_why;
	char last_words[TRACE_WORDS];
	unsigned int last_inner;
	unsigned int repeats;
};

/* All mandatory. */
struct trace_writer {
	bool timeline; /* counters are shown, as curves */
	void (*open)(struct trace_output *output);
	/* Called when a thread is seen for the first time. */
	void (*thread)(struct trace_output *output, const struct trace_thread *thread);
	/*
	 * Writes to `stream`, which is not always output->file, because events inside a span wait
	 * for its end. Returns false if the event is only counted; then what it caused is not
	 * written either.
	 */
	bool (*event)(struct trace_output *output, FILE *stream, const struct trace_event *event);
	/* Called when a phase begins and when it ends, with its thread. */
	void (*phase_begin)(struct trace_output *output, const char *name, uint64_t start);
	void (*phase_end)(struct trace_output *output, const char *name, int thread, uint64_t start,
			  uint64_t end);
	/* Writes all `count` kinds of one series. */
	void (*counters)(struct trace_output *output, const struct trace_counter *counters,
			 unsigned int count, uint64_t now);
	void (*close)(struct trace_output *output);
};

extern const struct trace_writer trace_text_writer;
extern const struct trace_writer trace_json_writer;

/* ---- the sink ---- */

struct trace_sink;

/* A call that was made: its file, its meaning, and its result. */
struct trace_made {
	const struct trace_about *about;
	int fd;
	const struct trace_fields *fields;
	int result;
	uint64_t start, end; /* CLOCK_MONOTONIC, nanoseconds */
};

/*
 * Begin a trace in the file `path` in the writer's form; - is standard error. Times count from
 * `began`, in nanoseconds. 0 or -errno, logged; *result is the caller's.
 */
int trace_sink_new(const char *path, const struct trace_writer *writer, uint64_t began,
		   struct trace_sink **result);

/* The file that it writes to, which the caller may replace by another one of the same number. */
int trace_sink_file(const struct trace_sink *sink);

/* Complete the file and free the sink. No other thread may run any more. Accepts NULL. */
void trace_sink_free(struct trace_sink *sink, uint64_t now);

void trace_sink_call(struct trace_sink *sink, const struct trace_made *made);

/*
 * The calling thread enters a span, or leaves the innermost one. False if there is no memory to
 * note it.
 */
bool trace_sink_enter(struct trace_sink *sink, struct trace_span *span);
void trace_sink_leave(struct trace_sink *sink, struct trace_span *span, uint64_t end);

/* One kind of a series has reached this value, which is written at once. */
void trace_sink_counter(struct trace_sink *sink, const char *series, const char *kind,
			uint64_t value, uint64_t now);

/* A phase begins, and the one before it ends. */
void trace_sink_phase(struct trace_sink *sink, const char *name, uint64_t now);

#endif
