/* SPDX-License-Identifier: MIT */
/*
 * What a decoder says of a call: its arguments as pairs of words, its result, the reason for it.
 *
 * Owns the shapes in which sizes, flags and names are told, so that all decoders speak alike and
 * every output can bring them into its own form. Too much is cut off, never refused.
 */
#ifndef MINIVMM_TRACE_FIELDS_H
#define MINIVMM_TRACE_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#define TRACE_FIELDS_MAX  24
#define TRACE_FIELDS_TEXT 1024

/* A row of a table of names, which a NULL name ends. */
struct trace_name {
	uint64_t value;
	const char *name;
};

struct trace_fields {
	unsigned int count;
	const char *keys[TRACE_FIELDS_MAX]; /* literals */
	uint16_t at[TRACE_FIELDS_MAX];      /* where in text the value lies */
	size_t used;
	char text[TRACE_FIELDS_TEXT];
	char result[128];   /* empty: the number that was returned, if it says anything */
	char file[24];      /* what the file is that the call was made on, if it tells; or empty */
	char opened[24];    /* what the file is that was returned, or empty */
	const char *why;    /* the reason, where it depends on the arguments; a literal */
	const char *series; /* this is one more of a counted kind, a literal: "exits" ... */
	const char *kind;   /* ... of this one */
};

/* Empty; the buffers need no clearing. */
void trace_fields_init(struct trace_fields *fields);

/* One more pair. `key` must be a literal. */
void trace_put(struct trace_fields *fields, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A number of bytes in the largest unit that leaves no rest. */
void trace_put_size(struct trace_fields *fields, const char *key, uint64_t bytes);

/* A name of the table, or the number. */
void trace_put_name(struct trace_fields *fields, const char *key, uint64_t value,
		    const struct trace_name *names);

/* The bits that are set by name, joined by |, and what is left over as a number; "0" for none. */
void trace_put_flags(struct trace_fields *fields, const char *key, uint64_t value,
		     const struct trace_name *names);

/* What the call answered, in words. */
void trace_put_result(struct trace_fields *fields, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The table's name for the value, or NULL. */
const char *trace_find_name(const struct trace_name *names, uint64_t value);

/* As trace_put_size() and trace_put_flags() write them, into `text`; returns text. */
const char *trace_size_text(char *text, size_t room, uint64_t bytes);
const char *trace_flags_text(char *text, size_t room, uint64_t value,
			     const struct trace_name *names);

#endif
