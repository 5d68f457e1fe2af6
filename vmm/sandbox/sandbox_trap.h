/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a system call that a filter does not let through: one line on standard error that
 * names the call and the kind of thread, the terminal as it was before, and the end.
 *
 * Whatever else the process still had to do, it does not get to do: who made the call may not be
 * minivmm's own code any more. The kernel closes the devices, which ends their DMA.
 */
#ifndef MINIVMM_SANDBOX_TRAP_H
#define MINIVMM_SANDBOX_TRAP_H

/* For the whole process: it will end with `status`. */
void sandbox_trap_init(int status);

/* For this thread: whatever its mask of signals is, this one comes through. */
void sandbox_trap_enter(void);

#endif
