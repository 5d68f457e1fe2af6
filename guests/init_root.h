/* SPDX-License-Identifier: MIT */
/*
 * The root file system of a command: folders of the host, by virtiofs.
 *
 * The functions return 0, or -1 after a message on the console.
 *
 * Read beside it: Documentation/filesystems/overlayfs.rst, .../ramfs-rootfs-initramfs.rst.
 */
#ifndef MINIVMM_INIT_ROOT_H
#define MINIVMM_INIT_ROOT_H

#include <stdbool.h>

/*
 * Make the shared folder `tag` the root, read-only. With `layered`, writes to it stay in memory.
 * The kernel's own file systems are mounted afresh below it. Without a tag the initramfs stays
 * the root.
 */
int root_enter(const char *tag, bool layered);

/* Mount an empty folder in memory that everybody may write to. */
int root_add_memory(const char *place);

/* Mount the shared folder `tag` at `place`, which is made if it does not exist. */
int root_add_share(const char *tag, const char *place, bool readonly);

/* Make a folder and all folders above it. */
void root_make_folder(const char *path);

#endif
