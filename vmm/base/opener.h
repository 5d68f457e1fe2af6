/* SPDX-License-Identifier: MIT */
/*
 * Opening files that are opened more than once in a run, from where no file may be opened any more.
 *
 * A process of its own, made in time, opens them and hands them over: sandbox/sandbox_opener.h.
 * Here is what whoever wants a file knows of it.
 */
#ifndef MINIVMM_OPENER_H
#define MINIVMM_OPENER_H

#include <limits.h>
#include <stdint.h>

/* A socket to the process that opens; one request at a time, from one thread. */
struct opener {
	int socket;
};

/* An answer; with it comes the file when err is 0. The question is the path alone. */
struct opener_answer {
	int32_t err; /* 0 or -errno */
};

/*
 * Open `path` to read and write, close-on-exec: by `opener`, or directly if that is NULL. The file,
 * or -errno, not logged: what open() gave, -EIO where the process is lost.
 */
int opener_open(const struct opener *opener, const char *path);

#endif
