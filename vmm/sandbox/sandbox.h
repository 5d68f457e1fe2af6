/* SPDX-License-Identifier: MIT */
/*
 * Confinement: what minivmm gives up once the machine is built and before the guest runs.
 *
 * From then on a guest, a device or a server that gets hold of a thread gets hold of little: the
 * system calls that threads of this kind make anyway, files that are open already, no capability,
 * no path. What the machine needs later - a reboot of the guest, a device that is opened again - is
 * open by then, or has a process of its own (see opener.h).
 *
 * sandbox_calls.c has the lists, sandbox_filter.c makes filters of them, sandbox_trap.c says what a
 * forbidden call was. sandbox_rights.c is about users and capabilities, sandbox_paths.c about
 * Landlock.
 */
#ifndef MINIVMM_SANDBOX_H
#define MINIVMM_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sandbox_filter.h"
#include "sandbox_rights.h"
#include "vmm/base/thread_guard.h"

/* What is to be confined. */
struct sandbox_options {
	const char *user; /* --user, or NULL */
	int status;       /* with which the process ends when it makes a forbidden call */
	uint32_t threads; /* the kinds that there will be, as bits: SANDBOX_MAIN ... */
	struct sandbox_wanted wanted;
};

struct sandbox {
	struct thread_guard guard; /* to be handed to all who make threads */
	bool on;                   /* otherwise all below does nothing */
	bool confined;             /* the main thread is: what it makes inherits that */
	bool filters_known;        /* by the kernel */
	bool paths_closed;         /* by Landlock */
	int status;
	struct sandbox_user user;
	uid_t uid; /* who it will be */
	struct sandbox_filter filters[THREAD_KINDS];
};

/*
 * Prepare everything, confine nothing. Before the first thread and the first child. A zeroed
 * sandbox that this was not called for is off. 0 or -errno, logged.
 */
int sandbox_init(struct sandbox *sandbox, const struct sandbox_options *options);
void sandbox_destroy(struct sandbox *sandbox);

/*
 * What a thread's maker takes, or NULL where the sandbox is off. The thread then confines itself,
 * whether the main thread is confined or not.
 */
const struct thread_guard *sandbox_guard(const struct sandbox *sandbox);

/*
 * The process, and in it the main thread: from here on it opens no file any more. `keep` are files
 * of the caller's that it still needs. Does nothing the second time. 0 or -errno, logged.
 */
int sandbox_confine(struct sandbox *sandbox, const int *keep, unsigned int count);

/* For --stats, in a line. */
void sandbox_print(const struct sandbox *sandbox, FILE *out);

#endif
