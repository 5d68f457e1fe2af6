/* SPDX-License-Identifier: MIT */
#include "prefault.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "vmm/base/pending_signal.h"
#include "vmm/trace/log.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/*
 * While a chunk is populated, every mmap() of the process must wait, so chunks must not be too
 * large.
 */
#define PREFAULT_CHUNK    (16ul << 20)
#define PREFAULT_QUIET_MS 1000
#define PREFAULT_TICK_MS  50

static void *prefault_worker(void *arg)
{
	struct prefault *job = arg;
	size_t offset;

	while (!job->err && (offset = atomic_fetch_add(&job->next, job->chunk)) < job->size) {
		size_t left = job->size - offset;
		size_t chunk = left < job->chunk ? left : job->chunk;

		if (madvise(job->hva + offset, chunk, MADV_POPULATE_WRITE) < 0 && errno != EINVAL)
			job->err = -errno;
		atomic_fetch_add(&job->done, chunk);
	}
	return NULL;
}

/* A thread that may not run there runs anywhere, which is slower but correct. */
static void prefault_place(pthread_t thread, const struct cpu_list *near)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (unsigned int i = 0; i < near->count; i++)
		CPU_SET(near->cpus[i], &set);
	if (near->count)
		pthread_setaffinity_np(thread, sizeof(set), &set);
}

void prefault_start(struct prefault *job, void *hva, size_t size, size_t page,
		    const struct cpu_list *near)
{
	long cpus = near->count ? (long)near->count : sysconf(_SC_NPROCESSORS_ONLN);

	*job = (struct prefault){ .hva = hva,
				  .size = size,
				  .chunk = page > PREFAULT_CHUNK ? page : PREFAULT_CHUNK };
	while (job->started < PREFAULT_THREADS_MAX && (long)job->started < cpus &&
	       job->started * job->chunk < size &&
	       !pthread_create(&job->threads[job->started], NULL, prefault_worker, job))
		prefault_place(job->threads[job->started++], near);
}

/* The line is overwritten in place. Returns how many characters it has. */
static int prefault_show(const struct prefault *job)
{
	double rate = (double)job->done / (job->waited_ms / 1e3);
	double left = (double)(job->size - job->done) / rate;

	return fprintf(stderr,
		       "\rminivmm: preparing guest RAM: %zu of %zu MiB, %.1f GiB/s, %.0f s left ",
		       job->done >> 20, job->size >> 20, rate / (1u << 30), left);
}

/*
 * Until the thread ends, show the progress at intervals, and check whether a signal wants minivmm
 * to end.
 */
static void prefault_watch(struct prefault *job, pthread_t thread)
{
	bool terminal = isatty(STDERR_FILENO);
	struct timespec until;

	for (clock_gettime(CLOCK_MONOTONIC, &until);; job->waited_ms += PREFAULT_TICK_MS) {
		until.tv_nsec += PREFAULT_TICK_MS * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0)
			return;
		if (pending_signal_ends())
			job->err = -EINTR;
		else if (terminal && job->waited_ms >= PREFAULT_QUIET_MS && job->done)
			job->shown = prefault_show(job) > 0;
	}
}

int prefault_finish(struct prefault *job)
{
	if (!job->started)
		/* does the work itself if there is no thread, or returns at once */
		prefault_worker(job);
	while (job->started)
		prefault_watch(job, job->threads[--job->started]);
	if (job->shown)
		fputc('\n', stderr);
	job->shown = false;
	if (job->err)
		return log_errno("guest RAM", job->err, "allocate %zu MiB", job->size >> 20);
	return 0;
}

void prefault_cancel(struct prefault *job)
{
	job->err = -ECANCELED;
	while (job->started)
		pthread_join(job->threads[--job->started], NULL);
}
