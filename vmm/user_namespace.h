/* SPDX-License-Identifier: MIT */
/*
 * Whether a caller who is not root may be root in a user namespace of his own, without which the
 * first virtiofsd does not run for him, and a folder cannot be made read-only.
 *
 * Owns the attempt, and which setting of the host stands in the way.
 *
 * Read beside it: user_namespaces(7); Documentation/admin-guide/sysctl/user.rst of Linux.
 */
#ifndef MINIVMM_USER_NAMESPACE_H
#define MINIVMM_USER_NAMESPACE_H

#include <stdbool.h>

/* It is tried, in a child. For a process that has one thread. Not logged. */
bool user_namespace_is_allowed(void);

/* Log the line that allows it, if one is known. */
void user_namespace_log_fix(void);

#endif
