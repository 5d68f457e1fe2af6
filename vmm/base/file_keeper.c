/* SPDX-License-Identifier: MIT */
#include "file_keeper.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "elapsed.h"
#include "pending_signal.h"
#include "process_signal.h"
#include "vmm/trace/log.h"
#include "write_whole.h"

#define KEEPER_SLICE_MS 100u
#define KEEPER_LAST_MS  400u /* for an answer, once minivmm ends */

/* The answer is an int32_t: 0 or -errno. */
struct keeper_write {
	uint64_t offset;
	uint32_t size;
	uint8_t bytes[FILE_KEEPER_MAX];
};

#define KEEPER_HEAD offsetof(struct keeper_write, bytes)

/* ---- the process ---- */

static bool keeper_obey(int socket, int file)
{
	struct keeper_write order;
	ssize_t n = read(socket, &order, sizeof(order));
	int32_t ret = -EINVAL;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	if (n >= (ssize_t)KEEPER_HEAD && order.size == (size_t)n - KEEPER_HEAD)
		ret = write_whole(file, order.bytes, order.size, (off_t)order.offset);
	return write(socket, &ret, sizeof(ret)) == sizeof(ret);
}

void file_keeper_serve(int socket, int file)
{
	while (keeper_obey(socket, file))
		;
}

/* ---- minivmm ---- */

static int keeper_lose(struct file_keeper *keeper)
{
	keeper->lost = true;
	log_error(keeper->name, "the process that writes to it has ended");
	return -LOG_TOLD;
}

/*
 * Wait for the answer: true if it is there. Once minivmm ends a vCPU gets signals all the time, so
 * the slices are short then, and a clock says how long it was.
 */
static bool keeper_wait(struct file_keeper *keeper)
{
	struct pollfd file = { .fd = keeper->fd, .events = POLLIN };
	struct timespec began, ends = { 0 };
	int n;

	clock_gettime(CLOCK_MONOTONIC, &began);
	while ((n = poll(&file, 1, KEEPER_SLICE_MS)) <= 0) {
		atomic_store(&keeper->waited, elapsed_ms(&began));
		if (!atomic_load(&keeper->hurried) && !pending_end_is_asked())
			continue;
		if (!ends.tv_sec)
			clock_gettime(CLOCK_MONOTONIC, &ends);
		else if (elapsed_ms(&ends) >= KEEPER_LAST_MS)
			break;
	}
	atomic_store(&keeper->waited, 0);
	return n > 0;
}

static int keeper_hear(struct file_keeper *keeper)
{
	int32_t ret = 0;
	struct iovec data = { &ret, sizeof(ret) };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

	return recvmsg(keeper->fd, &message, MSG_DONTWAIT) == sizeof(ret) ? ret
									  : keeper_lose(keeper);
}

int file_keeper_write(struct file_keeper *keeper, const void *bytes, size_t size, uint64_t offset)
{
	struct keeper_write order = { .offset = offset, .size = (uint32_t)size };
	struct iovec data = { &order, KEEPER_HEAD + size };
	const struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

	if (!keeper->pid)
		return keeper->fd < 0 ? 0 : write_whole(keeper->fd, bytes, size, (off_t)offset);
	if (keeper->lost)
		return -LOG_TOLD;
	memcpy(order.bytes, bytes, size);
	if (sendmsg(keeper->fd, &message, MSG_NOSIGNAL) != (ssize_t)data.iov_len)
		return keeper_lose(keeper);
	if (keeper_wait(keeper))
		return keeper_hear(keeper);
	keeper->lost = true;
	log_error(keeper->name,
		  "does not take a write of %zu bytes at %#" PRIx64
		  ": it is lost unless process %d can make it later",
		  size, offset, keeper->pid);
	return -LOG_TOLD;
}

bool file_keeper_is_stalled(const struct file_keeper *keeper)
{
	return atomic_load(&keeper->waited) >= KEEPER_SLICE_MS;
}

void file_keeper_hurry(struct file_keeper *keeper)
{
	atomic_store(&keeper->hurried, true);
}

void file_keeper_close(struct file_keeper *keeper)
{
	int status;

	if (keeper->fd >= 0)
		close(keeper->fd);
	if (keeper->pid && keeper->lost)
		process_ends(keeper->pid, 0, 0, &status); /* a line has told of it */
	else if (keeper->pid)
		process_wait(keeper->pid, keeper->name);
	keeper->fd = -1;
	keeper->pid = 0;
}
