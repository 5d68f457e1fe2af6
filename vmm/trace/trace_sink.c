/* SPDX-License-Identifier: MIT */
#include "trace_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "vmm/base/patient_stream.h"
#include "vmm/base/pending_signal.h"

#define SINK_COUNTERS_MAX 64
#define SINK_COUNTER_GAP  1000000u /* ns between two points of a counter's curve */
#define SINK_FILES_MAX    1024     /* file descriptors that get names */
#define SINK_BUFFER       (256u << 10)
#define SINK_THREADS_MAX  4096u /* four times as many as there can be vCPUs */

struct trace_sink {
	pthread_mutex_t lock;
	const char *path;
	int fd; /* of output.file */
	const struct trace_writer *writer;
	struct trace_output output;
	uint64_t began;
	const char *phase; /* the phase that is under way */
	uint64_t phase_start;
	struct trace_thread **threads;
	size_t thread_count;
	struct trace_counter counters[SINK_COUNTERS_MAX]; /* those of a series side by side */
	unsigned int counter_count;
	uint64_t counters_written;
	char opened[SINK_FILES_MAX][24]; /* what file descriptors are, by number */
	int error;                       /* errno of the first write that failed, or 0 */
};

/* The reason of the first write that failed; what comes later may have other ones, or none. */
static void sink_note_error(struct trace_sink *sink)
{
	if (!sink->error && ferror(sink->output.file))
		sink->error = errno;
}

/* ---- threads ---- */

/*
 * Each boot of the guest has threads of its own, and a guest may boot for ever. So the oldest
 * thread that is in no span is forgotten; if it is still there it is met again as a new one.
 */
static void sink_forget_oldest(struct trace_sink *sink)
{
	size_t at = 0;

	while (at < sink->thread_count && sink->threads[at]->span)
		at++;
	if (at == sink->thread_count)
		return;
	free(sink->threads[at]);
	sink->thread_count--;
	memmove(&sink->threads[at], &sink->threads[at + 1],
		(sink->thread_count - at) * sizeof(sink->threads[0]));
}

/*
 * A thread is known by the kernel's number, so a new thread is never taken for one that has ended.
 */
static struct trace_thread *sink_thread(struct trace_sink *sink)
{
	int id = gettid();
	struct trace_thread *thread, **grown;

	for (size_t i = sink->thread_count; i--;)
		if (sink->threads[i]->id == id)
			return sink->threads[i];
	if (sink->thread_count >= SINK_THREADS_MAX)
		sink_forget_oldest(sink);
	grown = realloc(sink->threads, (sink->thread_count + 1) * sizeof(struct trace_thread *));
	if (!grown)
		return NULL;
	sink->threads = grown;
	thread = calloc(1, sizeof(*thread));
	if (!thread)
		return NULL;
	thread->id = id;
	if (id == getpid() ||
	    pthread_getname_np(pthread_self(), thread->name, sizeof(thread->name)))
		strcpy(thread->name, "main");
	sink->threads[sink->thread_count++] = thread;
	sink->writer->thread(&sink->output, thread);
	return thread;
}

/* The stream for a thread's next event: that of the span around it, until the span is written. */
static FILE *sink_stream(struct trace_sink *sink, struct trace_span *outer)
{
	if (outer && !outer->inner)
		outer->inner = open_memstream(&outer->inner_text, &outer->inner_size);
	if (outer)
		outer->inner_count++;
	return outer && outer->inner ? outer->inner : sink->output.file;
}

/* ---- counters ---- */

static void sink_write_counters(struct trace_sink *sink, uint64_t now)
{
	unsigned int first = 0;

	for (unsigned int i = 1; i <= sink->counter_count; i++) {
		if (i < sink->counter_count &&
		    strcmp(sink->counters[i].series, sink->counters[first].series) == 0)
			continue;
		sink->writer->counters(&sink->output, &sink->counters[first], i - first, now);
		first = i;
	}
	sink->counters_written = now;
}

static struct trace_counter *sink_find_counter(struct trace_sink *sink, const char *series,
					       const char *kind)
{
	unsigned int at = sink->counter_count;

	for (unsigned int i = 0; i < sink->counter_count; i++) {
		if (strcmp(sink->counters[i].series, series) != 0)
			continue;
		if (strcmp(sink->counters[i].kind, kind) == 0)
			return &sink->counters[i];
		at = i + 1;
	}
	if (sink->counter_count == SINK_COUNTERS_MAX)
		return NULL;
	memmove(&sink->counters[at + 1], &sink->counters[at],
		(sink->counter_count - at) * sizeof(sink->counters[0]));
	sink->counter_count++;
	sink->counters[at] = (struct trace_counter){ series, kind, 0 };
	return &sink->counters[at];
}

static void sink_count(struct trace_sink *sink, const struct trace_fields *fields, uint64_t now)
{
	struct trace_counter *counter;

	if (!fields->series)
		return;
	counter = sink_find_counter(sink, fields->series, fields->kind);
	if (counter)
		counter->count++;
	if (now - sink->counters_written >= SINK_COUNTER_GAP)
		sink_write_counters(sink, now);
}

void trace_sink_counter(struct trace_sink *sink, const char *series, const char *kind,
			uint64_t value, uint64_t now)
{
	struct trace_counter *counter;

	pending_lock_of_stream(&sink->lock);
	counter = sink_find_counter(sink, series, kind);
	if (counter) {
		counter->count = value;
		sink_write_counters(sink, now - sink->began);
	}
	pthread_mutex_unlock(&sink->lock);
}

/* ---- events ---- */

static bool sink_names_file(int fd)
{
	return fd >= 0 && fd < SINK_FILES_MAX;
}

void trace_sink_call(struct trace_sink *sink, const struct trace_made *made)
{
	const struct trace_fields *fields = made->fields;
	struct trace_event event = {
		.topic = trace_topic_name(made->about->topic),
		.name = made->about->name,
		.object = made->about->object,
		.why = fields->why ? fields->why : made->about->why,
		.fields = fields,
		.start = made->start - sink->began,
		.end = made->end - sink->began,
	};
	struct trace_thread *thread;

	pending_lock_of_stream(&sink->lock);
	if (fields->file[0] && sink_names_file(made->fd))
		memcpy(sink->opened[made->fd], fields->file, sizeof(fields->file));
	if (sink_names_file(made->fd) && sink->opened[made->fd][0])
		event.object = sink->opened[made->fd];
	thread = sink_thread(sink);
	if (thread) {
		event.thread = thread;
		event.depth = thread->span ? thread->span->depth + 1 : 0;
		sink->writer->event(&sink->output, sink_stream(sink, thread->span), &event);
	}
	if (fields->opened[0] && sink_names_file(made->result))
		memcpy(sink->opened[made->result], fields->opened, sizeof(fields->opened));
	sink_count(sink, fields, event.end);
	sink_note_error(sink);
	pthread_mutex_unlock(&sink->lock);
}

bool trace_sink_enter(struct trace_sink *sink, struct trace_span *span)
{
	struct trace_thread *thread;

	pending_lock_of_stream(&sink->lock);
	thread = sink_thread(sink);
	if (thread) {
		span->outer = thread->span;
		span->depth = span->outer ? span->outer->depth + 1 : 0;
		span->inner_count = 0;
		span->inner = NULL;
		thread->span = span;
	}
	pthread_mutex_unlock(&sink->lock);
	return thread != NULL;
}

/* The cause is written first, then what it caused. */
void trace_sink_leave(struct trace_sink *sink, struct trace_span *span, uint64_t end)
{
	struct trace_event event = {
		.topic = trace_topic_name(span->topic),
		.name = span->name,
		.object = span->object,
		.why = span->fields.why,
		.fields = &span->fields,
		.depth = span->depth,
		.inner_count = span->inner_count,
		.start = span->start - sink->began,
		.end = end - sink->began,
	};
	struct trace_thread *thread;
	FILE *stream;
	bool written;

	pending_lock_of_stream(&sink->lock);
	thread = sink_thread(sink); /* it is known since it entered */
	event.thread = thread;
	thread->span = span->outer;
	stream = sink_stream(sink, span->outer);
	written = sink->writer->event(&sink->output, stream, &event);
	if (span->inner) {
		fclose(span->inner);
		if (written)
			fwrite(span->inner_text, 1, span->inner_size, stream);
		free(span->inner_text);
	}
	sink_count(sink, &span->fields, event.end);
	sink_note_error(sink);
	pthread_mutex_unlock(&sink->lock);
}

/* ---- life ---- */

static void sink_end_phase(struct trace_sink *sink, uint64_t now)
{
	if (sink->phase)
		sink->writer->phase_end(&sink->output, sink->phase, sink->output.process,
					sink->phase_start, now);
}

void trace_sink_phase(struct trace_sink *sink, const char *name, uint64_t now)
{
	pending_lock_of_stream(&sink->lock);
	now -= sink->began;
	sink_end_phase(sink, now);
	sink->phase = name;
	sink->phase_start = now;
	sink->writer->phase_begin(&sink->output, name, now);
	sink_note_error(sink);
	pthread_mutex_unlock(&sink->lock);
}

/* A FIFO is opened when somebody reads it. */
static FILE *sink_open_file(const char *path, int *opened)
{
	const bool to_stderr = strcmp(path, "-") == 0;
	int fd = to_stderr ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)
			   : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	FILE *file;

	if (fd < 0)
		return NULL;
	patient_stream_own(fd);
	file = patient_stream_open(fd);
	if (!file)
		close(fd);
	*opened = fd;
	return file;
}

int trace_sink_new(const char *path, const struct trace_writer *writer, uint64_t began,
		   struct trace_sink **result)
{
	struct trace_sink *sink = calloc(1, sizeof(*sink));
	int ret;

	if (!sink)
		return log_errno("--trace", -ENOMEM, "allocate");
	sink->output.file = sink_open_file(path, &sink->fd);
	if (!sink->output.file) {
		ret = log_errno(path, -errno, "open the trace");
		free(sink);
		return ret;
	}
	pthread_mutex_init(&sink->lock, NULL);
	sink->path = path;
	sink->began = began;
	sink->output.process = getpid();
	/*
	 * On a terminal the trace is written in whole lines, so that it does not mix with messages.
	 */
	setvbuf(sink->output.file, NULL, strcmp(path, "-") == 0 ? _IOLBF : _IOFBF, SINK_BUFFER);
	sink->writer = writer;
	sink->writer->open(&sink->output);
	*result = sink;
	return 0;
}

int trace_sink_file(const struct trace_sink *sink)
{
	return sink->fd;
}

void trace_sink_free(struct trace_sink *sink, uint64_t now)
{
	if (!sink)
		return;
	now -= sink->began;
	sink_end_phase(sink, now);
	sink_write_counters(sink, now);
	sink->writer->close(&sink->output);
	sink_note_error(sink);
	if (fflush(sink->output.file) && !sink->error)
		sink->error = errno;
	if (sink->error)
		log_errno(sink->path, -sink->error, "write the trace");
	fclose(sink->output.file);
	for (size_t i = 0; i < sink->thread_count; i++)
		free(sink->threads[i]);
	free(sink->threads);
	pthread_mutex_destroy(&sink->lock);
	free(sink);
}
