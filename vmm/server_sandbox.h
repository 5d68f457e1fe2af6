/* SPDX-License-Identifier: MIT */
/*
 * What becomes of the child process between fork() and the server's program: its files, its rights,
 * and what it sees of the file system.
 *
 * All functions are for that child. They do not return when they fail: the child says why, on what
 * is its standard error by then, and ends.
 *
 * Read beside it: user_namespaces(7), mount_setattr(2), seccomp(2).
 */
#ifndef MINIVMM_SERVER_SANDBOX_H
#define MINIVMM_SERVER_SANDBOX_H

/* Say what could not be done, with errno's text, and end. */
_Noreturn void server_sandbox_die(const char *what);

/*
 * A session of its own, so that keys typed at our terminal do not end it; it ends when we do. Its
 * standard output and error become `output`.
 */
void server_sandbox_detach(int output);

/*
 * For a caller who is not root: root in a user namespace of its own, which gives it no right over
 * anything that the caller has none over.
 */
void server_sandbox_become_root(void);

/* From now on this process sees the folder read-only, with all that is mounted below. */
void server_sandbox_protect(const char *folder);

/* As many open files as the caller may have. */
void server_sandbox_raise_files(void);

/* How virtiofsd shall shut itself into the folder: "namespace" or "chroot". */
const char *server_sandbox_kind(const char *folder);

#endif
