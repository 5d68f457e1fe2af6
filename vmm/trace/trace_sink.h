/* SPDX-License-Identifier: MIT */
/*
 * A trace on its way into a file.
 *
 * Owns which threads there are and which spans they have open, what file descriptors are called,
 * and what is counted. How that is written down belongs to a writer, which turns one event into
 * bytes on a stream and keeps nothing of its own; what an output remembers is in struct
 * trace_output. There are two: text to read from top to bottom, JSON for a timeline viewer.
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

/* All mandatory. */
struct trace_writer {
	bool timeline; /* counters are shown, as curves */
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

/* ---- the sink ---- */

struct trace_sink;

/* A call that was made: what it was made on, what it means, and how it went. */
struct trace_made {
	const struct trace_about *about;
	int fd;
	const struct trace_fields *fields;
	int result;
	uint64_t start, end; /* CLOCK_MONOTONIC, nanoseconds */
};

/*
 * Write to `path`, in the writer's form; - is standard error. `began` is the time to count from, in
 * nanoseconds. 0 or -errno, logged.
 */
int trace_sink_new(const char *path, const struct trace_writer *writer, uint64_t began,
		   struct trace_sink **result);

/* Completes the file. No other thread runs any more. Accepts NULL. */
void trace_sink_free(struct trace_sink *sink, uint64_t now);

void trace_sink_call(struct trace_sink *sink, const struct trace_made *made);

/* The calling thread enters a span, and leaves the innermost. False if it could not be noted. */
bool trace_sink_enter(struct trace_sink *sink, struct trace_span *span);
void trace_sink_leave(struct trace_sink *sink, struct trace_span *span, uint64_t end);

/* One kind of a series has come to this value; written at once. */
void trace_sink_counter(struct trace_sink *sink, const char *series, const char *kind,
			uint64_t value, uint64_t now);

/* A phase begins, the one before it ends. */
void trace_sink_phase(struct trace_sink *sink, const char *name, uint64_t now);

#endif
