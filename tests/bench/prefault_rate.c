/* SPDX-License-Identifier: MIT */
/*
 * prefault_rate MIB measures how fast vmm/prefault.c populates memory with 1, 2, 4 and more
 * threads, beside how fast as many threads fill memory that is there already. It prints a line
 * with the ratio for each number of threads. The figures have no verdict.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "vmm/prefault.h"

#define ALIGN (2ul << 20)

struct part {
	pthread_t thread;
	char *at;
	size_t size;
	unsigned int cpu;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Find the first `count` CPUs that this process may use, or fewer if there are not as many. */
static struct cpu_list first_cpus(unsigned int count)
{
	struct cpu_list list = { .count = 0 };
	cpu_set_t set;

	sched_getaffinity(0, sizeof(set), &set);
	for (unsigned int cpu = 0; cpu < CPU_LIST_MAX && list.count < count; cpu++)
		if (CPU_ISSET(cpu, &set))
			list.cpus[list.count++] = (uint16_t)cpu;
	return list;
}

static void *fill(void *arg)
{
	const struct part *part = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(part->cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	memset(part->at, 1, part->size);
	return NULL;
}

/* Returns the seconds in which the CPUs fill the memory. Each fills a part of it. */
static double fill_all(char *ram, size_t size, const struct cpu_list *cpus)
{
	static struct part parts[PREFAULT_THREADS_MAX];
	double began = now();

	for (unsigned int i = 0; i < cpus->count; i++) {
		parts[i].at = ram + size / cpus->count * i;
		parts[i].size = size / cpus->count;
		parts[i].cpu = cpus->cpus[i];
		pthread_create(&parts[i].thread, NULL, fill, &parts[i]);
	}
	for (unsigned int i = 0; i < cpus->count; i++)
		pthread_join(parts[i].thread, NULL);
	return now() - began;
}

static int measure(size_t size, const struct cpu_list *cpus)
{
	struct prefault job;
	char *map = mmap(NULL, size + ALIGN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	char *ram = map + ALIGN - (size_t)map % ALIGN;
	double began, populated, filled, gib = (double)size / (1u << 30);
	int ret;

	if (map == MAP_FAILED)
		return -1;
	madvise(ram, size, MADV_HUGEPAGE);
	began = now();
	prefault_start(&job, ram, size, 0, cpus);
	ret = prefault_finish(&job);
	populated = now() - began;
	filled = fill_all(ram, size, cpus);
	if (ret == 0)
		printf("pre-fault by %u threads: %.1f GiB/s, filling: %.1f GiB/s, ratio %.2f\n",
		       cpus->count, gib / populated, gib / filled, filled / populated);
	munmap(map, size + ALIGN);
	return ret;
}

int main(int argc, char **argv)
{
	size_t size = argc > 1 ? strtoul(argv[1], NULL, 10) << 20 : 0;
	unsigned int before = 0;
	int ret = size ? 0 : -1;

	for (unsigned int count = 1; ret == 0 && count <= PREFAULT_THREADS_MAX; count *= 2) {
		struct cpu_list cpus = first_cpus(count);

		if (cpus.count == before)
			break;
		before = cpus.count;
		ret = measure(size, &cpus);
	}
	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
