/* SPDX-License-Identifier: MIT */
/*
 * The ready-made guest: this host's kernel, and an initramfs put together for the passed-through
 * devices.
 */
#ifndef MINIVMM_DEFAULT_GUEST_H
#define MINIVMM_DEFAULT_GUEST_H

#include "firmware/boot.h"
#include "vfio/host/look/host_sysfs.h"

struct default_guest {
	char kernel[128];
	char cmdline[2048];
};

/*
 * Open kernel and initramfs of the default guest into `boot`, whose strings then point into *guest;
 * `append` (NULL for nothing) is added to its command line. The files are the caller's to close.
 * Call it while the process has one thread. 0 or -errno, logged.
 */
int default_guest_open(struct default_guest *guest, const struct host_device *devices,
		       unsigned int count, const char *append, struct boot_config *boot);

#endif
