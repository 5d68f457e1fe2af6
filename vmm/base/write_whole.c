/* SPDX-License-Identifier: MIT */
#include "write_whole.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

int write_whole(int fd, const void *bytes, size_t size, off_t offset)
{
	const uint8_t *from = bytes;

	for (size_t done = 0; done < size;) {
		ssize_t n = offset < 0 ? write(fd, from + done, size - done)
				       : pwrite(fd, from + done, size - done, offset + (off_t)done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0) /* a file of an odd kind: the next write would take nothing, either */
			return -EIO;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}
