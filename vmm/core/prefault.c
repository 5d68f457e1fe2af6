/* SPDX-License-Identifier: MIT */
#include "prefault.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define PREFAULT_CHUNK       (64ul << 20)
#define PREFAULT_THREADS_MAX 16
#define PREFAULT_QUIET_MS    1000

struct prefault {
	char *hva;
	size_t size;
	_Atomic size_t next; /* offset of the first chunk nobody has taken */
	_Atomic size_t done;
	_Atomic int err;
};

static void *prefault_worker(void *arg)
{
	struct prefault *job = arg;
	size_t offset;

	while (!job->err && (offset = atomic_fetch_add(&job->next, PREFAULT_CHUNK)) < job->size) {
		size_t left = job->size - offset;
		size_t chunk = left < PREFAULT_CHUNK ? left : PREFAULT_CHUNK;

		if (madvise(job->hva + offset, chunk, MADV_POPULATE_WRITE) < 0 && errno != EINVAL)
			job->err = -errno;
		atomic_fetch_add(&job->done, chunk);
	}
	return NULL;
}

/* Watches from the calling thread; the line is overwritten in place and ends with the job. */
static void prefault_watch(struct prefault *job)
{
	const struct timespec tick = { .tv_nsec = 50000000 };
	unsigned int waited_ms = 0;
	int shown = 0;

	while (!job->err && job->done < job->size) {
		nanosleep(&tick, NULL);
		waited_ms += 50;
		if (waited_ms >= PREFAULT_QUIET_MS)
			shown = fprintf(stderr, "\rminivmm: preparing guest RAM: %zu of %zu MiB ",
					job->done >> 20, job->size >> 20);
	}
	if (shown)
		fputc('\n', stderr);
}

int prefault_memory(void *hva, size_t size)
{
	struct prefault job = { .hva = hva, .size = size };
	pthread_t threads[PREFAULT_THREADS_MAX];
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int started = 0;

	while (started < PREFAULT_THREADS_MAX && (long)started < cpus &&
	       started < size / PREFAULT_CHUNK &&
	       !pthread_create(&threads[started], NULL, prefault_worker, &job))
		started++;
	if (!started)
		prefault_worker(&job);
	else if (isatty(STDERR_FILENO))
		prefault_watch(&job);
	while (started)
		pthread_join(threads[--started], NULL);
	return job.err ? log_errno("guest RAM", job.err, "allocate %zu MiB", size >> 20) : 0;
}
