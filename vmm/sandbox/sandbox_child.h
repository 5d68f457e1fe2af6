/* SPDX-License-Identifier: MIT */
/*
 * Confines a process that keeps one right which minivmm itself gives up.
 *
 * The process sees neither guest nor device, and does one thing. It keeps only what that needs: a
 * few capabilities, the files that Landlock leaves it, and a filter of its own. Each such process
 * has a row in vmm/README.md.
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
	struct sandbox_user user;         /* the user that it goes on as */
	uint32_t capabilities;            /* as bits; only those that it has now */
	const struct sandbox_path *paths; /* what it can reach; NULL for all that its user can */
	unsigned int path_count;
	pid_t child; /* the process that it may signal, or 0 */
};

/*
 * Confine this process, which has one thread. If that fails, it ends with EXIT_FAILURE, logged.
 * Later it ends if it makes a call that its kind may not make.
 */
void sandbox_child_enter(const struct sandbox_child *child);

/*
 * Confine a process that becomes a program of others. Some calls fail with EPERM in that program,
 * and it keeps the capabilities. `kind` is not used. If it fails, the process prints what failed,
 * and ends.
 */
void sandbox_child_enter_program(const struct sandbox_child *child);

#endif
