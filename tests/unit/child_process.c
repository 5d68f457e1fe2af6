/* SPDX-License-Identifier: MIT */
#include "child_process.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void child_read(struct child *child, int fd)
{
	size_t at = 0;
	ssize_t n;

	while (at < sizeof(child->said) - 1 &&
	       (n = read(fd, child->said + at, sizeof(child->said) - 1 - at)) > 0)
		at += (size_t)n;
	child->said[at] = '\0';
	close(fd);
}

void child_run(struct child *child, void (*work)(enum thread_kind kind), enum thread_kind kind)
{
	int output[2];
	pid_t pid;

	ck_assert_int_eq(pipe2(output, O_CLOEXEC), 0);
	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		dup2(output[1], STDERR_FILENO);
		work(kind);
		syscall(SYS_exit_group, 0);
	}
	close(output[1]);
	child_read(child, output[0]);
	ck_assert_int_eq(waitpid(pid, &child->status, 0), pid);
}

void child_expect(const struct child *child, int status, const char *text)
{
	ck_assert_msg(WIFEXITED(child->status) && WEXITSTATUS(child->status) == status,
		      "ended with %#x: %s", child->status, child->said);
	ck_assert_msg(strstr(child->said, text) != NULL, "no '%s' in '%s'", text, child->said);
}

void child_must(bool done, const char *what)
{
	if (!done) {
		dprintf(STDERR_FILENO, "%s\n", what);
		syscall(SYS_exit_group, 3);
	}
}
