/* SPDX-License-Identifier: MIT */
/*
 * Limits the paths that can be opened, by Landlock: to none, or to a few files.
 *
 * The filters already allow no call that opens a file. This is a second line for the case that a
 * filter has a hole, and the only one for the process that opens files.
 *
 * Read beside it: Documentation/userspace-api/landlock.rst.
 */
#ifndef MINIVMM_SANDBOX_PATHS_H
#define MINIVMM_SANDBOX_PATHS_H

/*
 * From here on this thread, and threads that it makes, can open only these `count` files, for
 * reading and writing, and no TCP connection. The thread must have no_new_privs. 0, -EOPNOTSUPP if
 * the kernel has no Landlock, or another -errno; not logged.
 */
int sandbox_paths_restrict(const char *const *files, unsigned int count);

#endif
