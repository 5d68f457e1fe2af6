/* SPDX-License-Identifier: MIT */
/* How much of the thing that a fuzzer is about was in all its inputs, printed at its end. */
#ifndef MINIVMM_FUZZ_TALLY_H
#define MINIVMM_FUZZ_TALLY_H

#include <stdio.h>
#include <stdlib.h>

static struct {
	const char *what;
	unsigned long count;
} fuzz_tally;

static inline void fuzz_tally_print(void)
{
	printf("stat::tally: %lu %s\n", fuzz_tally.count, fuzz_tally.what);
}

/* `what` is counted by fuzz_tally.count; a literal. For LLVMFuzzerInitialize(). */
static inline int fuzz_tally_begin(const char *what)
{
	fuzz_tally.what = what;
	return atexit(fuzz_tally_print);
}

#endif
