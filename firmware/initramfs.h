/* SPDX-License-Identifier: MIT */
/*
 * The default guest's root file system, put together in memory at each start.
 *
 * Owns the content of the archive: guests/init.c as /init; the host's busybox, if it is a static
 * one, as /bin/busybox; and below /lib/modules the kernel modules that the passed-through devices
 * ask for (firmware/modules.h), with their paths in the order of loading in /modules, one to a
 * line. If there is a command to run, its order and the files that it needs are in it, too. Does
 * not own what happens with them in the guest.
 *
 * Read beside it: Documentation/driver-api/early-userspace/buffer-format.rst, the "newc" format.
 */
#ifndef MINIVMM_INITRAMFS_H
#define MINIVMM_INITRAMFS_H

#include <stddef.h>

struct initramfs_config {
	const char *const
		*modaliases; /* as in /sys/bus/pci/devices/BDF/modalias, without the newline */
	size_t modalias_count;
	const char *modules; /* the folder of the guest kernel's modules: /lib/modules/RELEASE */
	const char *busybox; /* the busybox to take; NULL looks in the usual places */
	const char *command; /* content of /command, see guests/command_ports.h; or NULL */
	size_t command_size;
	char *const *files; /* of the host, put at the same paths; a NULL ends them; or NULL */
};

/*
 * Build the archive. *fd becomes a memfd, which is to be read with pread() and which the caller
 * closes. On failure *fd is untouched.
 *
 * A child process does the work. libcrypto, which comes with libkmod, cannot be unloaded again:
 * its pages and the allocator's would stay with minivmm for the guest's lifetime. Must be called
 * while the process has one thread. Returns 0 or -errno, logged.
 */
int initramfs_build(const struct initramfs_config *config, int *fd);

#endif
