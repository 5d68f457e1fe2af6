/* SPDX-License-Identifier: MIT */
/* A child process of a test, and what it said before it ended. */
#ifndef MINIVMM_TESTS_CHILD_PROCESS_H
#define MINIVMM_TESTS_CHILD_PROCESS_H

#include <stdbool.h>

#include "vmm/base/thread_guard.h"

struct child {
	int status; /* of waitpid() */
	char said[512];
};

/*
 * Do `work` in a child, and wait for the child. It ends without what a sanitizer does at exit().
 */
void child_run(struct child *child, void (*work)(enum thread_kind kind), enum thread_kind kind);

/* Check that the child ended with this status, and that it said this text among others. */
void child_expect(const struct child *child, int status, const char *text);

/*
 * To be called in the child. Unless the condition holds, it says what was not done and ends with
 * status 3.
 */
void child_must(bool done, const char *what);

#endif
