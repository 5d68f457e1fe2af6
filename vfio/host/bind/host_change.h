/* SPDX-License-Identifier: MIT */
/*
 * The two ways in which minivmm changes the host: it writes to an attribute of sysfs, and it
 * loads a module. Nothing else in vfio/host changes anything but its own records.
 */
#ifndef MINIVMM_HOST_CHANGE_H
#define MINIVMM_HOST_CHANGE_H

#include "vfio/host/look/host_path.h"

/*
 * Write `text` to the attribute itself, never to the target of a link in its place. Returns 0 or
 * -errno. Does not log.
 */
int host_write_attribute(const struct host_path *path, const char *text);

/*
 * Load a kernel module with its dependencies, as modprobe does. Returns 0 or -errno. If
 * MINIVMM_HOST_ROOT names another host, nothing is run and -ENOENT returned. Does not log.
 */
int host_load_module(const char *name);

#endif
