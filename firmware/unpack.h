/* SPDX-License-Identifier: MIT */
/*
 * Packed kernels: gzip, xz, lzma, zstd and lz4, as Linux' build packs its images.
 *
 * Owns the loop from a file to memory, and what differs between the libraries. Knows nothing of
 * kernels.
 *
 * Read beside it: RFC 1952 (gzip), RFC 8878 (zstd), the .xz file format, and lz4's
 * lz4_Frame_format.md, "Legacy frame", which is what Linux' build makes.
 */
#ifndef MINIVMM_UNPACK_H
#define MINIVMM_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel_file.h"

struct unpack_format;

/* The format of what begins so, or NULL. */
const struct unpack_format *unpack_find_magic(const uint8_t *bytes, size_t size);

/* The format that an EFI program of Linux calls so, such as "zstd22" or "xzkern"; or NULL. */
const struct unpack_format *unpack_find_name(const char *name);

/* Where packed bytes are in a file. */
struct unpack_source {
	const struct kernel_file *file;
	const struct unpack_format *format;
	uint64_t offset, size;
};

/*
 * Unpack to `to` until the end, or until `room` bytes are there; *end tells which. Returns how many
 * bytes of the room are left; -ENOEXEC for what is truncated or spoiled, or -errno: logged.
 */
int64_t unpack_file(const struct unpack_source *source, void *to, uint64_t room, bool *end);

#endif
