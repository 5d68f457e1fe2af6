/* SPDX-License-Identifier: MIT */
/*
 * Confines a process that minivmm makes to keep one right that it gives up itself.
 *
 * The process sees neither guest nor device, and does one thing. What that needs is what it keeps:
 * a few capabilities, the files that Landlock leaves it, a filter of its own. Each has a row in
 * vmm/README.md.
 *
 * Read beside it: capabilities(7), Documentation/userspace-api/landlock.rst.
 */
#ifndef MINIVMM_SANDBOX_CHILD_H
#define MINIVMM_SANDBOX_CHILD_H

#include <stdint.h>
#include <sys/types.h>

#include "sandbox_paths.h"
#include "sandbox_rights.h"
#include "vmm/base/thread_guard.h"

/* What a process keeps. */
struct sandbox_child {
	enum thread_kind kind;
	struct sandbox_user user;         /* whom it goes on as */
	uint32_t capabilities;            /* as bits, of those that it has */
	const struct sandbox_path *paths; /* what it can reach; NULL: what its user can */
	unsigned int path_count;
	pid_t child; /* the process that it may signal, or 0 */
};

/*
 * Confine this process, which has one thread. It ends with EXIT_FAILURE, logged, if that fails, and
 * later if it makes a call that its kind may not make.
 */
void sandbox_child_enter(const struct sandbox_child *child);

/*
 * The same for a process that becomes a program of others: some calls fail with EPERM in it, and
 * its capabilities go on. `kind` is not used. It prints what failed, and ends.
 */
void sandbox_child_enter_program(const struct sandbox_child *child);

#endif
