/* SPDX-License-Identifier: MIT */
/*
 * Which system calls each kind of thread may make, as a table with a reason for each.
 *
 * Filters add up: a thread has its own and all those of the thread that made it. The main thread
 * makes the vCPUs' threads anew at each reboot of the guest, so it may make their calls, too.
 *
 * Read beside it: Documentation/userspace-api/seccomp_filter.rst, libseccomp's seccomp_rule_add(3).
 */
#ifndef MINIVMM_SANDBOX_CALLS_H
#define MINIVMM_SANDBOX_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/base/thread_guard.h"

#define SANDBOX_MAIN    (1u << THREAD_MAIN)
#define SANDBOX_VCPU    (1u << THREAD_VCPU)
#define SANDBOX_SERVER  (1u << THREAD_SERVER)
#define SANDBOX_COMMAND (1u << THREAD_COMMAND)
#define SANDBOX_DEMO    (1u << THREAD_DEMO)
#define SANDBOX_OPENER  (1u << THREAD_OPENER)

#define SANDBOX_FINDER     (1u << THREAD_FINDER)
#define SANDBOX_NAMES      (1u << THREAD_NAMES)
#define SANDBOX_UNLINKER   (1u << THREAD_UNLINKER)
#define SANDBOX_SUPERVISOR (1u << THREAD_SUPERVISOR)
#define SANDBOX_WRITER     (1u << THREAD_WRITER)

/* A condition on the command line, for rows that apply only then. */
enum sandbox_need {
	SANDBOX_NEEDS_NOTHING,
	SANDBOX_NEEDS_ARCH,     /* the processor architecture has the call in its folder */
	SANDBOX_NEEDS_GROUPS,   /* devices by their groups */
	SANDBOX_NEEDS_IOMMUFD,  /* devices by iommufd */
	SANDBOX_NEEDS_DEVICES,  /* either */
	SANDBOX_NEEDS_HOTPLUG,  /* either, while the guest runs */
	SANDBOX_NEEDS_CHILDREN, /* signals to children */
	SANDBOX_NEEDS_KILL,     /* the same to children that have no files: process_signal.h */
	SANDBOX_NEEDS_PIN,      /* vCPUs have host CPUs of their own */
};

enum sandbox_check {
	SANDBOX_ANY,        /* whatever the arguments are */
	SANDBOX_IS,         /* argument `arg` is `value` */
	SANDBOX_HAS,        /* it has the bits of `value` */
	SANDBOX_HAS_NOT,    /* it has none of them */
	SANDBOX_IS_PID,     /* it is this process's id */
	SANDBOX_IS_NOT,     /* for what is denied: it is something else than `value` */
	SANDBOX_IS_NOT_PID, /* the same: than this process's id */
	SANDBOX_IS_CHILD,   /* it is that of the process that this one looks after */
	SANDBOX_NO_CALL,    /* the call does nothing: -ENOSYS, so that libc takes another */
};

struct sandbox_row {
	int call;         /* libseccomp's number of it */
	uint32_t threads; /* SANDBOX_* */
	enum sandbox_check check;
	unsigned int arg;
	uint64_t value;
	enum sandbox_need need;
};

/* All calls except ioctls, and the ioctls; both tables end with a row without threads. */
extern const struct sandbox_row sandbox_calls[];
extern const struct sandbox_row sandbox_ioctls[];

/*
 * What a process may not call that may call all else, because it runs programs of others: whatever
 * the arguments are, and with these arguments. The first list ends with -1, the second as above.
 */
extern const int sandbox_denied[];
extern const struct sandbox_row sandbox_denied_if[];

#endif
