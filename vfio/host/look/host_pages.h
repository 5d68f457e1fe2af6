/* SPDX-License-Identifier: MIT */
/*
 * What the host says of its memory: pools of huge pages, NUMA nodes. Looks; changes nothing. None
 * of these functions logs.
 *
 * Read beside it: Documentation/admin-guide/mm/hugetlbpage.rst,
 * Documentation/admin-guide/mm/numaperf.rst.
 */
#ifndef MINIVMM_HOST_PAGES_H
#define MINIVMM_HOST_PAGES_H

#include <stddef.h>
#include <stdint.h>

/* Huge pages of one size, of the whole host or of one NUMA node. */
struct host_huge_pool {
	uint64_t total;
	uint64_t available; /* neither used nor promised to somebody */
	uint64_t surplus;   /* that the kernel may make beside the pool, if it has the memory */
	char folder[96];    /* of sysfs, in which nr_hugepages says how many there shall be */
};

/* The size of the huge pages that one gets without naming a size, in bytes; 0 if there are none. */
uint64_t host_default_huge_page(void);

/*
 * The pool of pages of `size` bytes; `node` is -1 for all nodes. 0, or -errno where it is unknown.
 */
int host_read_huge_pool(uint64_t size, int node, struct host_huge_pool *pool);

/* The NUMA node that a PCI device is next to, or -1. */
int host_read_device_node(const char *bdf);

/* The CPUs of a NUMA node, in Linux's notation "0-3,8". 0 or -errno. */
int host_read_node_cpus(int node, char *text, size_t size);

#endif
