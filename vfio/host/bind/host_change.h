/* SPDX-License-Identifier: MIT */
/*
 * The two ways in which minivmm changes the host: a write to an attribute of sysfs, and the loading
 * of a module. Nothing else of vfio/host changes anything but its own records.
 */
#ifndef MINIVMM_HOST_CHANGE_H
#define MINIVMM_HOST_CHANGE_H

#include "vfio/host/look/host_path.h"

/* Write `text` to the attribute, never to what a link in its place points to. 0 or -errno. */
int host_write_attribute(const struct host_path *path, const char *text);

/*
 * Load a kernel module with what it needs, as modprobe does it. 0 or -errno; -ENOENT, and nothing
 * is run, while MINIVMM_HOST_ROOT names another host.
 */
int host_load_module(const char *name);

#endif
