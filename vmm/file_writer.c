/* SPDX-License-Identifier: MIT */
#include "file_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/sandbox_child.h"
#include "vmm/base/patient_stream.h"
#include "vmm/base/process_signal.h"
#include "vmm/base/served_file.h"
#include "vmm/base/write_whole.h"
#include "vmm/trace/log.h"

/* The only files of a process but /dev/null. */
#define WRITER_FROM 3 /* where its orders come from, or its bytes */
#define WRITER_FILE 4

#define WRITER_PIECE  4096
#define RELAY_IDLE_MS 500u

/* ---- the processes ---- */

/*
 * If the process is left behind, whoever reads minivmm's output must not wait for it, too. The two
 * files may be in the way of each other, so they are moved out of it first.
 */
static void writer_leave_files(int from, int file)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	from = fcntl(from, F_DUPFD_CLOEXEC, WRITER_FILE + 1);
	file = fcntl(file, F_DUPFD_CLOEXEC, WRITER_FILE + 1);
	if (null < 0 || dup2(from, WRITER_FROM) < 0 || dup2(file, WRITER_FILE) < 0)
		_exit(EXIT_FAILURE);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	close_range(WRITER_FILE + 1, ~0u, 0);
}

static void writer_enter(int from, int file, bool confined)
{
	static const struct sandbox_path none = { "/", 0 };
	const struct sandbox_child child = { .kind = THREAD_WRITER,
					     .paths = &none,
					     .path_count = 1 };

	prctl(PR_SET_NAME, "file-writer");
	setsid();
	writer_leave_files(from, file);
	if (confined)
		sandbox_child_enter(&child);
}

/* The status is the errno of the write that failed. */
static _Noreturn void relay_live(void)
{
	char bytes[WRITER_PIECE];
	int ret = 0;

	while (ret == 0) {
		ssize_t n = read(WRITER_FROM, bytes, sizeof(bytes));

		if (n > 0)
			ret = write_whole(WRITER_FILE, bytes, (size_t)n, -1);
		else if (n == 0 || errno != EINTR)
			break;
	}
	_exit(-ret);
}

/* ---- minivmm ---- */

int file_writer_keep(struct file_keeper *keeper, bool confined)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return log_errno(keeper->name, -errno, "socketpair");
	keeper->pid = fork();
	if (keeper->pid == 0) {
		writer_enter(pair[1], keeper->fd, confined);
		file_keeper_serve(WRITER_FROM, WRITER_FILE);
		_exit(EXIT_SUCCESS);
	}
	close(pair[1]);
	if (keeper->pid < 0) {
		keeper->pid = 0;
		close(pair[0]);
		return log_errno(keeper->name, -errno, "fork");
	}
	close(keeper->fd);
	keeper->fd = pair[0];
	return 0;
}

/* The call that closes the file's last description here is the last one that can stall. */
static int relay_replace(const struct file_relay *relay, int fd, int pipe)
{
	if (dup3(pipe, fd, fd > STDERR_FILENO ? O_CLOEXEC : 0) < 0)
		return log_errno(relay->name, -errno, "dup3");
	patient_stream_own(fd);
	return 0;
}

int file_relay_start(struct file_relay *relay, int fd, const char *name, bool confined)
{
	int ends[2], ret;

	*relay = (struct file_relay){ .name = name };
	if (fd < 0 || !served_file_is_one(fd))
		return 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return log_errno(name, -errno, "pipe");
	relay->pid = fork();
	if (relay->pid == 0) {
		writer_enter(ends[0], fd, confined);
		relay_live();
	}
	ret = relay->pid < 0 ? log_errno(name, -errno, "fork") : relay_replace(relay, fd, ends[1]);
	relay->pid = relay->pid < 0 ? 0 : relay->pid;
	close(ends[0]);
	close(ends[1]);
	return ret;
}

void file_relay_finish(struct file_relay *relay)
{
	int status = 0;

	if (!relay->pid)
		return;
	if (!process_ends(relay->pid, RELAY_IDLE_MS, PROCESS_MAX_MS, &status))
		log_error(relay->name,
			  "takes no more: the rest is lost unless process %d can write it later",
			  relay->pid);
	else if (WIFEXITED(status) && WEXITSTATUS(status))
		log_errno(relay->name, -WEXITSTATUS(status), "write");
	relay->pid = 0;
}
