/* SPDX-License-Identifier: MIT */
/*
 * What the process may do beside making system calls: its user, its capabilities.
 *
 * All of it belongs to a thread, not to the process. libc would change all threads at once, by a
 * signal to each; here each changes itself, because some have a filter already that knows no such
 * call.
 *
 * Read beside it: credentials(7), capabilities(7), prctl(2).
 */
#ifndef MINIVMM_SANDBOX_RIGHTS_H
#define MINIVMM_SANDBOX_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Whom to go on as. */
struct sandbox_user {
	bool change;
	uid_t uid;
	gid_t gid;
};

/*
 * Find the user: `name`, or his number, if that is not NULL; else who called sudo; else nobody
 * else. While the process may open files. 0 or -errno, logged.
 */
int sandbox_user_find(struct sandbox_user *user, const char *name);

/*
 * This thread becomes the user's, without further groups, and has no capabilities, now or later,
 * but those whose bits are in `keep`, if it has them now. 0 or -errno, not logged.
 */
int sandbox_rights_drop(const struct sandbox_user *user, uint32_t keep);

#endif
