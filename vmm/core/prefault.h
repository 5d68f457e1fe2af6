/* SPDX-License-Identifier: MIT */
/*
 * Giving guest RAM its pages before they are needed, with all CPUs at once.
 *
 * Pinning memory for DMA allocates and zeroes every page of it in one thread inside one system
 * call. Done here beforehand, it takes as many threads as there are CPUs, and somebody can watch.
 */
#ifndef MINIVMM_PREFAULT_H
#define MINIVMM_PREFAULT_H

#include <stddef.h>

/*
 * Populate [hva, hva + size), page aligned. On a terminal a progress line appears once it takes
 * longer than a second. 0 or -errno, logged: -ENOMEM when memory ran out. A kernel without
 * MADV_POPULATE_WRITE does nothing.
 */
int prefault_memory(void *hva, size_t size);

#endif
