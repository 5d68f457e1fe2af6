/* SPDX-License-Identifier: MIT */
#include "patient_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "elapsed.h"
#include "pending_signal.h"

#define PATIENT_SLICE_MS 100
#define PATIENT_MAX_MS   300 /* after minivmm was asked to end */
#define PATIENT_PIECE    256 /* of what may block: a terminal that is ready takes as much */
#define PATIENT_LINE     4096

struct patient_stream {
	int fd;
	bool blocks;          /* it could not get a description of its own */
	struct timespec ends; /* when a writer that waited in vain saw that the end was asked for */
};

static atomic_bool patient_hurries;
static struct patient_stream patient_stderr;

void patient_stream_hurry(void)
{
	atomic_store(&patient_hurries, true);
}

/* ---- the wait ---- */

/* Whether nobody waits any more. The first one who asks starts the clock. */
static bool patient_is_over(struct patient_stream *stream)
{
	if (!stream->ends.tv_sec)
		clock_gettime(CLOCK_MONOTONIC, &stream->ends);
	return elapsed_ms(&stream->ends) >= PATIENT_MAX_MS;
}

/*
 * False, with errno: nobody reads, and the end is asked for. A vCPU gets signals all the time then,
 * so the slices are short.
 */
static bool patient_wait(struct patient_stream *stream)
{
	struct pollfd file = { .fd = stream->fd, .events = POLLOUT };
	const bool lost = stream->ends.tv_sec && patient_is_over(stream);

	if (poll(&file, 1, lost ? 0 : PATIENT_SLICE_MS) > 0)
		return true;
	if (!lost &&
	    !((atomic_load(&patient_hurries) || pending_end_is_near()) && patient_is_over(stream)))
		return true;
	errno = EAGAIN;
	return false;
}

static ssize_t patient_write_piece(struct patient_stream *stream, const char *bytes, size_t size)
{
	if (!stream->blocks)
		return write(stream->fd, bytes, size);
	if (!patient_wait(stream))
		return -1;
	return write(stream->fd, bytes, size < PATIENT_PIECE ? size : PATIENT_PIECE);
}

/* All of it, or 0 with errno: that is what stdio takes for an error. */
static ssize_t patient_write(void *cookie, const char *bytes, size_t size)
{
	struct patient_stream *stream = cookie;

	for (size_t done = 0; done < size;) {
		ssize_t n = patient_write_piece(stream, bytes + done, size - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || (errno != EINTR && errno != EAGAIN))
			return 0;
		else if (errno == EAGAIN && !patient_wait(stream))
			return 0;
	}
	return (ssize_t)size;
}

/* ---- life ---- */

static bool patient_is_read(int fd)
{
	struct stat file;

	return isatty(fd) ||
	       (fstat(fd, &file) == 0 && (S_ISFIFO(file.st_mode) || S_ISSOCK(file.st_mode)));
}

void patient_stream_own(int fd)
{
	char path[32];
	int own;

	if (!patient_is_read(fd))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, (fcntl(fd, F_GETFL) & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)
		return;
	dup3(own, fd, fd > STDERR_FILENO ? O_CLOEXEC : 0);
	close(own);
}

static int patient_close(void *cookie)
{
	struct patient_stream *stream = cookie;
	int ret = close(stream->fd);

	free(stream);
	return ret;
}

static FILE *patient_open(struct patient_stream *stream, int fd, int (*close_stream)(void *cookie))
{
	const cookie_io_functions_t functions = { .write = patient_write, .close = close_stream };

	*stream = (struct patient_stream){
		.fd = fd, .blocks = patient_is_read(fd) && !(fcntl(fd, F_GETFL) & O_NONBLOCK)
	};
	return fopencookie(stream, "w", functions);
}

FILE *patient_stream_open(int fd)
{
	struct patient_stream *stream = malloc(sizeof(*stream));
	FILE *file = stream ? patient_open(stream, fd, patient_close) : NULL;

	if (!file)
		free(stream);
	return file;
}

/* Whole lines, so that those of several threads and processes do not mix. */
void patient_stream_take_standard(void)
{
	FILE *file;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		patient_stream_own(fd);
	file = patient_open(&patient_stderr, STDERR_FILENO, NULL);
	if (!file)
		return;
	setvbuf(file, NULL, _IOLBF, PATIENT_LINE);
	stderr = file;
}
