/* SPDX-License-Identifier: MIT */
/*
 * How much memory may be locked: VFIO pins all of the guest's RAM, and counts it against
 * RLIMIT_MEMLOCK.
 *
 * The same finding as doctor's check of this name, for a start that needs the room.
 *
 * Read beside it: getrlimit(2), capabilities(7), limits.conf(5).
 */
#ifndef MINIVMM_HOST_MEMLOCK_H
#define MINIVMM_HOST_MEMLOCK_H

#include <stdint.h>

/*
 * Make sure that `need` bytes can be pinned: raises the limit when allowed; with CAP_IPC_LOCK there
 * is none. 0, or -errno with need, limit and the lines that raise it printed.
 */
int host_raise_memlock(uint64_t need);

/*
 * For a device that may come once this process has no rights any more: raise the limit if that is
 * allowed, and say nothing if it is not.
 */
void host_try_memlock(uint64_t need);

/* The same message, after the kernel refused to pin although the limit looked high enough. */
void host_explain_memlock(uint64_t need);

#endif
