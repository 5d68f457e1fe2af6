/* SPDX-License-Identifier: MIT */
/*
 * The root file system of a command: folders of the host, by virtiofs.
 *
 * Functions return 0, or -1 after a message on the console.
 *
 * Read beside it: Documentation/filesystems/overlayfs.rst, .../ramfs-rootfs-initramfs.rst.
 */
#ifndef MINIVMM_INIT_ROOT_H
#define MINIVMM_INIT_ROOT_H

#include <stdbool.h>

/*
 * The shared folder `tag` becomes the root, read-only; layered, what is written stays in memory.
 * Below it come the kernel's own file systems, fresh. Without a tag the initramfs stays the root.
 */
int root_enter(const char *tag, bool layered);

/* An empty folder in memory, for everybody to write to. */
int root_add_memory(const char *place);

/* Mount the shared folder `tag` at `place`, which is made if it is not there. */
int root_add_share(const char *tag, const char *place, bool readonly);

/* Make a folder and all above it. */
void root_make_folder(const char *path);

#endif
