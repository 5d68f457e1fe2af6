/* SPDX-License-Identifier: MIT */
/*
 * Which release a kernel is of, such as 6.1.0-56-amd64: the folder with its modules has that name.
 *
 * Owns where it is written: in the setup header of a bzImage, whose rest is packed, and in all
 * others behind the words that the kernel greets with, "Linux version". Functions do not log.
 *
 * Read beside it: Documentation/arch/x86/boot.rst, kernel_version; init/version.c of Linux.
 */
#ifndef MINIVMM_KERNEL_RELEASE_H
#define MINIVMM_KERNEL_RELEASE_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel_file.h"

#define KERNEL_RELEASE_MAX 128 /* bytes, the NUL included; Linux' own are below 65 */

/* Look for it in a part of an unpacked kernel. Leaves *release alone if it is not there. */
bool kernel_release_search(const void *bytes, size_t size, char release[KERNEL_RELEASE_MAX]);

/* Look for it in a file that is a bzImage, or not packed. Likewise. */
bool kernel_release_read(const struct kernel_file *file, char release[KERNEL_RELEASE_MAX]);

#endif
