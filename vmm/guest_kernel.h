/* SPDX-License-Identifier: MIT */
/*
 * Finds the file of the running kernel, where distributions keep it, for the guest without
 * --kernel.
 *
 * Read beside it: kernel-install(8), the file names in /usr/lib/modules; NixOS manual on
 * /run/booted-system.
 */
#ifndef MINIVMM_GUEST_KERNEL_H
#define MINIVMM_GUEST_KERNEL_H

#include "vfio/host/look/host_path.h"

/*
 * Open the kernel of this release; *path is its path. Returns its fd, which is the caller's, or
 * -errno, logged with all places that were tried and what to do.
 */
int guest_kernel_open(const char *release, struct host_path *path);

#endif
