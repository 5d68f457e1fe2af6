/* SPDX-License-Identifier: MIT */
/*
 * Which paths may be opened at all, by Landlock: none, or a few files.
 *
 * The filters know no call that opens a file. This holds where a filter would have a hole, and for
 * the process whose work it is to open files.
 *
 * Read beside it: Documentation/userspace-api/landlock.rst.
 */
#ifndef MINIVMM_SANDBOX_PATHS_H
#define MINIVMM_SANDBOX_PATHS_H

/*
 * From here on this thread, and those that it makes, open none but these `count` files, to read and
 * write, and no TCP connection. It has no_new_privs. 0; -EOPNOTSUPP where the kernel has no
 * Landlock, or another -errno; not logged.
 */
int sandbox_paths_restrict(const char *const *files, unsigned int count);

#endif
