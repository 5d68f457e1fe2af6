/* SPDX-License-Identifier: MIT */
/*
 * Confinement: what minivmm gives up once the machine is built and before the guest runs.
 *
 * If a guest, a device or a server takes over a thread after that, it gains little: the system
 * calls that threads of this kind make anyway, and files that are open already, but no capability
 * and no path. Files that the machine needs later, for a reboot of the guest or to open a device
 * again, are open by then, or a separate process opens them (see opener.h). sandbox_calls.c has the
 * lists, sandbox_filter.c makes filters of them, sandbox_trap.c says what a forbidden call was.
 * sandbox_rights.c is about users and capabilities, sandbox_paths.c about Landlock.
 */
#ifndef MINIVMM_SANDBOX_H
#define MINIVMM_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sandbox_filter.h"
#include "sandbox_rights.h"
#include "vmm/base/thread_guard.h"

/* What must be confined. */
struct sandbox_options {
	const char *user; /* --user, or NULL */
	int status;       /* exit status of a process that makes a forbidden call */
	uint32_t threads; /* the kinds of threads that there will be, as bits: SANDBOX_MAIN ... */
	struct sandbox_wanted wanted;
};

struct sandbox {
	struct thread_guard guard; /* for all code that makes threads */
	bool on;                   /* if false, all functions below do nothing */
	/* the main thread is confined, and threads that it makes inherit that */
	bool confined;
	bool filters_known; /* the kernel supports filters */
	bool paths_closed;  /* by Landlock */
	bool signals;       /* it ends children that are not in its Landlock domain by a signal */
	int status;
	struct sandbox_user user;
	uid_t uid; /* the user it will be */
	struct sandbox_filter filters[THREAD_KINDS];
};

/*
 * Prepare everything, but confine nothing yet. Must be called before the first thread and the first
 * child process exist. A zeroed sandbox is off. 0 or -errno, logged.
 */
int sandbox_init(struct sandbox *sandbox, const struct sandbox_options *options);
void sandbox_destroy(struct sandbox *sandbox);

/*
 * The guard for a new thread, or NULL if the sandbox is off. The thread confines itself with it,
 * whether the main thread is confined or not.
 */
const struct thread_guard *sandbox_guard(const struct sandbox *sandbox);

/*
 * Confine the process and its main thread; from here on it cannot open files. `keep` are `count`
 * open files of the caller's that it still needs. Does nothing the second time. 0 or -errno,
 * logged.
 */
int sandbox_confine(struct sandbox *sandbox, const int *keep, unsigned int count);

/* Print what is in force, in one line, for --stats. */
void sandbox_print(const struct sandbox *sandbox, FILE *out);

#endif
