/* SPDX-License-Identifier: MIT */
/*
 * The default guest's root file system, put together in memory at each start.
 *
 * Owns what is in the archive: guests/init.c as /init, the host's busybox if it is a static one as
 * /bin/busybox, and the kernel modules that the passed-through devices ask for (firmware/modules.h)
 * below /lib/modules, with their paths in loading order, one to a line, in /modules. With a command
 * to run also that, and files that it needs. Does not own what happens with them in the guest.
 *
 * Read beside it: Documentation/driver-api/early-userspace/buffer-format.rst, the "newc" format.
 */
#ifndef MINIVMM_INITRAMFS_H
#define MINIVMM_INITRAMFS_H

#include <stddef.h>

struct initramfs_config {
	const char *const
		*modaliases; /* as in /sys/bus/pci/devices/BDF/modalias, without newline */
	size_t modalias_count;
	const char *modules; /* where the guest kernel's modules are: /lib/modules/RELEASE */
	const char *busybox; /* the busybox to take; NULL looks in the usual places */
	const char *command; /* contents of /command, see guests/command_ports.h; or NULL */
	size_t command_size;
	char *const *files; /* of the host, put at the same paths; a NULL ends the list, or NULL */
};

/*
 * Build the archive. *fd becomes a memfd, which is the caller's to close; read it with pread(). On
 * failure *fd is untouched.
 *
 * The work is done by a child process: libcrypto, which comes with libkmod, cannot be unloaded
 * again, and its pages and the allocator's would stay with minivmm for the guest's lifetime. Call
 * it while the process has one thread. 0 or -errno, logged.
 */
int initramfs_build(const struct initramfs_config *config, int *fd);

#endif
