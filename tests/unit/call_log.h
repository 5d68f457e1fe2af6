/* SPDX-License-Identifier: MIT */
/*
 * One list of what happened, in order. The stand-ins for KVM and for a VFIO backend share it,
 * because most rules of passthrough are about what comes before what, across both.
 */
#ifndef MINIVMM_TESTS_CALL_LOG_H
#define MINIVMM_TESTS_CALL_LOG_H

/* Forget everything. */
void calls_begin(void);

/* Add a line. Lines past the end of the list are counted but not kept. */
void calls_add(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Check that exactly these lines came, each ended by a newline. Then forget them. */
void calls_expect(const char *expected);

/* Returns how many lines start with `start`. */
unsigned int calls_count(const char *start);

/*
 * Returns the position of the first or the last line that starts with `start`. There must be such
 * a line.
 */
unsigned int calls_first(const char *start);
unsigned int calls_last(const char *start);

#endif
