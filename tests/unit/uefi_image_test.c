/* SPDX-License-Identifier: MIT */
/*
 * firmware/uefi_image.c: files of code and variables, good ones and all that can be wrong with
 * them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot_images.h"
#include "firmware/uefi_image.h"
#include "stderr_text.h"
#include "uefi_images.h"
#include "unit.h"

static struct uefi_folder folder;

static int open_code(struct uefi_code *code, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return uefi_image_open_code(code, &uefi_format_pc, fd, path);
}

static void begin(struct uefi_code *code)
{
	uefi_folder_begin(&folder);
	uefi_write_file(&folder, "X_VARS.fd", "v", 0);
	ck_assert_int_eq(open_code(code, uefi_write_file(&folder, "X_CODE.fd", "c", 0)), 0);
}

static void end(struct uefi_code *code)
{
	close(code->file.fd);
	uefi_folder_end(&folder);
}

static const struct {
	const char *volumes;
	size_t cut; /* bytes missing at the end */
	const char *words;
} codes[] = {
	{ "c", 0, NULL },
	{ "vc", 0, NULL },
	{ "cc", 0, NULL },
	{ "v", 0, "holds the firmware's variables, not its code" },
	{ "cv", 0, "has variables behind its code" },
	{ "c", 0x1000, "is truncated: its volume at 0 has 0x1e0000 bytes" },
	{ "cc", UEFI_CODE_SIZE - 16, "it ends inside a volume's header" },
	{ "ccc", 0, "is larger than the machine's flash" },
	{ "", 0, "is empty" },
};

START_TEST(code_file)
{
	struct stderr_text caught;
	struct uefi_code code, other;
	int ret;

	begin(&code);
	uefi_write_file(&folder, "other.fd", codes[_i].volumes, codes[_i].cut);
	stderr_begin(&caught);
	ret = open_code(&other, uefi_path(&folder, "other.fd"));
	stderr_end(&caught);
	ck_assert_int_eq(ret == 0, !codes[_i].words);
	if (codes[_i].words)
		stderr_holds(&caught, codes[_i].words);
	else
		ck_assert_uint_eq(other.vars_size,
				  codes[_i].volumes[0] == 'v' ? UEFI_VARS_SIZE : 0);
	close(other.file.fd);
	end(&code);
}
END_TEST

static int open_bytes(const void *image, size_t size, struct stderr_text *caught)
{
	struct uefi_code code;
	int fd = image_fd(image, size), ret;

	stderr_begin(caught);
	ret = uefi_image_open_code(&code, &uefi_format_pc, fd, "image");
	stderr_end(caught);
	close(fd);
	return ret;
}

START_TEST(kernels_are_told_apart)
{
	struct bzimage bzimage = bzimage_make();
	struct vmlinux vmlinux = vmlinux_make();
	struct stderr_text caught;
	struct kernel_head head = { .size = KERNEL_FILE_HEAD };

	ck_assert_int_eq(open_bytes(&bzimage, sizeof(bzimage), &caught), -ENOEXEC);
	stderr_holds(&caught, "image: is a kernel, not UEFI firmware\n  fix: minivmm --kernel");
	ck_assert_int_eq(open_bytes(&vmlinux, sizeof(vmlinux), &caught), -ENOEXEC);
	stderr_holds(&caught, "image: is a kernel, not UEFI firmware");
	ck_assert_int_eq(open_bytes("text", 4, &caught), -ENOEXEC);
	stderr_holds(&caught, "image: is not UEFI firmware (4 bytes)");
	memcpy(head.bytes, &vmlinux, sizeof(vmlinux));
	ck_assert(!uefi_image_is_kernel(&head));
	((Elf64_Ehdr *)head.bytes)->e_machine = EM_386;
	ck_assert(uefi_image_is_kernel(&head));
}
END_TEST

/*
 * Files of arm64's firmware have a branch, volumes from there or from the next page on, and
 * zeros.
 */
#define BANK_CODE 0x200000u
#define BANK_SIZE 0x240000u

enum { BRANCH = 1, KERNEL = 2 };

static const struct {
	const char *what;
	unsigned int begins; /* BRANCH, KERNEL */
	uint64_t first;      /* where the volume is */
	char volume;         /* c for code, v for variables, 0 for none */
	uint64_t size;       /* of the file; 0: as long as the volume */
	const char *words;   /* NULL: it is taken */
} banks[] = {
	{ "Debian's", BRANCH, 0x1000, 'c', BANK_SIZE, NULL },
	{ "not filled up", BRANCH, 0x1000, 'c', 0, NULL },
	{ "a volume at once", BRANCH, 0, 'c', BANK_SIZE, NULL },
	{ "a PC's", 0, 0, 'c', 0, "it does not begin with a branch" },
	{ "a kernel", BRANCH | KERNEL, 0x1000, 'c', 0, "is a kernel, not UEFI firmware" },
	{ "nothing", 0, 0, 0, BANK_SIZE, "is not UEFI firmware" },
	{ "a branch alone", BRANCH, 0, 0, 4, "is not UEFI firmware" },
	{ "a branch and no volume", BRANCH, 0, 0, BANK_SIZE, "no volume lies where one must" },
	{ "cut", BRANCH, 0x1000, 'c', 0x100000, "is truncated: its volume at 0x1000" },
	{ "too large", BRANCH, 0x1000, 'c', 0x4000001, "is larger than a bank of flash, 64 MiB" },
};

/* Make a file of one volume. Its size is that of the volume, or `size`. */
static int open_bank(unsigned int begins, uint64_t first, char volume, uint64_t size)
{
	uint8_t *bytes = calloc(1, BANK_SIZE);
	size_t length = first + (volume ? uefi_put_volume(bytes + first, volume) : 0);
	int fd;

	if (begins & BRANCH)
		memcpy(bytes, (uint8_t[]){ 0, 4, 0, 0x14 }, 4);
	if (begins & KERNEL)
		memcpy(bytes + 0x38, "ARM\x64", 4);
	fd = image_fd(bytes, length ? length : BANK_SIZE);
	if (size)
		ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	free(bytes);
	return fd;
}

START_TEST(code_of_a_bank)
{
	int fd = open_bank(banks[_i].begins, banks[_i].first, banks[_i].volume, banks[_i].size);
	struct stderr_text caught;
	struct uefi_code code;
	int ret;

	stderr_begin(&caught);
	ret = uefi_image_open_code(&code, &uefi_format_banks, fd, "bank");
	stderr_end(&caught);
	ck_assert_msg((ret == 0) == !banks[_i].words, "%s: %d", banks[_i].what, ret);
	if (banks[_i].words)
		stderr_holds(&caught, banks[_i].words);
	else
		ck_assert_uint_eq(code.code_size, banks[_i].first + UEFI_CODE_SIZE);
	close(fd);
}
END_TEST

static const struct {
	const char *what;
	unsigned int begins;
	char volume;
	uint64_t size;
	const char *words;
} bank_vars[] = {
	{ "Debian's, never used", 0, 0, 0x4000000, NULL },
	{ "used", 0, 'v', 0x4000000, NULL },
	{ "the smallest", 0, 'v', 0xc0000, NULL },
	{ "no whole block", 0, 'v', 0xc0001, "cannot be a bank of flash: it has 786433 bytes" },
	{ "too small", 0, 'v', 0x80000, "cannot be a bank of flash" },
	{ "too large", 0, 'v', 0x4040000, "cannot be a bank of flash" },
	{ "code", BRANCH, 'c', 0, "holds the firmware's code, not its variables" },
	{ "a PC's code", 0, 'c', BANK_SIZE, "holds the firmware's code, not its variables" },
};

START_TEST(variables_of_a_bank)
{
	const struct uefi_code code = { .format = &uefi_format_banks };
	char path[64];
	struct stderr_text caught;
	struct kernel_file vars;
	int fd = open_bank(bank_vars[_i].begins, 0, bank_vars[_i].volume, bank_vars[_i].size);
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	stderr_begin(&caught);
	ret = uefi_image_open_vars(&code, path, NULL, &vars);
	stderr_end(&caught);
	ck_assert_msg((ret == 0) == !bank_vars[_i].words, "%s: %d", bank_vars[_i].what, ret);
	if (bank_vars[_i].words)
		stderr_holds(&caught, bank_vars[_i].words);
	else
		ck_assert_uint_eq(vars.size, bank_vars[_i].size);
	close(vars.fd);
	close(fd);
}
END_TEST

/* What is made of a template of 64 MiB takes up no more room on the disk than its contents. */
START_TEST(zeroes_become_a_hole)
{
	const uint64_t size = 64 << 20;
	struct uefi_code code = { .format = &uefi_format_banks };
	const char *template, *path;
	struct kernel_file vars;
	struct stderr_text caught;
	struct stat st;
	uint8_t byte = 0x5a;
	int fd;

	uefi_folder_begin(&folder);
	template = uefi_path(&folder, "VARS.fd");
	path = uefi_path(&folder, "mine.fd");
	fd = open(template, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(pwrite(fd, &byte, 1, size - 1), 1);
	close(fd);
	stderr_begin(&caught);
	ck_assert_int_eq(uefi_image_open_vars(&code, path, template, &vars), 0);
	stderr_end(&caught);
	ck_assert_uint_eq(vars.size, size);
	ck_assert_int_eq(pread(vars.fd, &byte, 1, size - 1), 1);
	ck_assert_uint_eq(byte, 0x5a);
	ck_assert_int_eq(fstat(vars.fd, &st), 0);
	ck_assert_int_lt(st.st_blocks, 2 * KERNEL_FILE_PIECE / 512);
	close(vars.fd);
	uefi_folder_end(&folder);
}
END_TEST

START_TEST(firmware_for_another_machine_is_known_by_its_name)
{
	struct stderr_text caught;
	struct uefi_code code, other;

	begin(&code);
	uefi_write_file(&folder, "X_CODE.secboot.fd", "c", 0);
	ck_assert_int_eq(symlink("X_CODE.secboot.fd", uefi_path(&folder, "X_CODE.ms.fd")), 0);
	stderr_begin(&caught);
	ck_assert_int_eq(open_code(&other, uefi_path(&folder, "X_CODE.ms.fd")), -ENOEXEC);
	stderr_end(&caught);
	stderr_holds(&caught, "needs system management mode");
	close(other.file.fd);
	end(&code);
}
END_TEST

static const struct {
	const char *code, *template;
} names[] = {
	{ "/a/OVMF_CODE_4M.fd", "/a/OVMF_VARS_4M.fd" },
	{ "OVMF_CODE.fd", "OVMF_VARS.fd" },
	{ "/CODE/OVMF.fd", NULL },
	{ "OVMF.fd", NULL },
};

START_TEST(template_of)
{
	char path[PATH_MAX];

	ck_assert_int_eq(uefi_image_template(names[_i].code, path), names[_i].template != NULL);
	if (names[_i].template)
		ck_assert_str_eq(path, names[_i].template);
}
END_TEST

static const struct {
	const char *volumes;
	size_t cut;
	const char *words;
} vars[] = {
	{ "c", 0, "holds the firmware's code, not its variables" },
	{ "vv", 0, "do not make up one flash of 2 or 4 MiB" },
	{ "v", 0x1000, "is truncated" },
	{ "", 0, "is empty" },
};

START_TEST(variables_are_refused)
{
	struct stderr_text caught;
	struct kernel_file file;
	struct uefi_code code;
	int ret;

	begin(&code);
	uefi_write_file(&folder, "mine.fd", vars[_i].volumes, vars[_i].cut);
	stderr_begin(&caught);
	ret = uefi_image_open_vars(&code, uefi_path(&folder, "mine.fd"), NULL, &file);
	stderr_end(&caught);
	ck_assert_int_lt(ret, 0);
	stderr_holds(&caught, vars[_i].words);
	close(file.fd);
	end(&code);
}
END_TEST

START_TEST(variables_are_made_from_the_template)
{
	struct stderr_text caught;
	struct kernel_file file;
	struct uefi_code code;
	struct stat st;

	begin(&code);
	stderr_begin(&caught);
	ck_assert_int_eq(uefi_image_open_vars(&code, uefi_path(&folder, "mine.fd"),
					      uefi_path(&folder, "X_VARS.fd"), &file),
			 0);
	stderr_end(&caught);
	stderr_holds(&caught, "/mine.fd: made from ");
	ck_assert_uint_eq(file.size, UEFI_VARS_SIZE);
	ck_assert_int_eq(stat(uefi_path(&folder, "mine.fd"), &st), 0);
	ck_assert_int_eq(st.st_size, UEFI_VARS_SIZE);
	ck_assert_int_eq(pwrite(file.fd, "x", 1, 0), 1);
	close(file.fd);
	end(&code);
}
END_TEST

START_TEST(without_a_template_none_are_made)
{
	struct stderr_text caught;
	struct kernel_file file;
	struct uefi_code code;

	begin(&code);
	stderr_begin(&caught);
	ck_assert_int_eq(uefi_image_open_vars(&code, uefi_path(&folder, "mine.fd"), NULL, &file),
			 -ENOENT);
	stderr_end(&caught);
	stderr_holds(&caught, "/mine.fd: does not exist");
	ck_assert_int_lt(file.fd, 0);
	ck_assert_int_lt(access(uefi_path(&folder, "mine.fd"), F_OK), 0);
	end(&code);
}
END_TEST

START_TEST(two_guests_cannot_share_variables)
{
	struct kernel_file first, second;
	struct stderr_text caught;
	struct uefi_code code;

	begin(&code);
	ck_assert_int_eq(uefi_image_open_vars(&code, uefi_path(&folder, "X_VARS.fd"), NULL, &first),
			 0);
	stderr_begin(&caught);
	ck_assert_int_eq(
		uefi_image_open_vars(&code, uefi_path(&folder, "X_VARS.fd"), NULL, &second),
		-EBUSY);
	stderr_end(&caught);
	stderr_holds(&caught, "/X_VARS.fd: is in use by another guest");
	close(second.fd);
	close(first.fd);
	ck_assert_int_eq(
		uefi_image_open_vars(&code, uefi_path(&folder, "X_VARS.fd"), NULL, &second), 0);
	close(second.fd);
	end(&code);
}
END_TEST

UNIT_MAIN("uefi_image", { code_file, UNIT_COUNT(codes) }, { code_of_a_bank, UNIT_COUNT(banks) },
	  { variables_of_a_bank, UNIT_COUNT(bank_vars) }, { zeroes_become_a_hole, 0 },
	  { kernels_are_told_apart, 0 }, { firmware_for_another_machine_is_known_by_its_name, 0 },
	  { template_of, UNIT_COUNT(names) }, { variables_are_refused, UNIT_COUNT(vars) },
	  { variables_are_made_from_the_template, 0 }, { without_a_template_none_are_made, 0 },
	  { two_guests_cannot_share_variables, 0 })
