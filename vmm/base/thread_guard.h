/* SPDX-License-Identifier: MIT */
/*
 * The first thing that a thread does is to give up what it will not need.
 *
 * That depends on its kind. The code that makes a thread knows the kind; only vmm/sandbox/ knows
 * what is given up. Without a guard a thread keeps everything, as in tests.
 */
#ifndef MINIVMM_THREAD_GUARD_H
#define MINIVMM_THREAD_GUARD_H

#include <stddef.h>

enum thread_kind {
	THREAD_MAIN,    /* the main loop */
	THREAD_VCPU,    /* runs the guest, and serves what it touches */
	THREAD_SERVER,  /* reads what a vfio-user server sends */
	THREAD_COMMAND, /* carries a command's input and output */
	THREAD_DEMO,    /* the process that is the demo device */
	THREAD_OPENER,  /* the process that opens devices again */
	/* Processes that keep a right for one thing; sandbox/sandbox_child.h confines them. */
	THREAD_FINDER,     /* finds and opens devices that come */
	THREAD_NAMES,      /* opens what has its name from the control socket */
	THREAD_UNLINKER,   /* removes the control socket in the end */
	THREAD_SUPERVISOR, /* ends a server */
	THREAD_WRITER,     /* writes a file in the place of minivmm */
	THREAD_BINDER,     /* binds devices, and gives them back */
	THREAD_KINDS,
};

struct thread_guard {
	/* Called in the new thread, once it has its name. Does not return if it fails. */
	void (*enter)(const struct thread_guard *guard, enum thread_kind kind);
};

static inline void thread_guard_enter(const struct thread_guard *guard, enum thread_kind kind)
{
	if (guard)
		guard->enter(guard, kind);
}

#endif
