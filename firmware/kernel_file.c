/* SPDX-License-Identifier: MIT */
#include "kernel_file.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

int kernel_file_init(struct kernel_file *file, int fd, const char *name)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return log_errno(name, -errno, "fstat");
	if (S_ISDIR(st.st_mode)) {
		log_error(name, "is a directory, not a file");
		return -EISDIR;
	}
	if (!S_ISREG(st.st_mode)) {
		log_error(name, "is not a regular file");
		return -EINVAL;
	}
	if (st.st_size == 0) {
		log_error(name, "is empty");
		return -ENODATA;
	}
	*file = (struct kernel_file){ .fd = fd, .name = name, .size = st.st_size };
	return 0;
}

int kernel_file_read(const struct kernel_file *file, uint64_t offset, void *buffer, uint64_t size)
{
	uint8_t *to = buffer;

	while (size > 0) {
		ssize_t got = pread(file->fd, to, size, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return log_errno(file->name, -errno, "pread at %" PRIu64, offset);
		if (got == 0) {
			log_error(file->name, "is truncated: ends at byte %" PRIu64, offset);
			return -EIO;
		}
		to += got;
		offset += got;
		size -= got;
	}
	return 0;
}

bool kernel_file_is_zero(const uint8_t *bytes, size_t size)
{
	return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

int kernel_file_read_sparse(const struct kernel_file *file, uint64_t offset, void *buffer,
			    uint64_t size)
{
	uint8_t piece[KERNEL_FILE_PIECE], *to = buffer;

	for (uint64_t done = 0, length; done < size; done += length) {
		int ret;

		length = size - done < sizeof(piece) ? size - done : sizeof(piece);
		ret = kernel_file_read(file, offset + done, piece, length);
		if (ret < 0)
			return ret;
		if (!kernel_file_is_zero(piece, length))
			memcpy(to + done, piece, length);
	}
	return 0;
}

int kernel_file_read_head(const struct kernel_file *file, struct kernel_head *head)
{
	head->size = file->size < sizeof(head->bytes) ? file->size : sizeof(head->bytes);
	return kernel_file_read(file, 0, head->bytes, head->size);
}

int kernel_file_refuse(const struct kernel_file *file, const struct kernel_head *head,
		       const char *wanted)
{
	static const struct {
		const char *tool, *magic;
	} packers[] = {
		{ "gzip", "\x1f\x8b" },
		{ "xz", "\xfd"
			"7zXZ" },
		{ "bzip2", "BZh" },
		{ "zstd", "\x28\xb5\x2f\xfd" },
		{ "lz4", "\x02\x21\x4c\x18" },
	};

	for (size_t i = 0; i < array_size(packers); i++) {
		size_t length = strlen(packers[i].magic);

		if (head->size < length || memcmp(head->bytes, packers[i].magic, length) != 0)
			continue;
		log_error(file->name, "is not %s: it is packed with %s", wanted, packers[i].tool);
		log_fix("%s -dc %s > vmlinux", packers[i].tool, file->name);
		return -ENOEXEC;
	}
	log_error(file->name, "is not %s (%" PRIu64 " bytes)", wanted, file->size);
	return -ENOEXEC;
}
