/* SPDX-License-Identifier: MIT */
/*
 * Which kernel modules make a device work, and in what order they are loaded.
 *
 * Owns the way from modaliases to files: the lookup, hard and soft dependencies, and a short
 * table of modules that a device needs but its own modalias does not name. Does not own the
 * loading: that is guests/init.c. Firmware files that a driver asks for are left out. The host's
 * modprobe.d files are left out, too, because they speak about the host: a `softdep nvme pre:
 * vfio-pci` there keeps the driver away from the device, but the guest wants the driver.
 *
 * libkmod does the work. It is opened by dlopen() only at a start that needs it: linked, it would
 * bring libcrypto, liblzma and libzstd, a dozen system calls and a megabyte to every start.
 *
 * Read beside it: modules.dep(5), modprobe.d(5) on softdep, and libkmod.h.
 */
#ifndef MINIVMM_MODULES_H
#define MINIVMM_MODULES_H

#include <stddef.h>

struct modules_list {
	char **paths; /* of module files on the host, in the order of loading */
	size_t count;
};

/*
 * Look up the modules that `aliases` (modaliases or module names) ask for in `dir`, which is
 * /lib/modules/RELEASE or a tree like it. Every dependency, also a soft one, stands before its
 * module, and nothing stands twice. Modules that are built into the kernel are left out. An alias
 * that no module answers is no error. If `dir` is NULL, the kernel is taken to need no modules,
 * with a warning.
 *
 * A missing file is an error, -ENOENT, if one of the aliases names its module or if a module so
 * named has a hard dependency on it. The first `extras` aliases and all soft dependencies are
 * optional: they are left out with a warning.
 *
 * The caller destroys `list`, which is empty on failure. Returns 0 or -errno, logged.
 */
int modules_resolve(const char *dir, const char *const *aliases, size_t count, size_t extras,
		    struct modules_list *list);

/* Give back the list's memory and leave the list empty. Accepts an empty list. */
void modules_list_destroy(struct modules_list *list);

#endif
