/* SPDX-License-Identifier: MIT */
/*
 * Writing all that there is to write, or telling why it could not be: after a part, as on a full
 * disk, the next write says so.
 *
 * Read beside it: write(2).
 */
#ifndef MINIVMM_WRITE_WHOLE_H
#define MINIVMM_WRITE_WHOLE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Write `size` bytes at `offset` of the file, or where the file is if that is -1. 0, or the -errno
 * of the write that failed, or -EIO if one took nothing; not logged. A part may have been written
 * then.
 */
int write_whole(int fd, const void *bytes, size_t size, off_t offset);

#endif
