/* SPDX-License-Identifier: MIT */
/*
 * Which release a kernel is, such as 6.1.0-56-amd64: the folder with its modules has that name.
 *
 * Owns the places where the release is written: in a bzImage, whose rest is packed, in the setup
 * header; in every other kernel in the text "Linux version" that the kernel greets with. The
 * functions do not log.
 *
 * Read beside it: Documentation/arch/x86/boot.rst, kernel_version; init/version.c of Linux.
 */
#ifndef MINIVMM_KERNEL_RELEASE_H
#define MINIVMM_KERNEL_RELEASE_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel_file.h"

#define KERNEL_RELEASE_MAX 128 /* bytes, with the NUL; Linux' own have 65 at most */

/*
 * Look for the release in a part of an unpacked kernel. *release is unchanged if it is not there.
 */
bool kernel_release_search(const void *bytes, size_t size, char release[KERNEL_RELEASE_MAX]);

/*
 * Look for the release in a file that is a bzImage or is not packed. *release is unchanged if it
 * is not there.
 */
bool kernel_release_read(const struct kernel_file *file, char release[KERNEL_RELEASE_MAX]);

#endif
