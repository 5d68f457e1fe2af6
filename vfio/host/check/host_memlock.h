/* SPDX-License-Identifier: MIT */
/*
 * How much memory may be locked: VFIO pins all of the guest's RAM, and the kernel counts it
 * against RLIMIT_MEMLOCK.
 *
 * This is the finding of doctor's check `memlock`, for a start that needs the room.
 *
 * Read beside it: getrlimit(2), capabilities(7), limits.conf(5).
 */
#ifndef MINIVMM_HOST_MEMLOCK_H
#define MINIVMM_HOST_MEMLOCK_H

#include <stdint.h>

/*
 * Make sure that `need` bytes can be pinned. Raises the limit if that is allowed; with
 * CAP_IPC_LOCK there is no limit. Returns 0, or -errno with need, limit and the lines that raise
 * it logged.
 */
int host_raise_memlock(uint64_t need);

/*
 * Raise the limit if that is allowed, for a device that may come once this process has no rights
 * any more. Does not log.
 */
void host_try_memlock(uint64_t need);

/*
 * Log the same words, as information about an error, after the kernel refused to pin although the
 * limit looked high enough. With CAP_IPC_LOCK there is no limit, and nothing to explain.
 */
void host_explain_memlock(uint64_t need);

#endif
