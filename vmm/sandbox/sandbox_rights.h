/* SPDX-License-Identifier: MIT */
/*
 * The rights of the process: its user and its capabilities.
 *
 * In Linux they belong to each thread. libc would change all threads at once, by a signal to each;
 * here each thread changes itself, because some already have a filter that does not allow such a
 * call.
 *
 * Read beside it: credentials(7), capabilities(7), prctl(2).
 */
#ifndef MINIVMM_SANDBOX_RIGHTS_H
#define MINIVMM_SANDBOX_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The user to continue as. */
struct sandbox_user {
	bool change;
	uid_t uid;
	gid_t gid;
};

/*
 * Find the user: the name or number `name` if that is not NULL, else the caller of sudo, else no
 * change. Must be called while the process may open files. 0 or -errno, logged.
 */
int sandbox_user_find(struct sandbox_user *user, const char *name);

/*
 * Make this thread the user's, without supplementary groups and without capabilities, now or later,
 * except those in the bits `keep` that it has now, which a program that it starts has, too. 0 or
 * -errno, not logged.
 */
int sandbox_rights_drop(const struct sandbox_user *user, uint32_t keep);

#endif
