/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <time.h>

#define TRACE_PHASES_MAX 16

struct trace_phase_mark {
	const char *name;
	uint64_t start_ns;
};

/* The trace sink: the only mutable state of minivmm at file scope. */
static struct {
	_Atomic uint64_t count[TRACE_CALL_COUNT];
	_Atomic uint64_t ns[TRACE_CALL_COUNT];
	bool timing;
	struct trace_phase_mark phases[TRACE_PHASES_MAX];
	unsigned int phase_count;
} trace;

static const char *const trace_names[TRACE_CALL_COUNT] = {
#define TRACE_NAME(call) [TRACE_##call] = #call,
	TRACE_CALLS(TRACE_NAME)
#undef TRACE_NAME
};

static uint64_t trace_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static void trace_add(_Atomic uint64_t *counter, uint64_t value)
{
	atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

int trace_named_ioctl(enum trace_call call, int fd, unsigned long request, unsigned long arg)
{
	uint64_t start = trace.timing ? trace_now() : 0;
	int ret = ioctl(fd, request, arg);

	if (ret < 0)
		ret = -errno;
	trace_add(&trace.count[call], 1);
	if (trace.timing)
		trace_add(&trace.ns[call], trace_now() - start);
	return ret;
}

void trace_enable_timing(void)
{
	trace.timing = true;
}

void trace_phase(const char *name)
{
	if (!trace.timing || trace.phase_count == TRACE_PHASES_MAX)
		return;
	trace.phases[trace.phase_count++] = (struct trace_phase_mark){ name, trace_now() };
}

uint64_t trace_count(enum trace_call call)
{
	return atomic_load_explicit(&trace.count[call], memory_order_relaxed);
}

void trace_print(FILE *out)
{
	uint64_t now = trace_now();

	fprintf(out, "phases:\n");
	for (unsigned int i = 0; i < trace.phase_count; i++) {
		uint64_t end = i + 1 < trace.phase_count ? trace.phases[i + 1].start_ns : now;

		fprintf(out, "  %-32s %12.3f ms\n", trace.phases[i].name,
			(double)(end - trace.phases[i].start_ns) / 1e6);
	}
	fprintf(out, "ioctls:\n");
	for (unsigned int i = 0; i < TRACE_CALL_COUNT; i++)
		if (trace.count[i])
			fprintf(out, "  %-36s %8" PRIu64 "  %12.3f ms\n", trace_names[i],
				trace.count[i], (double)trace.ns[i] / 1e6);
}
