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
 * calls it caused inside it. While nobody listens a call costs one branch more than ioctl() and a
 * counter, a span one branch.
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

/* The same for a call that says what it has to say in `detail` rather than in its argument. */
#define trace_ioctl_detail(fd, call, arg, detail)                                                  \
	trace_named_ioctl(&trace_about_##call, (fd), (call), (unsigned long)(arg),                 \
			  (uintptr_t)(detail))

int trace_named_ioctl(const struct trace_about *about, int fd, unsigned long request,
		      unsigned long arg, uintptr_t detail);

/* How often `call` was made, by its name. */
#define trace_count(call) ((uint64_t)trace_tally_##call.count)

/* ---- who listens ---- */

/* Bits of topics that somebody wants to hear of, and the two below; 0: nobody listens. */
extern unsigned int trace_topics;

#define TRACE_WANTS_TIMES  (1u << 30)
#define TRACE_WANTS_FAULTS (1u << 31)

static inline bool trace_wants(unsigned int bits)
{
	return __builtin_expect((trace_topics & bits) != 0, 0);
}

struct trace_options {
	const struct trace_calls *const *rooms; /* all calls there are, see trace_find_call() */
	const char *file; /* NULL: none; - is standard error, *.json for a timeline, else text */
	unsigned int topics;
	bool times; /* for trace_print() */
	struct trace_faults faults;
};

/*
 * Count and listen from now on. To be called before there is any other thread. `options->rooms`
 * must outlive the trace. 0 or -errno, logged.
 */
int trace_open(const struct trace_options *options);

/* Complete the file; no other thread runs any more. Does nothing when none is open. */
void trace_close(void);

/* The start has reached a new phase; the one before it ends here. `name` must be a literal. */
void trace_phase(const char *name);

/* How long phases of this name have lasted, in nanoseconds; 0 while nobody listens. */
uint64_t trace_phase_ns(const char *name);

/* A curve of a timeline has come to this value; `series` and `kind` must be literals. */
void trace_counter(const char *series, const char *kind, uint64_t value);

/* Whether a timeline is written, that is, whether curves are worth anything. */
bool trace_wants_counters(void);

/*
 * Write what was gathered: phases with their times, ioctls by name with count and total time, and
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

/* ---- interrupts on their way through minivmm ---- */

/* Around what is done for one, for a histogram of its time. */
uint64_t trace_irq_begin(void);
void trace_irq_end(uint64_t begin);

/* ---- faults ---- */

/*
 * To be asked before each interrupt that minivmm passes on itself: false if it is to be lost. One
 * that is to be late makes the caller wait.
 */
bool trace_irq_arrives(void);

/* To be asked before each read of a device's configuration space: whether it is to be all-ones. */
bool trace_config_fault(void);

#endif
