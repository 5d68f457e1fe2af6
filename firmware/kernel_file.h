/* SPDX-License-Identifier: MIT */
/*
 * A kernel or initrd given by the user: what can be wrong with it as a file, and reading it.
 *
 * Owns the checks that no kernel format adds to: it is a file, it is not empty, and it still holds
 * the bytes asked for. Does not own the descriptor, and knows no format; see linux_bzimage.h,
 * linux_pvh.h.
 */
#ifndef MINIVMM_KERNEL_FILE_H
#define MINIVMM_KERNEL_FILE_H

#include <stddef.h>
#include <stdint.h>

#define KERNEL_FILE_HEAD 4096

struct kernel_file {
	int fd;
	const char *name; /* for messages; the caller's */
	uint64_t size;    /* bytes, never 0 */
};

/* The first bytes of a file, by which its format is known. */
struct kernel_head {
	size_t size;
	uint8_t bytes[KERNEL_FILE_HEAD];
};

/* Look at an open file. -EISDIR, -EINVAL for what is not a file, -ENODATA when empty; logged. */
int kernel_file_init(struct kernel_file *file, int fd, const char *name);

/* Read exactly `size` bytes at `offset`. 0, or -EIO when the file ends before them; logged. */
int kernel_file_read(const struct kernel_file *file, uint64_t offset, void *buffer, uint64_t size);

/* The first KERNEL_FILE_HEAD bytes, or all of a shorter file. 0 or -errno, logged. */
int kernel_file_read_head(const struct kernel_file *file, struct kernel_head *head);

/* Says that the file is not `wanted`, and how to unpack it if it is a packed one. Returns -ENOEXEC.
 */
int kernel_file_refuse(const struct kernel_file *file, const struct kernel_head *head,
		       const char *wanted);

#endif
