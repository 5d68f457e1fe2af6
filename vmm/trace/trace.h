/* SPDX-License-Identifier: MIT */
/*
 * The one gate to the kernel: every KVM, VFIO and IOMMU ioctl passes here. It is named, counted,
 * timed and explained here and, when asked for, made to fail.
 *
 * The name comes from the call site, because a number alone does not tell: VFIO_IOMMU_GET_INFO and
 * VFIO_DEVICE_GET_PCI_HOT_RESET_INFO are the same number on different files. What a call means is
 * not known here. The room that makes it says so, see struct trace_about in trace_event.h.
 *
 * Besides calls there are spans: what the guest touched, memory that came or went, each with the
 * calls it caused inside it. Without a trace, a call costs a branch and a counter more than
 * ioctl(), and a span costs one branch.
 */
#ifndef MINIVMM_TRACE_H
#define MINIVMM_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "trace_event.h"
#include "trace_fault.h"

/* ---- calls ---- */

/* ioctl(fd, call, arg): what it returned, or -errno. `call` is the request's own name. */
#define trace_ioctl(fd, call, arg)                                                                 \
	trace_named_ioctl(&trace_about_##call, (fd), (call), (unsigned long)(arg), (uintptr_t)(arg))

/* The same for a call whose decoder needs `detail` rather than its argument. */
#define trace_ioctl_detail(fd, call, arg, detail)                                                  \
	trace_named_ioctl(&trace_about_##call, (fd), (call), (unsigned long)(arg),                 \
			  (uintptr_t)(detail))

int trace_named_ioctl(const struct trace_about *about, int fd, unsigned long request,
		      unsigned long arg, uintptr_t detail);

/* How often the call of this name was made. */
#define trace_count(call) ((uint64_t)trace_tally_##call.count)

/* ---- who listens ---- */

/* The topics that are traced, as bits, and the two below; 0: there is no trace. */
extern unsigned int trace_topics;

#define TRACE_WANTS_TIMES  (1u << 30)
#define TRACE_WANTS_FAULTS (1u << 31)

static inline bool trace_wants(unsigned int bits)
{
	return __builtin_expect((trace_topics & bits) != 0, 0);
}

struct trace_options {
	const struct trace_calls *const *rooms; /* lists of all calls, see trace_find_call() */
	const char *file; /* NULL: none; - is standard error, *.json for a timeline, else text */
	unsigned int topics;
	bool times; /* for trace_print() */
	struct trace_faults faults;
};

/*
 * Count and trace from now on. Must be called before there is any other thread. `options->rooms`
 * must outlive the trace. 0 or -errno, logged.
 */
int trace_open(const struct trace_options *options);

/*
 * The trace's file, which the caller may replace by another one of the same number; -1: there is
 * none.
 */
int trace_file(void);

/* Complete the trace's file. No other thread may run any more. Does nothing if no trace is open. */
void trace_close(void);

/* The start has reached a new phase; the one before it ends here. `name` must be a literal. */
void trace_phase(const char *name);

/* How long phases of this name have lasted, in nanoseconds; 0 without a trace. */
uint64_t trace_phase_ns(const char *name);

/* Add a point with this value to a curve of the timeline; `series` and `kind` must be literals. */
void trace_counter(const char *series, const char *kind, uint64_t value);

/* True if a timeline is written; only a timeline shows curves. */
bool trace_wants_counters(void);

/*
 * Print what was counted: phases with their times, ioctls by name with count and total time, and
 * where the guest's trapped accesses went.
 */
void trace_print(FILE *out);

/* ---- spans ---- */

void trace_span_begin(struct trace_span *span, enum trace_topic topic, const char *name,
		      const char *object);
void trace_span_end(struct trace_span *span);

static inline void trace_begin(struct trace_span *span, enum trace_topic topic, const char *name,
			       const char *object)
{
	span->on = false;
	if (trace_wants(1u << topic))
		trace_span_begin(span, topic, name, object);
}

static inline void trace_end(struct trace_span *span)
{
	if (__builtin_expect(span->on, 0))
		trace_span_end(span);
}

/* ---- trapped accesses ---- */

struct trace_access {
	const struct trace_place *place;
	bool write;
	uint64_t start;
	struct trace_span span;
};

/* True if accesses are traced or counted. */
static inline bool trace_wants_accesses(void)
{
	return trace_wants(TRACE_TOPICS_ACCESSES | TRACE_WANTS_TIMES);
}

/*
 * To be called before and after an access; `place` must last until the end. `value`, of `size`
 * bytes, is what was read or written.
 */
void trace_access_begin(struct trace_access *access, const struct trace_place *place, bool write);
void trace_access_end(struct trace_access *access, unsigned int size, uint64_t value);

/* ---- interrupts on their way through minivmm ---- */

/* To be called before and after an interrupt is handled, for a histogram of the time. */
uint64_t trace_irq_begin(void);
void trace_irq_end(uint64_t begin);

/* ---- faults ---- */

/*
 * To be called before each interrupt that minivmm passes on itself; false if the interrupt must be
 * lost. If it must be late, the call waits.
 */
bool trace_irq_arrives(void);

/*
 * To be called before each read of a device's configuration space; true if the read must give
 * all-ones.
 */
bool trace_config_fault(void);

#endif
