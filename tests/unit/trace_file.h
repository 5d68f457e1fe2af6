/* SPDX-License-Identifier: MIT */
/* A trace of a few calls, caught as text between two calls. */
#ifndef MINIVMM_TESTS_TRACE_FILE_H
#define MINIVMM_TESTS_TRACE_FILE_H

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vmm/trace/trace.h"

struct trace_file {
	char path[64];
	char text[64 * 1024];
};

/* `suffix` decides the form: ".txt" or ".json". */
static inline void trace_file_begin(struct trace_file *caught, const char *suffix,
				    unsigned int topics)
{
	struct trace_options options = { .file = caught->path, .topics = topics };

	snprintf(caught->path, sizeof(caught->path), "/tmp/minivmm-trace-%d%s", getpid(), suffix);
	ck_assert_int_eq(trace_open(&options), 0);
}

static inline void trace_file_end(struct trace_file *caught)
{
	size_t length;
	FILE *file;

	trace_close();
	file = fopen(caught->path, "re");
	ck_assert_ptr_nonnull(file);
	length = fread(caught->text, 1, sizeof(caught->text) - 1, file);
	caught->text[length] = '\0';
	fclose(file);
	unlink(caught->path);
}

#endif
