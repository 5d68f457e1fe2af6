/* SPDX-License-Identifier: MIT */
/*
 * A kernel or initrd given by the user, as a file: what can be wrong with it, and how it is read.
 *
 * Owns the checks that are the same for every kernel format: the file is a regular file, it is
 * not empty, and it still holds the bytes that are asked for. Does not own the descriptor, and
 * knows no format: see linux_bzimage.h, linux_pvh.h and linux_arm64.h.
 */
#ifndef MINIVMM_KERNEL_FILE_H
#define MINIVMM_KERNEL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_FILE_HEAD  4096
#define KERNEL_FILE_PIECE 32768 /* bytes that a sparse file is read by */

struct kernel_file {
	int fd;
	const char *name; /* for messages; stays the caller's */
	uint64_t size;    /* bytes, never 0 */
};

/* The first bytes of a file, by which its format is recognized. */
struct kernel_head {
	size_t size;
	uint8_t bytes[KERNEL_FILE_HEAD];
};

/*
 * Check an open file and take its size. Returns 0; -EISDIR for a folder, -EINVAL for what is no
 * regular file, -ENODATA for an empty one, or another -errno; logged.
 */
int kernel_file_init(struct kernel_file *file, int fd, const char *name);

/*
 * Read exactly `size` bytes at `offset`. Returns 0, or -EIO if the file ends before them, or
 * another -errno; logged.
 */
int kernel_file_read(const struct kernel_file *file, uint64_t offset, void *buffer, uint64_t size);

/*
 * The same for memory that is all zeroes: where the file has zeroes, the memory is not touched, so
 * that it takes up no room.
 */
int kernel_file_read_sparse(const struct kernel_file *file, uint64_t offset, void *buffer,
			    uint64_t size);

/* Returns whether all bytes are zero. Does not log. */
bool kernel_file_is_zero(const uint8_t *bytes, size_t size);

/*
 * Read the first KERNEL_FILE_HEAD bytes, or all of a shorter file. Returns 0 or -errno, logged.
 */
int kernel_file_read_head(const struct kernel_file *file, struct kernel_head *head);

/*
 * Log that the file is not a `wanted`, and how to unpack it if it is a packed one. Returns
 * -ENOEXEC.
 */
int kernel_file_refuse(const struct kernel_file *file, const struct kernel_head *head,
		       const char *wanted);

#endif
