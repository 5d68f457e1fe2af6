/* SPDX-License-Identifier: MIT */
/*
 * Counts, over all inputs, the things that a fuzzer is about, and prints the sum at the end of
 * the fuzzer.
 */
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

/*
 * `what` names the things that fuzz_tally.count counts; it is a literal. LLVMFuzzerInitialize()
 * calls this.
 */
static inline int fuzz_tally_begin(const char *what)
{
	fuzz_tally.what = what;
	return atexit(fuzz_tally_print);
}

#endif
