/* SPDX-License-Identifier: MIT */
/*
 * Which kernel modules make a device work, and in what order to load them.
 *
 * Owns the way from modaliases to files: the lookup, hard and soft dependencies, and a short table
 * of what a driver needs but its device's modalias does not name. Does not own the loading: that is
 * guests/init.c. Firmware files that a driver asks for are left out; so are the host's modprobe.d
 * files, which speak about the host (a `softdep nvme pre: vfio-pci` there is meant to keep the
 * driver away, and the guest wants it).
 *
 * The work is done by libkmod, which is dlopen()ed for the one start in which it is wanted: linked,
 * it would bring libcrypto, liblzma and libzstd, a dozen system calls and a megabyte to every
 * start.
 *
 * Read beside it: modules.dep(5), modprobe.d(5) on softdep, and libkmod.h.
 */
#ifndef MINIVMM_MODULES_H
#define MINIVMM_MODULES_H

#include <stddef.h>

struct modules_list {
	char **paths; /* of module files on the host, in loading order */
	size_t count;
};

/*
 * The modules that `aliases` (modaliases or module names) ask for, looked up in `dir`, which is
 * /lib/modules/RELEASE or a tree like it. Every dependency stands before its module, soft ones
 * included, and nothing stands twice; what the kernel has built in is left out. An alias that
 * nothing answers to is no error. Without `dir` the kernel is taken to need no modules: a warning.
 *
 * A module whose file is missing is an error, -ENOENT, when one of the aliases names it or it is a
 * hard dependency of one that is named. The first `extras` aliases are no loss, nor are soft
 * dependencies: those are left out with a warning.
 *
 * `list` is the caller's to destroy, and empty on failure. 0 or -errno, logged.
 */
int modules_resolve(const char *dir, const char *const *aliases, size_t count, size_t extras,
		    struct modules_list *list);

/* Gives back the list's memory and leaves it empty. Accepts an empty one. */
void modules_list_destroy(struct modules_list *list);

#endif
