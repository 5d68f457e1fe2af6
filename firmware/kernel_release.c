/* SPDX-License-Identifier: MIT */
#include "kernel_release.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define RELEASE_GREETING "Linux version "
#define RELEASE_CHUNK    (1ul << 20)

/* In a bzImage: a magic word, and the offset of the release's text. */
#define RELEASE_SETUP_MAGIC   0x202
#define RELEASE_SETUP_POINTER 0x20e
#define RELEASE_SETUP_BASE    0x200

/*
 * Copy the text up to a blank. Returns false for a text that is no release, such as a format of
 * printf().
 */
static bool release_copy(const char *from, size_t size, char release[KERNEL_RELEASE_MAX])
{
	size_t length = 0;

	while (length < size && isgraph((unsigned char)from[length]) && from[length] != '/')
		length++;
	if (length == 0 || length == size || length >= KERNEL_RELEASE_MAX ||
	    !isdigit((unsigned char)from[0]) || from[length] != ' ')
		return false;
	snprintf(release, KERNEL_RELEASE_MAX, "%.*s", (int)length, from);
	return true;
}

bool kernel_release_search(const void *bytes, size_t size, char release[KERNEL_RELEASE_MAX])
{
	const size_t length = strlen(RELEASE_GREETING);
	const char *at = bytes, *end = at + size;

	while ((at = memmem(at, (size_t)(end - at), RELEASE_GREETING, length))) {
		at += length;
		if (release_copy(at, (size_t)(end - at), release))
			return true;
	}
	return false;
}

static bool release_read_setup(const struct kernel_file *file, char release[KERNEL_RELEASE_MAX])
{
	char magic[4] = "", text[KERNEL_RELEASE_MAX + 1];
	uint16_t at = 0;
	ssize_t n;

	if (pread(file->fd, magic, sizeof(magic), RELEASE_SETUP_MAGIC) != sizeof(magic) ||
	    memcmp(magic, "HdrS", sizeof(magic)) != 0 ||
	    pread(file->fd, &at, sizeof(at), RELEASE_SETUP_POINTER) != sizeof(at) || at == 0)
		return false;
	n = pread(file->fd, text, sizeof(text), RELEASE_SETUP_BASE + at);
	return n > 0 && release_copy(text, (size_t)n, release);
}

/* Each part is searched together with the end of the part before, where the words may begin. */
static bool release_read_parts(const struct kernel_file *file, char *part,
			       char release[KERNEL_RELEASE_MAX])
{
	const size_t overlap = strlen(RELEASE_GREETING) + KERNEL_RELEASE_MAX;
	off_t at = 0;
	ssize_t n;

	while ((n = pread(file->fd, part, RELEASE_CHUNK, at)) > 0) {
		if (kernel_release_search(part, (size_t)n, release))
			return true;
		if ((size_t)n <= overlap)
			return false;
		at += n - (ssize_t)overlap;
	}
	return false;
}

bool kernel_release_read(const struct kernel_file *file, char release[KERNEL_RELEASE_MAX])
{
	char *part;
	bool found;

	if (release_read_setup(file, release))
		return true;
	part = malloc(RELEASE_CHUNK);
	found = part && release_read_parts(file, part, release);
	free(part);
	return found;
}
