/* SPDX-License-Identifier: MIT */
/*
 * A seccomp filter for one kind of thread, made of the table in sandbox_calls.h by libseccomp.
 *
 * It is made once, before guest and devices run, and put on by each thread of its kind. A call that
 * is not in it becomes SIGSYS, which sandbox_trap.h turns into a message and the end.
 */
#ifndef MINIVMM_SANDBOX_FILTER_H
#define MINIVMM_SANDBOX_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>

#include "sandbox_calls.h"

struct sandbox_filter {
	struct sock_filter *code; /* from malloc(); NULL: not made */
	unsigned short length;
};

/* What the rows of the table are picked by. */
struct sandbox_wanted {
	bool groups, iommufd; /* devices are opened this way */
	bool hotplug;         /* and more of them while the guest runs */
};

/* 0 or -errno, logged. */
int sandbox_filter_init(struct sandbox_filter *filter, enum thread_kind kind,
			const struct sandbox_wanted *wanted);
void sandbox_filter_destroy(struct sandbox_filter *filter);

/* From here on this thread makes no other calls. It has no_new_privs. 0 or -errno, not logged. */
int sandbox_filter_load(const struct sandbox_filter *filter);

/* Whether this kernel filters system calls at all. */
bool sandbox_filter_is_known(void);

#endif
