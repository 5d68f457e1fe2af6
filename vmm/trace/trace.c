/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "trace_sink.h"
#include "trace_stats.h"

#define TRACE_LATE_NS 100000000 /* --inject irq#N=late */

/*
 * Together with trace_topics and the tallies of calls, this is minivmm's only mutable state at file
 * scope.
 */
static struct {
	const struct trace_calls *const *rooms; /* NULL: not known yet */
	struct trace_phases phases;
	struct trace_heat heat;
	struct trace_histogram irqs;
	struct trace_faults faults;
	struct trace_sink *sink; /* NULL: no trace is written */
	bool timeline;           /* it has curves */
} trace;

unsigned int trace_topics;

static uint64_t trace_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

/* ---- calls ---- */

static void trace_decode(const struct trace_about *about, struct trace_fields *fields,
			 uintptr_t detail, int ret, bool made)
{
	trace_fields_init(fields);
	if (about->decode)
		about->decode(fields, (const void *)detail, ret);
	if (ret < 0)
		trace_put_result(fields, "-%s (%s%s)", strerrorname_np(-ret), strerrordesc_np(-ret),
				 made ? "" : ": injected");
	else if (!fields->result[0])
		trace_put_result(fields, "%d", ret);
}

static int trace_make_call(int fd, unsigned long request, unsigned long arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

/* Make the call while the trace is on, or while it may have to fail. */
static int trace_observed_ioctl(const struct trace_about *about, int fd, unsigned long request,
				unsigned long arg, uintptr_t detail, uint64_t nth)
{
	struct trace_fields fields;
	struct trace_made made = { .about = about, .fd = fd, .fields = &fields };
	bool real = trace_fault_due(&trace.faults, TRACE_FAULT_CALL, about->tally, nth,
				    &made.result) == TRACE_FAULT_NONE;

	made.start = trace_now();
	if (real)
		made.result = trace_make_call(fd, request, arg);
	made.end = trace_now();
	atomic_fetch_add_explicit(&about->tally->ns, made.end - made.start, memory_order_relaxed);
	if (trace.sink && trace_wants(1u << about->topic)) {
		trace_decode(about, &fields, detail, made.result, real);
		trace_sink_call(trace.sink, &made);
	}
	return made.result;
}

int trace_named_ioctl(const struct trace_about *about, int fd, unsigned long request,
		      unsigned long arg, uintptr_t detail)
{
	uint64_t before = atomic_fetch_add_explicit(&about->tally->count, 1, memory_order_relaxed);

	if (trace_wants(UINT32_MAX))
		return trace_observed_ioctl(about, fd, request, arg, detail, before + 1);
	return trace_make_call(fd, request, arg);
}

/* ---- spans and accesses ---- */

void trace_span_begin(struct trace_span *span, enum trace_topic topic, const char *name,
		      const char *object)
{
	span->topic = topic;
	span->name = name;
	span->object = object;
	trace_fields_init(&span->fields);
	span->on = trace.sink && trace_sink_enter(trace.sink, span);
	span->start = trace_now();
}

void trace_span_end(struct trace_span *span)
{
	trace_sink_leave(trace.sink, span, trace_now());
}

void trace_access_begin(struct trace_access *access, const struct trace_place *place, bool write)
{
	static const char *const names[][2] = {
		[TRACE_TOPIC_config] = { "config read", "config write" },
		[TRACE_TOPIC_bar] = { "BAR read", "BAR write" },
		[TRACE_TOPIC_io] = { "read", "write" },
	};

	access->place = place;
	access->write = write;
	access->start = trace_now();
	trace_begin(&access->span, place->topic, names[place->topic][write], place->object);
}

void trace_access_end(struct trace_access *access, unsigned int size, uint64_t value)
{
	if (trace_wants(TRACE_WANTS_TIMES))
		trace_heat_add(&trace.heat, access->place, access->write,
			       trace_now() - access->start);
	if (!access->span.on)
		return;
	trace_place_decode(&access->span.fields, access->place, access->write, size, value);
	trace_span_end(&access->span);
}

/* ---- interrupts ---- */

uint64_t trace_irq_begin(void)
{
	return trace_wants(TRACE_WANTS_TIMES) ? trace_now() : 0;
}

void trace_irq_end(uint64_t begin)
{
	if (begin)
		trace_histogram_add(&trace.irqs, trace_now() - begin);
}

/* ---- faults ---- */

bool trace_irq_arrives(void)
{
	static const struct timespec late = { .tv_nsec = TRACE_LATE_NS };
	enum trace_fault_how how;
	uint64_t nth;
	int err;

	if (!trace_wants(TRACE_WANTS_FAULTS))
		return true;
	nth = atomic_fetch_add(&trace.faults.irqs, 1) + 1;
	how = trace_fault_due(&trace.faults, TRACE_FAULT_IRQ, NULL, nth, &err);
	if (how == TRACE_FAULT_LATE)
		nanosleep(&late, NULL);
	return how != TRACE_FAULT_LOST;
}

bool trace_config_fault(void)
{
	uint64_t nth;
	int err;

	if (!trace_wants(TRACE_WANTS_FAULTS))
		return false;
	nth = atomic_fetch_add(&trace.faults.configs, 1) + 1;
	return trace_fault_due(&trace.faults, TRACE_FAULT_CONFIG, NULL, nth, &err) ==
	       TRACE_FAULT_ONES;
}

/* ---- who listens ---- */

static bool trace_is_json(const char *path)
{
	size_t length = strlen(path);

	return length >= 5 && strcmp(path + length - 5, ".json") == 0;
}

static int trace_open_sink(const char *path)
{
	const struct trace_writer *writer =
		trace_is_json(path) ? &trace_json_writer : &trace_text_writer;

	trace.timeline = writer->timeline;
	return trace_sink_new(path, writer, trace_now(), &trace.sink);
}

/* Calls handle() for each call of every room. */
static void trace_for_each_call(void (*handle)(const struct trace_about *about, FILE *out),
				FILE *out)
{
	for (const struct trace_calls *const *room = trace.rooms; room && *room; room++)
		for (unsigned int i = 0; i < (*room)->count; i++)
			handle((*room)->abouts[i], out);
}

static void trace_clear_tally(const struct trace_about *about, FILE *out)
{
	(void)out;
	about->tally->count = about->tally->ns = 0;
}

int trace_open(const struct trace_options *options)
{
	int ret = 0;

	trace_close();
	if (options->file)
		ret = trace_open_sink(options->file);
	if (ret < 0)
		return ret;
	trace.rooms = options->rooms;
	trace_for_each_call(trace_clear_tally, NULL);
	trace.faults.count = options->faults.count;
	memcpy(trace.faults.list, options->faults.list, sizeof(trace.faults.list));
	trace_topics = (options->file ? options->topics : 0) |
		       (options->times ? TRACE_WANTS_TIMES : 0) |
		       (options->faults.count ? TRACE_WANTS_FAULTS : 0);
	return 0;
}

int trace_file(void)
{
	return trace.sink ? trace_sink_file(trace.sink) : -1;
}

void trace_close(void)
{
	trace_topics = 0;
	trace_sink_free(trace.sink, trace_now());
	trace.sink = NULL;
	trace.faults.count = 0;
	trace.faults.irqs = trace.faults.configs = 0;
}

void trace_phase(const char *name)
{
	uint64_t now;

	if (!trace_wants(UINT32_MAX))
		return;
	now = trace_now();
	trace_phases_add(&trace.phases, name, now);
	if (trace.sink)
		trace_sink_phase(trace.sink, name, now);
}

void trace_counter(const char *series, const char *kind, uint64_t value)
{
	if (trace.sink)
		trace_sink_counter(trace.sink, series, kind, value, trace_now());
}

bool trace_wants_counters(void)
{
	return trace.sink && trace.timeline;
}

uint64_t trace_phase_ns(const char *name)
{
	return trace_phases_ns(&trace.phases, name, trace_now());
}

/* ---- what was gathered ---- */

static void trace_print_call(const struct trace_about *about, FILE *out)
{
	if (about->tally->count)
		fprintf(out, "  %-36s %8" PRIu64 "  %12.3f ms\n", about->name, about->tally->count,
			(double)about->tally->ns / 1e6);
}

/* Interrupts pass through minivmm only with x-no-kvm-irqfd or after a mask. */
static void trace_print_irqs(FILE *out)
{
	uint64_t count = trace_histogram_count(&trace.irqs);

	if (count == 0)
		return;
	fprintf(out,
		"interrupts through minivmm: %" PRIu64
		", time from the main loop's seeing one until KVM has it\n(not in it: the device's "
		"signal and the loop's waking before, the guest's handler after):\n",
		count);
	trace_histogram_print(&trace.irqs, out);
}

void trace_print(FILE *out)
{
	trace_phases_print(&trace.phases, trace_now(), out);
	fprintf(out, "ioctls:\n");
	trace_for_each_call(trace_print_call, out);
	trace_heat_print(&trace.heat, out);
	trace_print_irqs(out);
}
