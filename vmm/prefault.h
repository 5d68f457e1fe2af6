/* SPDX-License-Identifier: MIT */
/*
 * Giving guest RAM its pages before they are needed, with all CPUs at once.
 *
 * Pinning memory for DMA allocates and zeroes every page of it in one thread inside one system
 * call. Done here beforehand, it takes as many threads as there are CPUs, goes on while KVM and the
 * device come to life - both spend most of their time waiting - and somebody can watch.
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
	size_t chunk;        /* what a thread takes at a time */
	_Atomic size_t next; /* offset of the first chunk nobody has taken */
	_Atomic size_t done;
	_Atomic int err;
	pthread_t threads[PREFAULT_THREADS_MAX];
	unsigned int started;
	unsigned int waited_ms; /* by prefault_finish() */
	bool shown;             /* a progress line */
};

/*
 * Begin to populate [hva, hva + size), whose pages have `page` bytes (0: the ordinary ones), and
 * return. The threads run on the CPUs of `near`, or anywhere if it is empty. The job must stay
 * where it is until prefault_finish().
 */
void prefault_start(struct prefault *job, void *hva, size_t size, size_t page,
		    const struct cpu_list *near);

/*
 * Returns when all pages are there, at once if they are. On a terminal a progress line appears once
 * that takes longer than a second. 0; or -errno, logged: -ENOMEM when memory ran out, -EINTR when a
 * signal is pending that ends minivmm. A kernel without MADV_POPULATE_WRITE does nothing.
 */
int prefault_finish(struct prefault *job);

/* Give up: returns when no thread touches the memory any more. Accepts a zeroed or finished job. */
void prefault_cancel(struct prefault *job);

#endif
