/* SPDX-License-Identifier: MIT */
/*
 * Limits the paths that can be opened, by Landlock: to none, or to a few files. From Linux 6.7 on
 * it limits TCP, too, and from 6.12 on sockets with abstract names and signals.
 *
 * The filters already allow no call that opens a file. This is a second line for the case that a
 * filter has a hole, and the only one for the process that opens files.
 *
 * Read beside it: Documentation/userspace-api/landlock.rst.
 */
#ifndef MINIVMM_SANDBOX_PATHS_H
#define MINIVMM_SANDBOX_PATHS_H

#include <stdbool.h>

/* What may be done with a file, or with all that is below a folder. */
enum sandbox_access {
	SANDBOX_READ = 1,   /* read files, list folders */
	SANDBOX_WRITE = 2,  /* write to files that are there, and make ioctls on devices */
	SANDBOX_RUN = 4,    /* start programs, load libraries */
	SANDBOX_REMOVE = 8, /* remove files */
};

struct sandbox_path {
	const char *path;
	unsigned int access; /* SANDBOX_* */
};

/*
 * From here on this thread, and threads that it makes, can reach only these `count` files and
 * folders, in these ways, no TCP connection, and no socket that another process has given an
 * abstract name. It can signal its own process, and what that starts later; `signals` says that it
 * can signal others, too. What is not there is skipped. The thread must have no_new_privs. 0,
 * -EOPNOTSUPP if the kernel has no Landlock, or another -errno; not logged.
 */
int sandbox_paths_restrict(const struct sandbox_path *paths, unsigned int count, bool signals);

#endif
