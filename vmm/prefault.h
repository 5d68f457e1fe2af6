/* SPDX-License-Identifier: MIT */
/*
 * Populates guest RAM before it is needed, with all CPUs at once.
 *
 * Pinning memory for DMA allocates and zeroes every page in one thread, inside one system call.
 * Here this is done earlier, by as many threads as there are CPUs, while KVM and the device are set
 * up, which is mostly waiting; and it shows its progress.
 */
#ifndef MINIVMM_PREFAULT_H
#define MINIVMM_PREFAULT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "cpu_list.h"

#define PREFAULT_THREADS_MAX 16

struct prefault {
	char *hva;
	size_t size;
	size_t chunk;        /* bytes that a thread takes at a time */
	_Atomic size_t next; /* offset of the first chunk nobody has taken */
	_Atomic size_t done;
	_Atomic int err;
	pthread_t threads[PREFAULT_THREADS_MAX];
	unsigned int started;
	unsigned int waited_ms; /* by prefault_finish() */
	bool shown;             /* a progress line */
};

/*
 * Begin to populate [hva, hva + size), whose pages have `page` bytes (0: ordinary pages), and
 * return. The threads run on the CPUs of `near`, or anywhere if it is empty. The address of *job
 * must not change until prefault_finish().
 */
void prefault_start(struct prefault *job, void *hva, size_t size, size_t page,
		    const struct cpu_list *near);

/*
 * Wait until all pages are populated. On a terminal a progress line appears if that takes longer
 * than a second. 0, or -errno, logged: -ENOMEM if memory ran out, -EINTR if a signal is pending
 * that ends minivmm. A kernel without MADV_POPULATE_WRITE does nothing.
 */
int prefault_finish(struct prefault *job);

/*
 * Cancel the job; returns when no thread touches the memory any more. Accepts a zeroed or finished
 * job.
 */
void prefault_cancel(struct prefault *job);

#endif
