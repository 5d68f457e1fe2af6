/* SPDX-License-Identifier: MIT */
/*
 * The form that files of UEFI firmware have for each kind of machine, and what can be wrong with
 * one.
 *
 * A PC has one flash: the variables, then the code, which ends with the CPU's first instruction. An
 * arm64 machine has two banks of at most 64 MiB, one for each file: the code begins with a branch,
 * and both files may be filled up to the size of a bank.
 */
#ifndef MINIVMM_UEFI_FORMAT_H
#define MINIVMM_UEFI_FORMAT_H

#include <stdint.h>

#include "kernel_file.h"

struct uefi_code;

struct uefi_format {
	uint64_t flash_max;     /* bytes that the flash, or one bank of it, can hold */
	uint64_t vars_size_new; /* bytes of a bank for variables without a file; 0 for no bank */
	/*
	 * Check that code->file, whose first bytes are `head`, is code, and set the sizes in
	 * `code`. Returns 0, -ENOEXEC or another -errno, logged.
	 */
	int (*check_code)(struct uefi_code *code, const struct kernel_head *head);
	/*
	 * Check that `vars` holds variables, and that they go with the code. Returns 0 or -errno,
	 * logged.
	 */
	int (*check_vars)(const struct uefi_code *code, const struct kernel_file *vars);
};

/* The content of a file of code: variables at its beginning, if it has any, then the code. */
struct uefi_code {
	const struct uefi_format *format;
	struct kernel_file file;
	uint64_t vars_size; /* bytes of variables at its beginning, or 0 */
	uint64_t code_size; /* bytes of code behind them; the file may go on */
};

extern const struct uefi_format uefi_format_pc, uefi_format_banks;

#endif
