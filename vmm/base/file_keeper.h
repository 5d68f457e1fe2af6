/* SPDX-License-Identifier: MIT */
/*
 * A file that a process of its own writes to, because the write may never return.
 *
 * A file system that another program serves (FUSE) can keep a caller for as long as it likes; not
 * even SIGKILL ends such a wait, nor that for the file's close. So minivmm itself has no such file
 * open while a guest runs. It asks the process, waits for the answer, and can leave without it.
 *
 * Read beside it: Linux' fs/fuse/dev.c, request_wait_answer().
 */
#ifndef MINIVMM_FILE_KEEPER_H
#define MINIVMM_FILE_KEEPER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FILE_KEEPER_MAX 4096u /* bytes of one write */

struct file_keeper {
	const char *name;    /* for messages */
	int fd;              /* the file, or the socket to its process; -1: there is none */
	pid_t pid;           /* 0: it has no process yet, and writes are made here */
	bool lost;           /* it has not answered, and is not asked any more */
	atomic_uint waited;  /* ms that a thread has waited for an answer until now */
	atomic_bool hurried; /* nobody waits long any more */
};

/*
 * Write `size` bytes, FILE_KEEPER_MAX at most, at `offset`. One caller at a time. 0; -LOG_TOLD if
 * the process has ended, or if it does not answer while minivmm ends; or another -errno, not
 * logged.
 */
int file_keeper_write(struct file_keeper *keeper, const void *bytes, size_t size, uint64_t offset);

/* Whether somebody waits for an answer that does not come. */
bool file_keeper_is_stalled(const struct file_keeper *keeper);

/* Minivmm ends: a write that is under way is given up soon. */
void file_keeper_hurry(struct file_keeper *keeper);

/* End the process. One that does not answer is left behind, which is logged. Idempotent. */
void file_keeper_close(struct file_keeper *keeper);

/* The process's work: obey what comes from `socket`, until the other end is closed. */
void file_keeper_serve(int socket, int file);

#endif
