/* SPDX-License-Identifier: MIT */
/*
 * The ready-made guest: this host's kernel, and an initramfs put together for the passed-through
 * devices.
 */
#ifndef MINIVMM_DEFAULT_GUEST_H
#define MINIVMM_DEFAULT_GUEST_H

#include <limits.h>

#include "command_guest.h"
#include "firmware/boot.h"
#include "vfio/host/look/host_sysfs.h"

struct default_guest {
	char kernel[PATH_MAX];
	char release[KERNEL_RELEASE_MAX]; /* of the kernel, and the name of its modules' folder */
	char cmdline[2048];
};

/* What the guest must contain. */
struct default_guest_order {
	const struct config *config;
	const struct host_device *devices;   /* config->device_count of them */
	const struct command_guest *command; /* the command to run in it, or NULL */
};

/*
 * Open kernel and initramfs of the default guest into `boot`, whose strings then point into *guest.
 * The words of --append are added to its command line. A command's guest may have a kernel of the
 * user's. The caller closes the files. Must be called while the process has one thread. 0 or
 * -errno, logged.
 */
int default_guest_open(struct default_guest *guest, const struct default_guest_order *order,
		       struct boot_config *boot);

#endif
