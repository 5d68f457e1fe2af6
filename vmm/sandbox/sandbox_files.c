/* SPDX-License-Identifier: MIT */
#include "sandbox_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static bool files_keeps(int fd, const int *keep, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (keep[i] == fd)
			return true;
	return fd <= STDERR_FILENO;
}

void sandbox_files_close_strays(const int *keep, unsigned int count)
{
	DIR *folder = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (!folder)
		return;
	while ((entry = readdir(folder)) != NULL) {
		int fd = atoi(entry->d_name); /* "." and ".." give 0, which stays open anyway */
		int flags = files_keeps(fd, keep, count) ? -1 : fcntl(fd, F_GETFD);

		if (flags >= 0 && !(flags & FD_CLOEXEC))
			close(fd);
	}
	closedir(folder);
}
