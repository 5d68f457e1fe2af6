/* SPDX-License-Identifier: MIT */
/*
 * Files that another program or another machine serves: FUSE, NFS and their kin.
 *
 * Whoever reads, writes or only closes such a file may wait as long as its server likes, and on
 * FUSE not even SIGKILL ends that wait. So minivmm has none of them open while a guest runs.
 *
 * Read beside it: statfs(2); Linux' fs/fuse/dev.c, request_wait_answer().
 */
#ifndef MINIVMM_SERVED_FILE_H
#define MINIVMM_SERVED_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the open file is such a file. Others, pipes and devices among them, are not. */
bool served_file_is_one(int fd);

/*
 * If it is one, put a copy in memory in its place, which is read only by pread(); one of more than
 * `most` bytes stays as it is. 0 or -errno, not logged.
 */
int served_file_copy(int fd, uint64_t most);

#endif
