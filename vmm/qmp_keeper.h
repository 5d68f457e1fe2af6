/* SPDX-License-Identifier: MIT */
/*
 * The control socket's file, and the process that makes it and removes it.
 *
 * A confined minivmm can remove no file, and one that is killed cannot either. So a process of its
 * own does, which waits until minivmm has ended. It also makes the file: then there is no moment at
 * which the file is there and nobody would remove it.
 *
 * Read beside it: unix(7).
 */
#ifndef MINIVMM_QMP_KEEPER_H
#define MINIVMM_QMP_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

struct qmp_keeper {
	pid_t pid; /* 0: there is none */
	int fd;    /* closed when minivmm ends, which the process waits for */
};

/*
 * Bind the Unix socket `socket` to `path`, and listen there. Only its owner may use the file. A
 * socket that is there already, and to which no program listens, is replaced; any other file is
 * not. The process has no right but to remove the file if `confined`. 0 or -errno, logged; the
 * socket stays the caller's.
 */
int qmp_keeper_start(struct qmp_keeper *keeper, const char *path, int socket, bool confined);

/* Let it remove the file, and wait for that. Accepts a keeper of which `pid` is 0. */
void qmp_keeper_end(struct qmp_keeper *keeper);

#endif
