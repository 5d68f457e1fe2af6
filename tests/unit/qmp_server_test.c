/* SPDX-License-Identifier: MIT */
/*
 * vmm/qmp_server.c: the socket's file, one client at a time, and clients that mean no good.
 * unix(7).
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stderr_text.h"
#include "unit.h"
#include "vmm/qmp_server.h"

#define HELLO "{'execute':'qmp_capabilities'}\n"
#define ASK   "{'execute':'any'}\n"

struct desk {
	struct loop loop;
	struct qmp_server server;
	char folder[32], path[64];
	bool confined;
};

static json_t *any(void *owner, json_t *arguments, struct qmp_error *error)
{
	struct desk *desk = owner;

	(void)error;
	qmp_server_event(&desk->server, "HAPPENED", NULL); /* as commands do */
	return json_incref(arguments);
}

static const struct qmp_command commands[] = { { "any", { { 0 } }, true, any } };

static int open_server(struct desk *desk)
{
	return qmp_server_open(&desk->server, &desk->loop, desk->path, desk->confined, commands, 1,
			       desk);
}

static void begin_folder(struct desk *desk)
{
	memset(desk, 0, sizeof(*desk));
	strcpy(desk->folder, "/tmp/qmp_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(desk->folder));
	snprintf(desk->path, sizeof(desk->path), "%s/socket", desk->folder);
	ck_assert_int_eq(loop_init(&desk->loop), 0);
}

static void begin(struct desk *desk)
{
	begin_folder(desk);
	ck_assert_int_eq(open_server(desk), 0);
}

static void end(struct desk *desk)
{
	qmp_server_close(&desk->server);
	qmp_server_close(&desk->server);
	loop_destroy(&desk->loop);
	ck_assert_int_eq(rmdir(desk->folder), 0); /* nothing is left in it */
}

static int dial(const struct desk *desk)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, desk->path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Run the loop until nothing is left to do. Returns how often there was something. */
static unsigned int serve(struct desk *desk)
{
	struct epoll_event event;
	unsigned int calls = 0;

	while (calls < 10000 && epoll_wait(desk->loop.epoll_fd, &event, 1, 0) == 1) {
		struct loop_source *source = event.data.ptr;

		source->ready(source->owner, event.events);
		calls++;
	}
	ck_assert_uint_lt(calls, 10000); /* it never turns in circles */
	return calls;
}

static void tell(struct desk *desk, int fd, const char *text)
{
	ck_assert_int_eq(write(fd, text, strlen(text)), strlen(text));
	serve(desk);
}

/* Returns what has come: "" for nothing, "(end)" when the other side is gone. */
static const char *hear(int fd)
{
	static char text[65536];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	if (n == 0)
		return "(end)";
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void expect(int fd, const char *words)
{
	const char *heard = hear(fd);

	ck_assert_msg(strstr(heard, words), "no `%s` in `%s`", words, heard);
}

START_TEST(one_conversation)
{
	struct desk desk;
	struct stat file;
	int fd;

	begin(&desk);
	ck_assert_int_eq(stat(desk.path, &file), 0);
	ck_assert_uint_eq(file.st_mode & 07777, 0600);
	fd = dial(&desk);
	serve(&desk);
	expect(fd, "{\"QMP\":{");
	tell(&desk, fd, HELLO ASK);
	expect(fd, "{\"return\":{}}\r\n{\"timestamp\"");
	tell(&desk, fd, "{'exec");
	ck_assert_str_eq(hear(fd), "");
	tell(&desk, fd, "ute':'any'}\n");
	expect(fd, "\"event\":\"HAPPENED\"}\r\n{\"return\":{}}\r\n");
	qmp_server_event(&desk.server, "STOP", NULL);
	expect(fd, "\"event\":\"STOP\"");
	qmp_server_close(&desk.server);
	ck_assert_str_eq(hear(fd), "(end)");
	close(fd);
	end(&desk);
}
END_TEST

/* The second client is served when the first one has left, in the middle of a word or not. */
START_TEST(one_at_a_time)
{
	struct desk desk;
	int first, second;

	begin(&desk);
	first = dial(&desk);
	second = dial(&desk);
	serve(&desk);
	expect(first, "{\"QMP\":{");
	tell(&desk, second, HELLO);
	ck_assert_str_eq(hear(second), "");
	tell(&desk, first, _i ? "{'half" : "");
	close(first);
	serve(&desk);
	expect(second, "{\"QMP\":{");
	serve(&desk);
	close(second);
	serve(&desk);
	qmp_server_event(&desk.server, "STOP", NULL); /* to nobody */
	end(&desk);
}
END_TEST

/* `echo ... | socat - UNIX:PATH` does this: it has said all, and waits for the answer. */
START_TEST(half_closed_gets_its_answer)
{
	struct desk desk;
	int fd;

	begin(&desk);
	fd = dial(&desk);
	ck_assert_int_gt(write(fd, HELLO ASK, strlen(HELLO ASK)), 0);
	shutdown(fd, SHUT_WR);
	serve(&desk);
	expect(fd, "\"event\":\"HAPPENED\"}\r\n{\"return\":{}}\r\n");
	ck_assert_str_eq(hear(fd), "(end)");
	close(fd);
	end(&desk);
}
END_TEST

/*
 * The client asks and asks, and reads nothing. What waits for it is bounded, and goes on when it
 * reads.
 */
START_TEST(who_does_not_read_waits)
{
	struct desk desk;
	size_t asked = 0, answers = 0;
	const char *text;
	int fd;

	begin(&desk);
	fd = dial(&desk);
	tell(&desk, fd, HELLO);
	for (unsigned int idle = 0; idle < 3;) {
		bool sent = write(fd, ASK, strlen(ASK)) == (ssize_t)strlen(ASK);

		idle = sent ? 0 : idle + 1;
		asked += sent;
		serve(&desk);
	}
	ck_assert_uint_gt(asked, 100);
	ck_assert_uint_lt(desk.server.session.output_size, QMP_OUTPUT_ENOUGH + 512);
	while (*(text = hear(fd))) {
		while ((text = strstr(text, "\"return\""))) {
			answers++;
			text++;
		}
		serve(&desk);
	}
	ck_assert_uint_ge(answers + 64, asked); /* one may be cut by the end of a read */
	tell(&desk, fd, ASK);
	expect(fd, "\"return\"");
	close(fd);
	serve(&desk);
	end(&desk);
}
END_TEST

/* Events come for a client that reads nothing. It is hung up on, and this is said. */
START_TEST(too_many_events_end_it)
{
	struct stderr_text said;
	struct desk desk;
	int fd;

	begin(&desk);
	fd = dial(&desk);
	tell(&desk, fd, HELLO);
	stderr_begin(&said);
	for (unsigned int i = 0; i < 50000; i++)
		qmp_server_event(&desk.server, "RESET", NULL);
	serve(&desk);
	stderr_end(&said);
	ck_assert_int_lt(desk.server.client.fd, 0);
	stderr_holds(&said, "does not read its messages: the connection is closed");
	close(fd);
	fd = dial(&desk);
	serve(&desk);
	expect(fd, "{\"QMP\":{");
	close(fd);
	end(&desk);
}
END_TEST

/* The client left while much waited for it. */
START_TEST(gone_in_the_middle)
{
	struct desk desk;
	int fd;

	begin(&desk);
	fd = dial(&desk);
	tell(&desk, fd, HELLO);
	for (unsigned int i = 0; i < 4000; i++)
		qmp_server_event(&desk.server, "RESET", NULL);
	ck_assert_uint_gt(desk.server.session.output_size, 0);
	close(fd);
	serve(&desk);
	ck_assert_int_lt(desk.server.client.fd, 0);
	end(&desk);
}
END_TEST

/* ---- the socket's file ---- */

START_TEST(stale_socket_is_replaced)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct desk desk;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	begin_folder(&desk);
	strcpy(address.sun_path, desk.path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd); /* whoever listened is gone without a word */
	ck_assert_int_eq(open_server(&desk), 0);
	fd = dial(&desk);
	serve(&desk);
	expect(fd, "{\"QMP\":{");
	close(fd);
	end(&desk);
}
END_TEST

START_TEST(what_is_in_use_is_refused)
{
	struct stderr_text said;
	struct desk desk, other;
	int fd;

	begin(&desk);
	memset(&other, 0, sizeof(other));
	strcpy(other.path, desk.path);
	ck_assert_int_eq(loop_init(&other.loop), 0);
	stderr_begin(&said);
	ck_assert_int_eq(open_server(&other), -EADDRINUSE);
	stderr_end(&said);
	stderr_holds(&said, "cannot be the control socket: another program listens there");
	loop_destroy(&other.loop);
	serve(&desk);
	fd = dial(&desk); /* the first one is there as before */
	serve(&desk);
	expect(fd, "{\"QMP\":{");
	close(fd);
	end(&desk);
}
END_TEST

START_TEST(other_files_stay)
{
	struct stderr_text said;
	struct desk desk;
	struct stat file;
	int fd;

	begin_folder(&desk);
	fd = open(desk.path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	stderr_begin(&said);
	ck_assert_int_eq(open_server(&desk), -EEXIST);
	stderr_end(&said);
	stderr_holds(&said, "a file of another kind is there");
	ck_assert_int_eq(lstat(desk.path, &file), 0);
	unlink(desk.path);
	/* A file that was put there meanwhile is not minivmm's to take away. */
	ck_assert_int_eq(open_server(&desk), 0);
	unlink(desk.path);
	fd = open(desk.path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	qmp_server_close(&desk.server);
	ck_assert_int_eq(unlink(desk.path), 0);
	end(&desk);
}
END_TEST

START_TEST(paths_that_cannot_be)
{
	static const struct {
		const char *path;
		int err;
	} cases[] = {
		{ "/nowhere/socket", -ENOENT },
		{ "/tmp/a-path-that-is-longer-than-the-one-hundred-and-eight-bytes-that-a-socket-"
		  "address-has-room-for-on-linux-xxxxxxxxxxxxxxxx",
		  -ENAMETOOLONG },
	};
	struct stderr_text said;
	struct desk desk;

	begin_folder(&desk);
	desk.server.loop = NULL;
	stderr_begin(&said);
	ck_assert_int_eq(
		qmp_server_open(&desk.server, &desk.loop, cases[_i].path, false, commands, 1, NULL),
		cases[_i].err);
	stderr_end(&said);
	stderr_holds(&said, cases[_i].path);
	end(&desk);
}
END_TEST

/*
 * The process that removes the file has no right but that, in root's folder or in a user's.
 * AddressSanitizer makes calls of its own after the work, which this process reports.
 */
/* The socket could not be waited for: the line names it, and the client is not kept in vain. */
START_TEST(failing_wait_names_the_socket)
{
	char words[160];
	struct stderr_text said;
	struct desk desk;
	int fd, epoll_fd;

	begin(&desk);
	fd = dial(&desk);
	epoll_fd = desk.loop.epoll_fd;
	desk.loop.epoll_fd = -1;
	stderr_begin(&said);
	desk.server.listener.ready(&desk.server, EPOLLIN);
	stderr_end(&said);
	desk.loop.epoll_fd = epoll_fd;
	snprintf(words, sizeof(words),
		 "minivmm: error: %s: wait for messages of its client (epoll_ctl): Bad file",
		 desk.path);
	stderr_holds(&said, words);
	ck_assert_str_eq(hear(fd), "(end)");
	close(fd);
	end(&desk);
}
END_TEST

START_TEST(confined_process_removes_it)
{
	struct stderr_text said;
	struct desk desk;
	struct stat file;

	begin_folder(&desk);
	desk.confined = true;
	if (_i && geteuid() == 0)
		ck_assert_int_eq(chown(desk.folder, 65534, 65533), 0);
	stderr_begin(&said);
	ck_assert_int_eq(open_server(&desk), 0);
	ck_assert_int_eq(lstat(desk.path, &file), 0);
	qmp_server_close(&desk.server);
	stderr_end(&said);
	ck_assert_int_lt(lstat(desk.path, &file), 0);
	end(&desk);
}
END_TEST

/* Let the kernel kill this process when it makes the call. */
static void die_at(int call)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	ck_assert_ptr_nonnull(filter);
	ck_assert_int_eq(seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, call, 0), 0);
	ck_assert_int_eq(seccomp_load(filter), 0);
	seccomp_release(filter);
}

/*
 * minivmm is killed before it can do anything with the socket that has just been made. The file
 * goes all the same.
 */
START_TEST(killed_after_the_file_was_made)
{
	struct desk desk;
	int status;
	pid_t pid;

	begin_folder(&desk);
	pid = fork();
	if (pid == 0) {
		die_at(SCMP_SYS(epoll_ctl)); /* to wait for clients */
		_exit(open_server(&desk) == 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	while (rmdir(desk.folder) < 0)
		usleep(1000);
	loop_destroy(&desk.loop);
}
END_TEST

/* The process that keeps the file dies when it is to be confined. The file does not stay. */
START_TEST(keeper_that_dies_at_its_start)
{
	struct stderr_text said;
	struct desk desk;
	int status;
	pid_t pid;

	begin_folder(&desk);
	desk.confined = true;
	stderr_begin(&said);
	pid = fork();
	if (pid == 0) {
		die_at(SCMP_SYS(landlock_create_ruleset));
		_exit(open_server(&desk) == -ECHILD ? 7 : 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	stderr_end(&said);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	stderr_holds(&said, "the process that keeps the control socket ended at its start");
	ck_assert_ptr_null(strstr(said.text, "listens"));
	ck_assert_int_eq(rmdir(desk.folder), 0);
	loop_destroy(&desk.loop);
}
END_TEST

UNIT_MAIN("qmp_server", { one_conversation, 0 }, { one_at_a_time, 2 },
	  { half_closed_gets_its_answer, 0 }, { who_does_not_read_waits, 0 },
	  { too_many_events_end_it, 0 }, { gone_in_the_middle, 0 }, { stale_socket_is_replaced, 0 },
	  { what_is_in_use_is_refused, 0 }, { other_files_stay, 0 },
	  { failing_wait_names_the_socket, 0 }, { confined_process_removes_it, 2 },
	  { paths_that_cannot_be, 2 }, { killed_after_the_file_was_made, 0 },
	  { keeper_that_dies_at_its_start, 0 })
