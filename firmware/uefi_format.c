/* SPDX-License-Identifier: MIT */
#include "uefi_format.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "uefi_volume.h"
#include "vmm/trace/log.h"

static bool uefi_is_elf(const struct kernel_head *head)
{
	return head->size >= sizeof(Elf64_Ehdr) && memcmp(head->bytes, ELFMAG, SELFMAG) == 0;
}

static bool uefi_is_bzimage(const struct kernel_head *head)
{
	return head->size > 0x206 && memcmp(head->bytes + 0x202, "HdrS", 4) == 0;
}

static bool uefi_is_arm64_image(const struct kernel_head *head)
{
	return head->size > 0x3c && memcmp(head->bytes + 0x38, "ARM\x64", 4) == 0;
}

static int uefi_refuse_kernel(const struct kernel_file *file, const struct kernel_head *head)
{
	if (!uefi_is_elf(head) && !uefi_is_bzimage(head) && !uefi_is_arm64_image(head))
		return kernel_file_refuse(file, head, "UEFI firmware");
	log_error(file->name, "is a kernel, not UEFI firmware");
	log_fix("minivmm --kernel %s ...", file->name);
	return -ENOEXEC;
}

static int uefi_refuse_vars(const struct kernel_file *file)
{
	return uefi_volume_refuse(
		file, "holds the firmware's variables, not its code: use it as vars=FILE");
}

static int uefi_refuse_code(const struct kernel_file *file)
{
	return uefi_volume_refuse(
		file, "holds the firmware's code, not its variables: use it as --firmware FILE");
}

/* ---- a PC's: one flash, filled with volumes ---- */

/* Debian's name for firmware that trusts its variables only in system management mode. */
static int uefi_refuse_smm(const char *name)
{
	char path[PATH_MAX];

	if (!realpath(name, path) || !strstr(path, ".secboot."))
		return 0;
	log_error(name, "needs system management mode, which minivmm's machine does not have");
	log_fix("use the CODE file without .secboot or .ms in its name; the VARS file may be .ms");
	return -ENOEXEC;
}

static int uefi_pc_check_code(struct uefi_code *code, const struct kernel_head *head)
{
	struct uefi_contents contents;
	int ret;

	if (!uefi_volume_is_here(head->bytes, head->size))
		return uefi_refuse_kernel(&code->file, head);
	ret = uefi_volume_walk(&code->file, 0, false, &contents);
	if (ret < 0)
		return ret;
	if (contents.code_size == 0)
		return uefi_refuse_vars(&code->file);
	if (code->file.size > uefi_format_pc.flash_max)
		return uefi_volume_refuse(&code->file, "is larger than the machine's flash, 4 MiB");
	code->vars_size = contents.vars_size;
	code->code_size = contents.code_size;
	return uefi_refuse_smm(code->file.name);
}

/*
 * Code and variables are built for one flash, whose size is a power of two. Sizes that add up to
 * such a power belong together.
 */
static int uefi_pc_check_vars(const struct uefi_code *code, const struct kernel_file *vars)
{
	uint64_t sum = vars->size + code->file.size;
	struct uefi_contents contents;
	int ret = uefi_volume_walk(vars, 0, false, &contents);

	if (ret < 0)
		return ret;
	if (contents.code_size)
		return uefi_refuse_code(vars);
	if (code->vars_size == 0 && (sum & (sum - 1)) == 0 && sum <= uefi_format_pc.flash_max)
		return 0;
	log_error(vars->name,
		  "does not belong to %s: %" PRIu64 " and %" PRIu64
		  " bytes do not make up one flash of 2 or 4 MiB",
		  code->file.name, vars->size, code->file.size);
	return -EINVAL;
}

const struct uefi_format uefi_format_pc = {
	.flash_max = 4ull << 20,
	.check_code = uefi_pc_check_code,
	.check_vars = uefi_pc_check_vars,
};

/* ---- arm64's: two banks, each with a file that is filled up ---- */

/* The first word of the code is `b`, a branch; the first volume is there too, or a page behind. */
#define UEFI_BRANCH_MASK 0xfc000000u
#define UEFI_BRANCH      0x14000000u
#define UEFI_FIRST_PAGE  0x1000u

#define UEFI_BANK_BLOCK 0x40000u /* of the chips */
#define UEFI_BANK_VARS  0xc0000u /* what variables, and the moving of them, take up */

static bool uefi_is_branch(const struct kernel_head *head)
{
	uint32_t word;

	memcpy(&word, head->bytes, sizeof(word));
	return (le32toh(word) & UEFI_BRANCH_MASK) == UEFI_BRANCH;
}

static int uefi_banks_check_code(struct uefi_code *code, const struct kernel_head *head)
{
	const struct kernel_file *file = &code->file;
	const bool at_once = uefi_volume_is_here(head->bytes, head->size);
	const uint64_t first = at_once ? 0 : UEFI_FIRST_PAGE;
	struct uefi_contents contents;
	int ret;

	if (at_once && !uefi_is_branch(head))
		return uefi_volume_refuse(file,
					  "is not code for arm64: it does not begin with a branch");
	if (uefi_is_arm64_image(head) || !uefi_is_branch(head) || file->size <= first)
		return uefi_refuse_kernel(file, head);
	ret = uefi_volume_walk(file, first, true, &contents);
	if (ret < 0)
		return ret;
	if (file->size > uefi_format_banks.flash_max)
		return uefi_volume_refuse(file, "is larger than a bank of flash, 64 MiB");
	code->code_size = first + contents.code_size;
	return 0;
}

/* A file that was never used has no volume yet; the firmware makes one. */
static int uefi_banks_check_vars(const struct uefi_code *code, const struct kernel_file *vars)
{
	struct uefi_contents contents = { 0 };
	struct kernel_head head = { 0 };
	int ret = kernel_file_read_head(vars, &head);

	(void)code;
	if (ret == 0 && uefi_volume_is_here(head.bytes, head.size))
		ret = uefi_volume_walk(vars, 0, true, &contents);
	if (ret < 0)
		return ret;
	if (contents.code_size || uefi_is_branch(&head))
		return uefi_refuse_code(vars);
	if (vars->size % UEFI_BANK_BLOCK == 0 && vars->size >= UEFI_BANK_VARS &&
	    vars->size <= uefi_format_banks.flash_max)
		return 0;
	log_error(vars->name,
		  "cannot be a bank of flash: it has %" PRIu64
		  " bytes, not a multiple of 256 KiB from 768 KiB to 64 MiB",
		  vars->size);
	return -EINVAL;
}

const struct uefi_format uefi_format_banks = {
	.flash_max = 64ull << 20,
	.vars_size_new = UEFI_BANK_VARS,
	.check_code = uefi_banks_check_code,
	.check_vars = uefi_banks_check_vars,
};
