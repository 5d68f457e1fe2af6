/* SPDX-License-Identifier: MIT */
/* vmm/base/write_whole.c: what is written, and the reason where not all of it could be. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unit.h"
#include "vmm/base/write_whole.h"

#define ROOM 500

/* Row 0: where the file is; row 1: at a place. */
START_TEST(a_part_is_not_the_whole)
{
	const struct rlimit limit = { ROOM, RLIM_INFINITY };
	const off_t at = _i ? 100 : -1;
	char bytes[ROOM + 1], back[ROOM];
	int fd = memfd_create("file", MFD_CLOEXEC);

	memset(bytes, 'x', sizeof(bytes));
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(write_whole(fd, bytes, sizeof(bytes), at), -EFBIG);
	ck_assert_int_eq(pread(fd, back, sizeof(back), 0), ROOM);
	ck_assert_mem_eq(back + (_i ? at : 0), bytes, _i ? ROOM - at : ROOM);
	ck_assert_int_eq(write_whole(fd, bytes, ROOM, 0), 0);
	ck_assert_int_eq(write_whole(fd, bytes, 0, ROOM), 0);
	close(fd);
}
END_TEST

START_TEST(a_reader_that_is_gone)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write_whole(ends[1], "word", 4, -1), 0);
	close(ends[0]);
	ck_assert_int_eq(write_whole(ends[1], "word", 4, -1), -EPIPE);
	close(ends[1]);
}
END_TEST

UNIT_MAIN("write_whole", { a_part_is_not_the_whole, 2 }, { a_reader_that_is_gone, 0 })
