/* SPDX-License-Identifier: MIT */
/* firmware/uefi_image.c: files of code and variables, good ones and all that can be wrong. */
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
	return uefi_image_open_code(code, fd, path);
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
	ret = uefi_image_open_code(&code, fd, "image");
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

UNIT_MAIN("uefi_image", { code_file, UNIT_COUNT(codes) }, { kernels_are_told_apart, 0 },
	  { firmware_for_another_machine_is_known_by_its_name, 0 },
	  { template_of, UNIT_COUNT(names) }, { variables_are_refused, UNIT_COUNT(vars) },
	  { variables_are_made_from_the_template, 0 }, { without_a_template_none_are_made, 0 },
	  { two_guests_cannot_share_variables, 0 })
