/* SPDX-License-Identifier: MIT */
/*
 * A trapped access of the guest, for those who listen: where it went and what lies there.
 *
 * The bus reports accesses; who answers at an address tells what it is.
 */
#ifndef MINIVMM_TRACE_ACCESS_H
#define MINIVMM_TRACE_ACCESS_H

#include "trace.h"

#define TRACE_NO_BAR (-1)

struct trace_place {
	enum trace_topic topic; /* config, bar or io */
	const char *object;     /* whose; must live as long as the object */
	const char *area;       /* what kind of registers, a literal; or NULL */
	int bar;                /* or TRACE_NO_BAR */
	uint64_t offset;        /* in the BAR, in configuration space, from the first register */
	char reg[64];           /* the register's name, or empty */
	unsigned int shift;     /* the access begins this many bits into the register ... */
	unsigned int width;     /* ... which has so many ... */
	const struct trace_name *bits; /* ... of these names; or NULL */
};

struct trace_access {
	const struct trace_place *place;
	bool write;
	uint64_t start;
	struct trace_span span;
};

/* Whether anybody wants to hear of accesses. */
static inline bool trace_wants_accesses(void)
{
	return trace_wants(TRACE_TOPICS_ACCESSES | TRACE_WANTS_TIMES);
}

/*
 * Around the access; `place` must last until the end. `value` is what was read or written, of
 * `size` bytes.
 */
void trace_access_begin(struct trace_access *access, const struct trace_place *place, bool write);
void trace_access_end(struct trace_access *access, unsigned int size, uint64_t value);

/* Tell of the access as arguments and result. */
void trace_place_decode(struct trace_fields *fields, const struct trace_place *place, bool write,
			unsigned int size, uint64_t value);

#endif
