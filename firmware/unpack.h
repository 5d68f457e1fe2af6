/* SPDX-License-Identifier: MIT */
/*
 * Packed kernels: gzip, xz, lzma, zstd and lz4, the formats in which Linux' build packs its
 * images.
 *
 * Owns the loop from a file to memory, and the differences between the libraries. Knows nothing
 * of kernels.
 *
 * Read beside it: RFC 1952 (gzip), RFC 8878 (zstd), the .xz file format, and lz4's
 * lz4_Frame_format.md, "Legacy frame", which is the format that Linux' build makes.
 */
#ifndef MINIVMM_UNPACK_H
#define MINIVMM_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel_file.h"

struct unpack_format;

/* Returns the format whose magic number these bytes begin with, or NULL. Does not log. */
const struct unpack_format *unpack_find_magic(const uint8_t *bytes, size_t size);

/*
 * Returns the format that Linux' EFI programs call `name`, such as "zstd22" or "xzkern", or NULL.
 * Does not log.
 */
const struct unpack_format *unpack_find_name(const char *name);

/* Where the packed bytes lie in a file. */
struct unpack_source {
	const struct kernel_file *file;
	const struct unpack_format *format;
	uint64_t offset, size;
};

/*
 * Unpack to `to` until the packed data ends (*end is true then) or until `room` bytes are
 * written. Returns how many bytes of `room` are left; -ENOEXEC for data that is truncated or
 * spoiled, or another -errno; logged.
 */
int64_t unpack_file(const struct unpack_source *source, void *to, uint64_t room, bool *end);

#endif
