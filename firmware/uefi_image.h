/* SPDX-License-Identifier: MIT */
/*
 * UEFI firmware as files: the code, and the variables that it keeps.
 *
 * Owns how such files are opened, and how the file of variables is made and locked. The form that
 * they must have is in uefi_format.h. Does not own the place of the images in the guest.
 */
#ifndef MINIVMM_UEFI_IMAGE_H
#define MINIVMM_UEFI_IMAGE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel_file.h"
#include "uefi_format.h"

/*
 * Returns whether a file is firmware in the form of a kernel: an ELF for the i386 with a PVH
 * entry point. It is started like a kernel and keeps no variables. Does not log.
 */
bool uefi_image_is_kernel(const struct kernel_head *head);

/*
 * Check an open file of code for a machine of `format`. `name` must outlive `code`. Returns 0,
 * -ENOEXEC for a file that is something else (a kernel, variables alone, half an image, an image
 * for another machine), or another -errno; logged.
 */
int uefi_image_open_code(struct uefi_code *code, const struct uefi_format *format, int fd,
			 const char *name);

/*
 * Find the name of the file of variables that belongs to the code: VARS stands in it where the
 * code's name has CODE. Returns false if the code's name has no CODE. Does not log.
 */
bool uefi_image_template(const char *code_name, char path[PATH_MAX]);

/*
 * Open the file of variables at `path` for reading and writing and lock it, so that no other
 * process writes to it; QEMU respects the lock, too. A missing file is made as a copy of
 * `template`; if `template` is NULL, a missing file is an error. The size must match the code's.
 * The caller closes vars->fd, even after a failure; it is -1 if nothing was opened. Returns 0 or
 * -errno, logged.
 */
int uefi_image_open_vars(const struct uefi_code *code, const char *path, const char *template,
			 struct kernel_file *vars);

/*
 * Open the template for variables that are kept in memory only. The checks are the same, but the
 * file is not locked.
 */
int uefi_image_open_template(const struct uefi_code *code, const char *template,
			     struct kernel_file *vars);

#endif
