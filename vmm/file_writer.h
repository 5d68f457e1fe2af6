/* SPDX-License-Identifier: MIT */
/*
 * Processes that write files in minivmm's place, because a write may never return: served_file.h,
 * file_keeper.h. Such a process has nothing else open and may make no other calls.
 */
#ifndef MINIVMM_FILE_WRITER_H
#define MINIVMM_FILE_WRITER_H

#include <stdbool.h>

#include "vmm/base/file_keeper.h"

/*
 * Start the process behind a keeper, for the file that the keeper has open. The file is the
 * process's alone from then on, with the locks on it. It is confined if `confined`. 0 or -errno,
 * logged.
 */
int file_writer_keep(struct file_keeper *keeper, bool confined);

/* A process that writes to the end of a file whatever comes through a pipe. */
struct file_relay {
	pid_t pid; /* 0: there is none */
	const char *name;
};

/*
 * If `fd` is a file that a program or a machine serves, replace it by a pipe to a process that has
 * the file; else, or if `fd` is -1, do nothing. Then whoever writes waits for a reader of a pipe:
 * patient_stream.h. `name` must outlive it. 0 or -errno, logged.
 */
int file_relay_start(struct file_relay *relay, int fd, const char *name, bool confined);

/*
 * To be called when the pipe is closed: wait a short time until all is written, and log what went
 * wrong. Accepts a zeroed one.
 */
void file_relay_finish(struct file_relay *relay);

#endif
