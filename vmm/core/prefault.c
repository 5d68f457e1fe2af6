/* SPDX-License-Identifier: MIT */
#include "prefault.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "vmm/trace/log.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* A chunk holds up every mmap() of the process while it is populated: not too large. */
#define PREFAULT_CHUNK    (16ul << 20)
#define PREFAULT_QUIET_MS 1000

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

void prefault_start(struct prefault *job, void *hva, size_t size)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	*job = (struct prefault){ .hva = hva, .size = size };
	while (job->started < PREFAULT_THREADS_MAX && (long)job->started < cpus &&
	       job->started * PREFAULT_CHUNK < size &&
	       !pthread_create(&job->threads[job->started], NULL, prefault_worker, job))
		job->started++;
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

static void prefault_join(struct prefault *job)
{
	while (job->started)
		pthread_join(job->threads[--job->started], NULL);
}

int prefault_finish(struct prefault *job)
{
	if (job->started && isatty(STDERR_FILENO))
		prefault_watch(job);
	prefault_worker(job); /* what is left, or all of it where no thread could be had */
	prefault_join(job);
	if (job->err)
		return log_errno("guest RAM", job->err, "allocate %zu MiB", job->size >> 20);
	return 0;
}

void prefault_cancel(struct prefault *job)
{
	job->err = -ECANCELED;
	prefault_join(job);
}
