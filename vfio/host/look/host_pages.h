/* SPDX-License-Identifier: MIT */
/*
 * What the host says about its memory: pools of huge pages and NUMA nodes. These functions only
 * look, and none of them logs.
 *
 * Read beside it: Documentation/admin-guide/mm/hugetlbpage.rst,
 * Documentation/admin-guide/mm/numaperf.rst.
 */
#ifndef MINIVMM_HOST_PAGES_H
#define MINIVMM_HOST_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The pool of huge pages of one size, of the whole host or of one NUMA node. */
struct host_huge_pool {
	uint64_t total;
	uint64_t available; /* pages that are neither used nor promised to anybody */
	uint64_t surplus;   /* pages that the kernel may add to the pool, if it has the memory */
	char folder[96];    /* the file in sysfs that sets the pool's number of pages */
};

/* The size in bytes of huge pages that are asked for without a size; 0 if there are none. */
uint64_t host_default_huge_page(void);

/*
 * Read the pool of pages of `size` bytes; a `node` of -1 stands for the whole host. Returns 0, or
 * -errno if the pool is unknown.
 */
int host_read_huge_pool(uint64_t size, int node, struct host_huge_pool *pool);

/* Returns the NUMA node that a PCI device is next to, or -1. */
int host_read_device_node(const char *bdf);

/* Whether the host has more than one NUMA node, and whether one of its CPUs is that node's. */
bool host_has_nodes(void);
bool host_node_has_cpu(int node, unsigned int cpu);

/* Write the CPUs of a NUMA node in Linux's notation, "0-3,8". Returns 0 or -errno. */
int host_read_node_cpus(int node, char *text, size_t size);

/* The CPUs that run now, in the same notation. 0 or -errno. */
int host_read_online_cpus(char *text, size_t size);

#endif
