/* SPDX-License-Identifier: MIT */
/*
 * A seccomp filter for one kind of thread, made of the table in sandbox_calls.h by libseccomp.
 *
 * It is made once, before guest and devices run, and each thread of its kind loads it. A call that
 * it does not allow raises SIGSYS; sandbox_trap.h then prints a message and ends the process.
 */
#ifndef MINIVMM_SANDBOX_FILTER_H
#define MINIVMM_SANDBOX_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <sys/types.h>

#include "sandbox_calls.h"

struct sandbox_filter {
	struct sock_filter *code; /* from malloc(); NULL: not made */
	unsigned short length;
};

/* Selects the rows of the table. */
struct sandbox_wanted {
	bool groups, iommufd; /* devices are opened this way */
	bool hotplug;         /* and more of them while the guest runs */
	bool children;        /* there are some that it ends by a signal */
	bool kill, pin;       /* see enum sandbox_need */
	pid_t child;          /* the process that this one may signal, or 0 */
};

/* Make the filter. 0 or -errno, logged. */
int sandbox_filter_init(struct sandbox_filter *filter, enum thread_kind kind,
			const struct sandbox_wanted *wanted);

/*
 * The same of sandbox_denied[]: all other calls are allowed. What it denies ends a process of ours,
 * of this kind; with `programs` it fails with EPERM instead.
 */
int sandbox_filter_init_denying(struct sandbox_filter *filter, enum thread_kind kind,
				bool programs);
void sandbox_filter_destroy(struct sandbox_filter *filter);

/*
 * Load the filter into this thread, which can make no other calls from here on. The thread must
 * have no_new_privs. 0 or -errno, not logged.
 */
int sandbox_filter_load(const struct sandbox_filter *filter);

/* True if this kernel can filter system calls. */
bool sandbox_filter_is_known(void);

#endif
