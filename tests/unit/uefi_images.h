/* SPDX-License-Identifier: MIT */
/*
 * Files of UEFI firmware that never ran: volumes with nothing in them, in a folder of their own.
 * The tests of the code that reads such files and of the machine that starts them share this.
 */
#ifndef MINIVMM_TESTS_UEFI_IMAGES_H
#define MINIVMM_TESTS_UEFI_IMAGES_H

#include <check.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scratch_folder.h"

/* The sizes are those of Debian's 2 MiB images. */
#define UEFI_CODE_SIZE 0x1e0000u
#define UEFI_VARS_SIZE 0x20000u

struct uefi_folder {
	char path[32];
	uint8_t bytes[2 * 0x400000];
};

static inline void uefi_folder_begin(struct uefi_folder *folder)
{
	strcpy(folder->path, "/tmp/uefi_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder->path));
}

static inline void uefi_folder_end(struct uefi_folder *folder)
{
	ck_assert_int_eq(scratch_folder_remove(folder->path), 0);
}

/* Returns a path in the folder. The last four paths stay valid. */
static inline const char *uefi_path(const struct uefi_folder *folder, const char *name)
{
	static char paths[4][64];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder->path, name);
	return path;
}

/* Make a volume that is filled with its letter: v for variables, c for code. Returns its size. */
static inline size_t uefi_put_volume(uint8_t *at, char letter)
{
	static const uint8_t vars[16] = { 0x8d, 0x2b, 0xf1, 0xff, 0x96, 0x76, 0x8b, 0x4c,
					  0xa9, 0x85, 0x27, 0x47, 0x07, 0x5b, 0x4f, 0x50 };
	uint64_t size = letter == 'v' ? UEFI_VARS_SIZE : UEFI_CODE_SIZE;

	memset(at, letter, size);
	if (letter == 'v')
		memcpy(at + 16, vars, sizeof(vars));
	memcpy(at + 32, &size, sizeof(size));
	memcpy(at + 40, "_FVH", 4);
	return size;
}

/* Make a file of volumes, one for each letter, less `cut` bytes at its end. Returns its path. */
static inline const char *uefi_write_file(struct uefi_folder *folder, const char *name,
					  const char *letters, size_t cut)
{
	const char *path = uefi_path(folder, name);
	size_t size = 0;
	int fd;

	for (; *letters; letters++)
		size += uefi_put_volume(folder->bytes + size, *letters);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(fd, folder->bytes, size - cut), size - cut);
	close(fd);
	return path;
}

#endif
