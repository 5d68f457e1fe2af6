/* SPDX-License-Identifier: MIT */
/* vmm/base/unix_socket.c: who cannot be reached, when it is too late, and files that arrive. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "stderr_text.h"
#include "unit.h"
#include "vmm/base/unix_socket.h"

START_TEST(nobody_listens)
{
	static const char *const protocols[] = { "vfio-user", "vhost-user" };
	struct stderr_text caught;
	char path[200], line[120];

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	stderr_begin(&caught);
	ck_assert_int_eq(unix_socket_connect("/nonexistent/socket", protocols[_i], 1000), -ENOENT);
	ck_assert_int_eq(unix_socket_connect(path, protocols[_i], 1000), -ENAMETOOLONG);
	stderr_end(&caught);
	snprintf(line, sizeof(line), "/nonexistent/socket: connect to its %s server: No such",
		 protocols[_i]);
	stderr_holds(&caught, line);
	stderr_holds(&caught, "fix: start the server that is to listen at /nonexistent/socket");
}
END_TEST

/* The nanoseconds of now and of the deadline may be more than a second together. */
START_TEST(deadline_is_a_time)
{
	struct timespec until = unix_socket_deadline((unsigned int)_i * 100 + 5950);

	ck_assert_int_lt(until.tv_nsec, 1000000000);
	ck_assert_int_le(unix_socket_time_left(&until), _i * 100 + 5950);
	ck_assert_int_gt(unix_socket_time_left(&until), 0);
	until = unix_socket_deadline(0);
	ck_assert_int_eq(unix_socket_time_left(&until), 0);
	until.tv_sec -= 3;
	ck_assert_int_eq(unix_socket_time_left(&until), 0);
}
END_TEST

START_TEST(files_arrive)
{
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} out, in;
	char byte = 7;
	struct iovec part = { &byte, 1 };
	struct msghdr sent = { .msg_iov = &part, .msg_iovlen = 1 };
	struct msghdr got = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = in.bytes,
			      .msg_controllen = sizeof(in.bytes) };
	int ends[2], file[2], arrived[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	ck_assert_int_eq(pipe(file), 0);
	memset(&out, 0xff, sizeof(out));
	unix_socket_attach(&sent, out.bytes, file, 2);
	ck_assert_int_eq(sendmsg(ends[0], &sent, 0), 1);
	ck_assert_int_eq(recvmsg(ends[1], &got, MSG_CMSG_CLOEXEC), 1);
	ck_assert_uint_eq(CMSG_FIRSTHDR(&got)->cmsg_len, CMSG_LEN(sizeof(arrived)));
	memcpy(arrived, CMSG_DATA(CMSG_FIRSTHDR(&got)), sizeof(arrived));
	ck_assert_int_eq(write(arrived[1], "x", 1), 1);
	ck_assert_int_eq(read(file[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 'x');
	for (int i = 0; i < 2; i++) {
		close(ends[i]);
		close(file[i]);
		close(arrived[i]);
	}
}
END_TEST

UNIT_MAIN("unix_socket", { nobody_listens, 2 }, { deadline_is_a_time, 10 }, { files_arrive, 0 })
