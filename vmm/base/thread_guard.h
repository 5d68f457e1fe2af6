/* SPDX-License-Identifier: MIT */
/*
 * What a thread does first: it gives up all that it will not need.
 *
 * Which calls a thread needs is known by kind. Who makes the thread knows its kind; what is taken
 * from it, vmm/sandbox/ alone knows. Without a guard a thread keeps everything, as in tests.
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
	THREAD_KINDS,
};

struct thread_guard {
	/* In the new thread, once it has its name. Does not return when it fails. */
	void (*enter)(const struct thread_guard *guard, enum thread_kind kind);
};

static inline void thread_guard_enter(const struct thread_guard *guard, enum thread_kind kind)
{
	if (guard)
		guard->enter(guard, kind);
}

#endif
