/* SPDX-License-Identifier: MIT */
/* What the code under test says to the user. Standard error is caught between two calls. */
#ifndef MINIVMM_TESTS_STDERR_TEXT_H
#define MINIVMM_TESTS_STDERR_TEXT_H

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct stderr_text {
	int saved;
	int fd;
	char text[4096];
};

static inline void stderr_begin(struct stderr_text *caught)
{
	memset(caught, 0, sizeof(*caught));
	fflush(stderr);
	caught->fd = memfd_create("stderr", MFD_CLOEXEC);
	caught->saved = dup(STDERR_FILENO);
	ck_assert_int_ge(dup2(caught->fd, STDERR_FILENO), 0);
}

static inline void stderr_end(struct stderr_text *caught)
{
	fflush(stderr);
	dup2(caught->saved, STDERR_FILENO);
	close(caught->saved);
	ck_assert_int_ge(pread(caught->fd, caught->text, sizeof(caught->text) - 1, 0), 0);
	close(caught->fd);
}

/* The text must hold `words`. */
static inline void stderr_holds(const struct stderr_text *caught, const char *words)
{
	ck_assert_msg(strstr(caught->text, words), "no `%s` in: %s", words, caught->text);
}

#endif
