/* SPDX-License-Identifier: MIT */
/*
 * Handles a system call that a filter forbids: it prints one line that names the call and the kind
 * of thread, restores the terminal, and ends the process.
 *
 * The process does nothing else, because the code that made the call may no longer be minivmm's
 * own. The kernel closes the devices, which ends their DMA.
 */
#ifndef MINIVMM_SANDBOX_TRAP_H
#define MINIVMM_SANDBOX_TRAP_H

#include "vmm/base/thread_guard.h"

/* For the whole process: it will end with `status`. */
void sandbox_trap_init(int status);

/* The kind's name in that line. */
const char *sandbox_kind_name(enum thread_kind kind);

/* Prepare this thread: unblock the signal. */
void sandbox_trap_enter(void);

#endif
