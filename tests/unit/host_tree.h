/* SPDX-License-Identifier: MIT */
/* Hosts that do not exist. host_tree.sh makes them, and MINIVMM_HOST_ROOT points to one. */
#ifndef MINIVMM_TESTS_HOST_TREE_H
#define MINIVMM_TESTS_HOST_TREE_H

#include "vfio/host/check/host_check.h"

/* Make the host of this situation the one that is examined. The one before it is removed. */
void host_tree_make(const char *situation);

/* Remove all trees; the host is the real one again. */
void host_tree_remove(void);

/* A guest whose addresses end at 512 MiB, on an ordinary machine. */
extern const struct host_demand host_tree_demand;

/* Run a shell command with the tree as $root; it must succeed. */
void host_tree_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Drop root's rights, if the test has any, so that the modes of files count; and take them back.
 */
void host_tree_become_user(void);
void host_tree_become_root(void);

#endif
