/* SPDX-License-Identifier: MIT */
#include "host_change.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "vmm/trace/macros.h"

int host_write_attribute(const struct host_path *path, const char *text)
{
	int fd = open(path->text, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? (int)n : 0;
}

static int host_run(const char *program, char *const argv[])
{
	char *const environment[] = { NULL };
	int status, err;
	pid_t pid;

	err = posix_spawn(&pid, program, NULL, NULL, argv, environment);
	if (err)
		return -err;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ENOENT;
}

/*
 * Use fixed paths and no environment, because this runs as root. On another host's files nothing
 * is run: modprobe would load into this kernel.
 */
int host_load_module(const char *name)
{
	static const char *const programs[] = { "/sbin/modprobe", "/usr/sbin/modprobe" };
	char self[] = "modprobe", quiet[] = "-q", end[] = "--", module[64];
	char *const argv[] = { self, quiet, end, module, NULL };
	int ret = -ENOENT;

	if (host_root()[0])
		return ret;
	snprintf(module, sizeof(module), "%s", name);
	for (unsigned int i = 0; i < array_size(programs) && ret < 0; i++)
		ret = host_run(programs[i], argv);
	return ret;
}
