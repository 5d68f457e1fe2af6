/* SPDX-License-Identifier: MIT */
/*
 * Messages to the person at the keyboard: one line each, on standard error.
 *
 * Owns the shape of a message, `minivmm: error: OBJECT: what: why`, and of the line that fixes it,
 * `  fix: COMMAND`. Whoever makes a failing call logs it, once; callers only pass the error on.
 * While a guest runs, a message that comes again and again is shown a few times: log_limit.h.
 */
#ifndef MINIVMM_LOG_H
#define MINIVMM_LOG_H

#include <stddef.h>

/* Something failed and the request cannot be carried out. `object` names what it failed on. */
void log_error(const char *object, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * In the place of an errno: what went wrong was logged where it happened, maybe by another thread
 * or process. log_errno() says nothing about it, so that callers need not know, and no errno has to
 * be made up for it. It is no errno of the kernel's.
 */
#define LOG_TOLD 4095

/*
 * A failed system call: appends the text of `err`, a -errno, to the message; -LOG_TOLD gives none.
 * Returns err, so that a caller can write `return log_errno(bdf, -errno, "open")`.
 */
int log_errno(const char *object, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Returns words for `err`, a -errno or -LOG_TOLD, to stand in a line of another kind. */
const char *log_reason(int err);

/* Something is not as it should be, but the guest goes on. */
void log_warn(const char *object, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Something that the user wants to know. */
void log_info(const char *object, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Keep the text of this thread's errors, for a caller that must also report it elsewhere: the next
 * error is copied into `text`, which is the caller's and is emptied first, until this is called
 * with NULL.
 */
void log_keep_error(char *text, size_t size);

/*
 * Another process has logged this error, for this thread: only who keeps errors is told of it. ""
 * is none.
 */
void log_repeat_error(const char *words);

/* The exact line that mends the error before it. */
void log_fix(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
