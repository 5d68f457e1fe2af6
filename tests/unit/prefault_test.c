/* SPDX-License-Identifier: MIT */
/* vmm/prefault.c: afterwards every page is there, or what cannot be populated is reported. */
#include <errno.h>
#include <sys/mman.h>

#include "stderr_text.h"
#include "unit.h"
#include "vmm/prefault.h"

#define PAGE 4096ul
#define MIB  (1ul << 20)

static void *reserve(size_t size, int prot)
{
	void *at = mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ck_assert_ptr_ne(at, MAP_FAILED);
	return at;
}

static int prefault_memory(void *at, size_t size)
{
	static const struct cpu_list anywhere;
	static struct prefault job;

	prefault_start(&job, at, size, 0, &anywhere);
	return prefault_finish(&job);
}

static size_t resident_pages(void *at, size_t size)
{
	unsigned char *pages = calloc(size / PAGE, 1);
	size_t count = 0;

	ck_assert_int_eq(mincore(at, size, pages), 0);
	for (size_t i = 0; i < size / PAGE; i++)
		count += pages[i] & 1;
	free(pages);
	return count;
}

/*
 * The size is less than a chunk, or chunks for several threads and a rest that is no whole chunk.
 */
static const size_t sizes[] = { PAGE, 3 * MIB, 64 * MIB, 128 * MIB, 160 * MIB + PAGE };

START_TEST(all_pages_are_there)
{
	size_t size = sizes[_i];
	char *at = reserve(size + PAGE, PROT_READ | PROT_WRITE);

	madvise(at, size + PAGE, MADV_NOHUGEPAGE);
	ck_assert_int_eq(prefault_memory(at, size), 0);
	ck_assert_uint_eq(resident_pages(at, size), size / PAGE);
	ck_assert_uint_eq(resident_pages(at + size, PAGE), 0);
	munmap(at, size + PAGE);
}
END_TEST

START_TEST(memory_that_is_not_there)
{
	size_t size = 130 * MIB;
	char *at = reserve(size, PROT_READ | PROT_WRITE);
	struct stderr_text caught;
	int ret;

	munmap(at + 100 * MIB, PAGE);
	stderr_begin(&caught);
	ret = prefault_memory(at, size);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOMEM);
	stderr_holds(&caught, "minivmm: error: guest RAM: allocate 130 MiB");
	munmap(at, size);
}
END_TEST

/* A start that fails elsewhere gives up the rest. The memory may go away at once. */
START_TEST(cancelled)
{
	static const struct cpu_list anywhere;
	static struct prefault job, unused;
	size_t size = 256 * MIB;
	char *at = reserve(size, PROT_READ | PROT_WRITE);

	prefault_start(&job, at, size, 0, &anywhere);
	prefault_cancel(&job);
	munmap(at, size);
	prefault_cancel(&job);
	prefault_cancel(&unused);
	ck_assert_uint_eq(job.started, 0);
}
END_TEST

UNIT_MAIN("prefault", { cancelled, 0 }, { all_pages_are_there, UNIT_COUNT(sizes) },
	  { memory_that_is_not_there, 0 })
