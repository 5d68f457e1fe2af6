/* SPDX-License-Identifier: MIT */
#include "served_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "vmm/trace/macros.h"

#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC 0xfe534d42u
#endif

/* One call copies so much at the most. */
#define SERVED_PIECE (1u << 30)

bool served_file_is_one(int fd)
{
	static const unsigned int kinds[] = { FUSE_SUPER_MAGIC, NFS_SUPER_MAGIC, CIFS_SUPER_MAGIC,
					      SMB2_SUPER_MAGIC, V9FS_MAGIC,      CEPH_SUPER_MAGIC,
					      AFS_SUPER_MAGIC,  AFS_FS_MAGIC,    CODA_SUPER_MAGIC };
	struct statfs system;
	struct stat file;

	if (fstat(fd, &file) < 0 || !S_ISREG(file.st_mode) || fstatfs(fd, &system) < 0)
		return false;
	for (size_t i = 0; i < array_size(kinds); i++)
		if ((unsigned int)system.f_type == kinds[i])
			return true;
	return false;
}

static int served_fill(int copy, int fd, uint64_t size)
{
	off_t at = 0;

	while ((uint64_t)at < size) {
		ssize_t n = sendfile(copy, fd, &at, SERVED_PIECE);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0) /* it has become shorter */
			return 0;
	}
	return 0;
}

int served_file_copy(int fd, uint64_t most)
{
	struct stat file;
	int copy, ret;

	if (!served_file_is_one(fd) || fstat(fd, &file) < 0 || (uint64_t)file.st_size > most)
		return 0;
	copy = memfd_create("copy of a file", MFD_CLOEXEC);
	if (copy < 0)
		return -errno;
	ret = served_fill(copy, fd, (uint64_t)file.st_size);
	if (ret == 0 && dup3(copy, fd, O_CLOEXEC) < 0)
		ret = -errno;
	close(copy);
	return ret;
}
