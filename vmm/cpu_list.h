/* SPDX-License-Identifier: MIT */
/*
 * Lists of CPUs as Linux writes them: "2-5,8".
 *
 * Read beside it: cpuset(7), "List format".
 */
#ifndef MINIVMM_CPU_LIST_H
#define MINIVMM_CPU_LIST_H

#include <stdbool.h>
#include <stdint.h>

#define CPU_LIST_MAX 1024 /* the number of CPUs, and the number of each, must be smaller */

struct cpu_list {
	unsigned int count;
	uint16_t cpus[CPU_LIST_MAX]; /* in the order in which they are named */
};

/* Parse a list. 0, or -EINVAL for anything else, also an empty list. Not logged. */
int cpu_list_parse(struct cpu_list *list, const char *text);

bool cpu_list_has(const struct cpu_list *list, unsigned int cpu);

#endif
