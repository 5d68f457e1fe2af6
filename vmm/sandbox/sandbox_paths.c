/* SPDX-License-Identifier: MIT */
#include "sandbox_paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "landlock_abi.h"
#include "vmm/trace/macros.h"

/* Accesses to files of ABI 1: the first 13 bits. */
#define PATHS_ABI_1 ((1ull << 13) - 1)

/* What each ABI added. */
static const struct {
	long abi;
	uint64_t files, network, scopes;
} paths_accesses[] = {
	{ 1, PATHS_ABI_1, 0, 0 },
	{ 2, LANDLOCK_ACCESS_FS_REFER, 0, 0 },
	{ 3, LANDLOCK_ACCESS_FS_TRUNCATE, 0, 0 },
	{ 4, 0, LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP, 0 },
	{ 5, LANDLOCK_ACCESS_FS_IOCTL_DEV, 0, 0 },
	{ 6, 0, 0, LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL },
};

/*
 * Ask for everything that this kernel can forbid. Returns the size of the struct that the kernel
 * knows.
 */
static size_t paths_handle_all(struct landlock_ruleset *handled, long abi)
{
	*handled = (struct landlock_ruleset){ .handled_access_fs = 0 };
	for (size_t i = 0; i < array_size(paths_accesses) && paths_accesses[i].abi <= abi; i++) {
		handled->handled_access_fs |= paths_accesses[i].files;
		handled->handled_access_net |= paths_accesses[i].network;
		handled->scoped |= paths_accesses[i].scopes;
	}
	if (abi < 4)
		return offsetof(struct landlock_ruleset, handled_access_net);
	return abi < 6 ? offsetof(struct landlock_ruleset, scoped) : sizeof(*handled);
}

#define PATHS_READ  (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define PATHS_WRITE (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)

/* What Landlock can allow for a file that is no folder. */
#define PATHS_OF_FILES                                                                             \
	(LANDLOCK_ACCESS_FS_READ_FILE | PATHS_WRITE | LANDLOCK_ACCESS_FS_EXECUTE |                 \
	 LANDLOCK_ACCESS_FS_IOCTL_DEV)

static uint64_t paths_translate(unsigned int access)
{
	return (access & SANDBOX_READ ? PATHS_READ : 0) |
	       (access & SANDBOX_WRITE ? PATHS_WRITE | LANDLOCK_ACCESS_FS_IOCTL_DEV : 0) |
	       (access & SANDBOX_RUN ? LANDLOCK_ACCESS_FS_EXECUTE : 0) |
	       (access & SANDBOX_REMOVE ? LANDLOCK_ACCESS_FS_REMOVE_FILE : 0);
}

static int paths_allow(int ruleset, const struct sandbox_path *path, uint64_t handled)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = handled & paths_translate(path->access),
		.parent_fd = open(path->path, O_PATH | O_CLOEXEC),
	};
	struct stat file;
	int ret = 0;

	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	if (fstat(rule.parent_fd, &file) == 0 && !S_ISDIR(file.st_mode))
		rule.allowed_access &= PATHS_OF_FILES;
	if (rule.allowed_access &&
	    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		ret = -errno;
	close(rule.parent_fd);
	return ret;
}

int sandbox_paths_restrict(const struct sandbox_path *paths, unsigned int count, bool signals)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset handled;
	int ruleset, ret = 0;
	size_t size;

	if (abi < 0)
		return -EOPNOTSUPP;
	size = paths_handle_all(&handled, abi);
	if (signals)
		handled.scoped &= ~(uint64_t)LANDLOCK_SCOPE_SIGNAL;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, size, 0);
	if (ruleset < 0)
		return -errno;
	for (unsigned int i = 0; i < count && ret == 0; i++)
		ret = paths_allow(ruleset, &paths[i], handled.handled_access_fs);
	if (ret == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		ret = -errno;
	close(ruleset);
	return ret;
}
