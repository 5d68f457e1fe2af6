/* SPDX-License-Identifier: MIT */
/*
 * Prepares the child process between fork() and the server's program: its files, its rights, and
 * its view of the file system.
 *
 * All functions are for that child. They do not return if they fail: the child prints the reason to
 * its standard error, and ends.
 *
 * Read beside it: user_namespaces(7), mount_setattr(2), seccomp(2).
 */
#ifndef MINIVMM_SERVER_SANDBOX_H
#define MINIVMM_SERVER_SANDBOX_H

#include <stdbool.h>

/* Print what could not be done, with errno's text, and end. */
_Noreturn void server_sandbox_die(const char *what);

/*
 * Give the child a session of its own, so that keys at the terminal do not end it, and let it end
 * with minivmm. Its standard output and error become `output`.
 */
void server_sandbox_detach(int output);

/*
 * For a caller who is not root: make the child root in a user namespace of its own, which gives it
 * no right that the caller does not have.
 */
void server_sandbox_become_root(void);

/* From now on the folder, and everything mounted below it, is read-only for this process. */
void server_sandbox_protect(const char *folder);

/*
 * No core file of this process, or of the program that it becomes, has the guest's memory in it.
 * Programs that it starts give it no further rights.
 */
void server_sandbox_hide_memory(void);

/*
 * From now on this process, and qemu-storage-daemon which it becomes, writes to the image alone,
 * and not even there if `readonly`. It reads what a base may be if it is `qcow2`, else the image
 * and the system's programs. What is left of root's rights is to open files whatever their mode.
 */
void server_sandbox_confine_disk(const char *image, bool readonly, bool qcow2);

/* Raise the limit on open files as far as the caller may. */
void server_sandbox_raise_files(void);

/* How virtiofsd shall shut itself into the folder: "namespace" or "chroot". */
const char *server_sandbox_kind(const char *folder);

#endif
