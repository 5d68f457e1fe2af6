/* SPDX-License-Identifier: MIT */
/*
 * UEFI firmware as files: the code, and the variables that it keeps.
 *
 * Owns what such files look like - firmware volumes, one after the other -, what is wrong with one,
 * and how the file of variables is made, opened and locked. Does not own where they go in the
 * guest.
 *
 * Read beside it: UEFI Platform Initialization 1.7, volume 3, 3.2.1 (firmware volume header).
 */
#ifndef MINIVMM_UEFI_IMAGE_H
#define MINIVMM_UEFI_IMAGE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel_file.h"

/* All that firmware's flash can take up, variables included. */
#define UEFI_FLASH_MAX (4ull << 20)

/* What a file of code holds: variables first, if any, then the code. */
struct uefi_code {
	struct kernel_file file;
	uint64_t vars_size; /* bytes of variables at its beginning, or 0 */
};

/*
 * Whether it is firmware in the form of a kernel: an ELF for the i386 with a PVH entry point. It is
 * started like a kernel and keeps no variables.
 */
bool uefi_image_is_kernel(const struct kernel_head *head);

/*
 * Look at an open file of code. `name` must outlive it. -ENOEXEC for anything else - a kernel,
 * variables alone, half an image, an image for a machine that minivmm is not; logged.
 */
int uefi_image_open_code(struct uefi_code *code, int fd, const char *name);

/*
 * The file of variables that belongs to the code: its name has VARS where the code's has CODE.
 * False if the code's has no CODE.
 */
bool uefi_image_template(const char *code_name, char path[PATH_MAX]);

/*
 * Open the file of variables at `path` for reading and writing and lock it, so that no other
 * process writes to it; QEMU respects the lock. If there is none, make it: a copy of `template`, or
 * refuse if that is NULL. Its size must go with the code's. vars->fd is the caller's to close, even
 * after a failure; -1 for none. 0 or -errno, logged.
 */
int uefi_image_open_vars(const struct uefi_code *code, const char *path, const char *template,
			 struct kernel_file *vars);

/* Open the template, for variables that are kept in memory only: the same checks, but no lock. */
int uefi_image_open_template(const struct uefi_code *code, const char *template,
			     struct kernel_file *vars);

#endif
