/* SPDX-License-Identifier: MIT */
#include "server_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sandbox/sandbox_child.h"
#include "vmm/trace/macros.h"

/* docs/interop/qcow2.txt of QEMU: incompatible features, and one of them. */
#define QCOW2_FEATURES  72
#define QCOW2_DATA_FILE 4

_Noreturn void server_sandbox_die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	_exit(EXIT_FAILURE);
}

static void sandbox_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		server_sandbox_die(path);
	close(fd);
}

/*
 * virtiofsd drops its supplementary groups, and ends if it may not. In a user namespace that an
 * ordinary user made this is forbidden, because it could open files that are closed to one of the
 * user's groups. So the call is made to do nothing and succeed: the groups stay, which gives no
 * additional right.
 */
static void sandbox_keep_groups(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setgroups, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO), /* with error 0, which is success */
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { array_size(rules), rules };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		server_sandbox_die("filter system calls");
}

void server_sandbox_become_root(void)
{
	char uids[32], gids[32];

	snprintf(uids, sizeof(uids), "0 %u 1", geteuid());
	snprintf(gids, sizeof(gids), "0 %u 1", getegid());
	if (unshare(CLONE_NEWUSER) < 0)
		server_sandbox_die("make a user namespace");
	sandbox_write_file("/proc/self/setgroups", "deny");
	sandbox_write_file("/proc/self/uid_map", uids);
	sandbox_write_file("/proc/self/gid_map", gids);
	sandbox_keep_groups();
}

void server_sandbox_protect(const char *folder)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		server_sandbox_die("make a mount namespace");
	if (strcmp(folder, "/") != 0 && mount(folder, folder, NULL, MS_BIND | MS_REC, NULL) < 0)
		server_sandbox_die(folder);
	if (mount_setattr(AT_FDCWD, folder, AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		server_sandbox_die("make the folder read-only");
}

void server_sandbox_detach(int output)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	setsid();
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    dup2(output, STDERR_FILENO) < 0)
		_exit(EXIT_FAILURE);
}

static bool sandbox_is_root(const char *folder)
{
	struct stat one, root;

	return stat(folder, &one) == 0 && stat("/", &root) == 0 && one.st_dev == root.st_dev &&
	       one.st_ino == root.st_ino;
}

/*
 * virtiofsd shuts itself in by making the folder its root in place of the old one. The kernel does
 * not replace the root that it starts with, nor a root by itself; there, and where we are root in
 * our own namespace only, virtiofsd changes its root directory.
 */
const char *server_sandbox_kind(const char *folder)
{
	struct statfs root;

	return geteuid() == 0 && statfs("/", &root) == 0 && root.f_type != RAMFS_MAGIC &&
			       root.f_type != TMPFS_MAGIC && !sandbox_is_root(folder)
		       ? "namespace"
		       : "chroot";
}

/* The one limit at which the kernel gives nothing to a program that collects core files, either. */
void server_sandbox_hide_memory(void)
{
	const struct rlimit none = { 1, 1 };

	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		server_sandbox_die("keep the guest's memory out of core files");
}

/* Where the data of a qcow2 image is in another file, that one is beside it. */
static const char *sandbox_find_data(const char *image, char folder[PATH_MAX])
{
	unsigned char features[8] = { 0 };
	int fd = open(image, O_RDONLY | O_CLOEXEC);
	char *slash;

	if (fd < 0)
		return image;
	if (pread(fd, features, sizeof(features), QCOW2_FEATURES) != sizeof(features))
		features[7] = 0;
	close(fd);
	if (!(features[7] & QCOW2_DATA_FILE))
		return image;
	snprintf(folder, PATH_MAX, "%s", image);
	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	return !slash ? "." : folder[0] ? folder : "/";
}

void server_sandbox_confine_disk(const char *image, bool readonly, bool qcow2)
{
	char folder[PATH_MAX];
	const struct sandbox_path paths[] = {
		{ qcow2 ? sandbox_find_data(image, folder) : image,
		  SANDBOX_READ | (readonly ? 0 : SANDBOX_WRITE) },
		{ qcow2 ? "/" : "/dev/urandom", SANDBOX_READ },
		{ "/proc", SANDBOX_READ },
		{ "/sys", SANDBOX_READ },
		{ "/etc/ld.so.cache", SANDBOX_READ },
		{ "/etc/gnutls", SANDBOX_READ },
		{ "/etc/crypto-policies", SANDBOX_READ },
		{ "/dev/null", SANDBOX_READ | SANDBOX_WRITE },
		{ "/usr", SANDBOX_READ | SANDBOX_RUN },
		{ "/lib", SANDBOX_READ | SANDBOX_RUN },
		{ "/lib64", SANDBOX_READ | SANDBOX_RUN },
	};
	const struct sandbox_child child = { .capabilities = 1u << CAP_DAC_OVERRIDE,
					     .paths = paths,
					     .path_count = array_size(paths) };

	sandbox_child_enter_program(&child);
}

void server_sandbox_raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}
