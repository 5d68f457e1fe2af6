/* SPDX-License-Identifier: MIT */
/*
 * A trace on its way into a file.
 *
 * Owns which threads there are and which spans they have open, what file descriptors are called,
 * and what is counted; how it is written down belongs to a writer. All functions may be called from
 * any thread.
 */
#ifndef MINIVMM_TRACE_SINK_H
#define MINIVMM_TRACE_SINK_H

#include "trace.h"

struct trace_sink;

/* A call that was made: what it was made on, what it means, and how it went. */
struct trace_made {
	const struct trace_about *about;
	const char *name;
	int fd;
	const struct trace_fields *fields;
	int result;
	uint64_t start, end; /* CLOCK_MONOTONIC, nanoseconds */
};

/*
 * Write to `path`: a timeline if it ends in .json, else text; - is standard error. `began` is the
 * time to count from. 0 or -errno, logged.
 */
int trace_sink_new(const char *path, uint64_t began, struct trace_sink **result);

/* Completes the file. No other thread runs any more. Accepts NULL. */
void trace_sink_free(struct trace_sink *sink, uint64_t now);

void trace_sink_call(struct trace_sink *sink, const struct trace_made *made);

/* The calling thread enters a span, and leaves the innermost. False if it could not be noted. */
bool trace_sink_enter(struct trace_sink *sink, struct trace_span *span);
void trace_sink_leave(struct trace_sink *sink, struct trace_span *span, uint64_t end);

/* One kind of a series has come to this value; written at once. */
void trace_sink_counter(struct trace_sink *sink, const char *series, const char *kind,
			uint64_t value, uint64_t now);

/* Whether it is a form in which counters are shown. */
bool trace_sink_is_timeline(const struct trace_sink *sink);

/* A phase begins, the one before it ends. */
void trace_sink_phase(struct trace_sink *sink, const char *name, uint64_t now);

#endif
