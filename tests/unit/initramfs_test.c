/* SPDX-License-Identifier: MIT */
/*
 * firmware/initramfs.c. A reader that was written here from the format's description reads the
 * archive back. It believes nothing that it has not checked.
 */
#include <check.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "firmware/initramfs.h"
#include "scratch_folder.h"

extern const char guest_init_start[];
extern const char guest_init_end[];

#define HEADER_SIZE 110

struct member {
	const char *name;
	uint32_t mode;
	uint32_t size;
	uint32_t rdev_major;
	uint32_t rdev_minor;
	const char *data;
};

struct archive {
	char *bytes;
	size_t size;
	struct member members[64];
	int count; /* without the trailer */
};

/* Read one of the thirteen hexadecimal fields behind the magic. */
static uint32_t header_field(const char *header, int index)
{
	char text[9] = "";
	char *end;
	uint32_t value;

	memcpy(text, header + 6 + 8 * index, 8);
	value = strtoul(text, &end, 16);
	ck_assert_msg(!*end, "`%s` is no hexadecimal number", text);
	return value;
}

static size_t align4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

static size_t parse_member(const struct archive *archive, size_t at, struct member *m)
{
	const char *header = archive->bytes + at;
	uint32_t name_size;

	ck_assert_uint_le(at + HEADER_SIZE, archive->size);
	ck_assert_mem_eq(header, "070701", 6);
	name_size = header_field(header, 11);
	ck_assert_uint_ge(name_size, 2);
	ck_assert_uint_le(at + HEADER_SIZE + name_size, archive->size);
	*m = (struct member){
		.name = header + HEADER_SIZE,
		.mode = header_field(header, 1),
		.size = header_field(header, 6),
		.rdev_major = header_field(header, 9),
		.rdev_minor = header_field(header, 10),
	};
	ck_assert_uint_eq(strnlen(m->name, name_size), name_size - 1);
	at = align4(at + HEADER_SIZE + name_size);
	ck_assert_uint_le(at + m->size, archive->size);
	m->data = archive->bytes + at;
	return align4(at + m->size);
}

static void parse(struct archive *archive)
{
	struct member m;
	size_t at = 0;

	for (;;) {
		at = parse_member(archive, at, &m);
		if (!strcmp(m.name, "TRAILER!!!"))
			return;
		ck_assert_int_lt(archive->count, 64);
		archive->members[archive->count++] = m;
	}
}

static const struct member *find(const struct archive *archive, const char *name)
{
	for (int i = 0; i < archive->count; i++)
		if (!strcmp(archive->members[i].name, name))
			return &archive->members[i];
	return NULL;
}

static void build_config(struct archive *archive, const struct initramfs_config *config)
{
	struct stat st;
	int fd = -1;

	*archive = (struct archive){ 0 };
	ck_assert_int_eq(initramfs_build(config, &fd), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	archive->size = st.st_size;
	archive->bytes = mmap(NULL, archive->size, PROT_READ, MAP_PRIVATE, fd, 0);
	ck_assert(archive->bytes != MAP_FAILED);
	close(fd);
	parse(archive);
}

static void build(struct archive *archive, const char *modules, const char *const *modaliases,
		  size_t modalias_count, const char *busybox)
{
	const struct initramfs_config config = {
		.modaliases = modaliases,
		.modalias_count = modalias_count,
		.modules = modules,
		.busybox = busybox,
	};

	build_config(archive, &config);
}

static void build_bare(struct archive *archive, const char *busybox)
{
	build(archive, "/nonexistent", NULL, 0, busybox);
}

static void destroy(struct archive *archive)
{
	munmap(archive->bytes, archive->size);
}

/* Write a small ELF file with one program header of type `type`, for the init's own processor. */
static void write_program(char *path, uint32_t type, bool foreign)
{
	Elf64_Ehdr elf = *(const Elf64_Ehdr *)guest_init_start;
	Elf64_Phdr ph = { .p_type = type };
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	elf.e_phoff = sizeof(elf);
	elf.e_phnum = 1;
	if (foreign)
		elf.e_machine = EM_S390;
	ck_assert_int_eq(write(fd, &elf, sizeof(elf)), sizeof(elf));
	ck_assert_int_eq(write(fd, &ph, sizeof(ph)), sizeof(ph));
	/* an odd length, so that padding has work to do */
	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
}

START_TEST(init_and_console)
{
	struct archive archive;
	const struct member *m;

	build_bare(&archive, "/nonexistent");
	m = find(&archive, "init");
	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(m->mode, S_IFREG | 0755);
	ck_assert_uint_eq(m->size, guest_init_end - guest_init_start);
	ck_assert_mem_eq(m->data, guest_init_start, m->size);
	m = find(&archive, "dev/console");
	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(m->mode, S_IFCHR | 0600);
	ck_assert_uint_eq(m->rdev_major, 5);
	ck_assert_uint_eq(m->rdev_minor, 1);
	m = find(&archive, "modules");
	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(m->size, 0);
	destroy(&archive);
}
END_TEST

/* The kernel creates no folder that the archive does not name before its contents. */
START_TEST(folders_come_before_contents)
{
	struct archive archive;

	build_bare(&archive, "/nonexistent");
	for (int i = 0; i < archive.count; i++) {
		char folder[PATH_MAX];
		char *slash;
		const struct member *m;

		snprintf(folder, sizeof(folder), "%s", archive.members[i].name);
		slash = strrchr(folder, '/');
		if (!slash)
			continue;
		*slash = '\0';
		m = find(&archive, folder);
		ck_assert_msg(m && m < &archive.members[i], "%s", archive.members[i].name);
		ck_assert_uint_eq(m->mode, S_IFDIR | 0755);
	}
	destroy(&archive);
}
END_TEST

START_TEST(busybox_only_if_static)
{
	static const struct {
		uint32_t type;
		bool foreign, taken;
	} cases[] = {
		{ PT_LOAD, false, true },
		{ PT_INTERP, false, false },
		{ PT_LOAD, true, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char path[] = "/tmp/minivmm-busybox-XXXXXX";
		const struct member *m;
		struct archive archive;

		write_program(path, cases[i].type, cases[i].foreign);
		build_bare(&archive, path);
		m = find(&archive, "bin/busybox");
		ck_assert_int_eq(!!m, cases[i].taken);
		if (m) {
			ck_assert_uint_eq(m->mode, S_IFREG | 0755);
			ck_assert_uint_eq(m->size, sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) + 1);
			ck_assert_int_eq(m->data[m->size - 1], 'x');
		}
		destroy(&archive);
		unlink(path);
	}
}
END_TEST

START_TEST(busybox_that_is_no_program)
{
	struct archive archive;

	build_bare(&archive, "/proc/self/cmdline");
	ck_assert_ptr_null(find(&archive, "bin/busybox"));
	destroy(&archive);
}
END_TEST

/*
 * Make a tree of modules as small as depmod takes it. `panic` answers to the machine's own device
 * and needs `base`. `disk` answers to the alias that the test hands in.
 */
static const char make_tree[] =
	"set -eu; m=%1$s/lib/modules/1.0/kernel; mkdir -p $m; cd $m; : > ../modules.order\n"
	": > ../modules.builtin\n"
	"object() { gcc -c -x assembler -o $1 -; }\n"
	"printf '.section __ksymtab_strings, \"a\"\\n.asciz \"f\"\\n' | object base.ko\n"
	"printf '.section .modinfo, \"a\"\\n.asciz \"alias=acpi*:QEMU0001:*\"\\n.data\\n.quad "
	"f\\n' |\n"
	"	object panic.ko\n"
	"printf '.section .modinfo, \"a\"\\n.asciz \"alias=pci:v0000ABCDd*\"\\n' | object disk.ko\n"
	"depmod -b %1$s 1.0\n";

static void make_modules(const char *root)
{
	char command[4096];

	snprintf(command, sizeof(command), make_tree, root);
	ck_assert_msg(!system(command), "gcc and depmod could not make the tree of modules");
}

START_TEST(modules_in_loading_order)
{
	static const char *const names[] = { "lib/modules/base.ko", "lib/modules/panic.ko",
					     "lib/modules/disk.ko" };
	static const char list[] = "/lib/modules/base.ko\n/lib/modules/panic.ko\n"
				   "/lib/modules/disk.ko\n";
	const char *const alias = "pci:v0000ABCDd00000001sv00000000sd00000000bc02sc00i00";
	char root[] = "/tmp/minivmm-initramfs-XXXXXX";
	struct archive archive;
	const struct member *m;
	char tree[PATH_MAX];

	ck_assert_ptr_nonnull(mkdtemp(root));
	make_modules(root);
	snprintf(tree, sizeof(tree), "%s/lib/modules/1.0", root);
	build(&archive, tree, &alias, 1, "/nonexistent");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		m = find(&archive, names[i]);
		ck_assert_msg(m, "%s is missing", names[i]);
		ck_assert_mem_eq(m->data, ELFMAG, SELFMAG);
	}
	m = find(&archive, "modules");
	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(m->size, strlen(list));
	ck_assert_mem_eq(m->data, list, m->size);
	destroy(&archive);
	ck_assert_int_eq(scratch_folder_remove(root), 0);
}
END_TEST

/* What is to be run, and files of the host at their own paths, with the folders above them. */
START_TEST(command_and_its_files)
{
	char program[] = "/tmp/minivmm-test-XXXXXX";
	char *const files[] = { program, NULL };
	const struct initramfs_config config = {
		.modules = "/nonexistent",
		.busybox = "/nonexistent",
		.command = "arg=a\0arg=b",
		.command_size = 12,
		.files = files,
	};
	struct archive archive;
	const struct member *m;

	write_program(program, PT_LOAD, false);
	build_config(&archive, &config);
	m = find(&archive, "command");
	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(m->size, 12);
	ck_assert_mem_eq(m->data, config.command, 12);
	m = find(&archive, program + 1);
	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(m->mode, S_IFREG | 0755);
	ck_assert_uint_eq(m->size, sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) + 1);
	ck_assert(m > find(&archive, "tmp"));
	destroy(&archive);
	unlink(program);
}
END_TEST

START_TEST(failure_comes_back_from_the_child)
{
	/* a folder that is there but has no index of modules */
	const struct initramfs_config config = { .modules = "/proc/self/fd" };
	int fd = -7;

	ck_assert_int_eq(initramfs_build(&config, &fd), -ENOENT);
	ck_assert_int_eq(fd, -7);
}
END_TEST

START_TEST(same_input_same_archive)
{
	struct archive one, two;

	build_bare(&one, "/nonexistent");
	build_bare(&two, "/nonexistent");
	ck_assert_uint_eq(one.size, two.size);
	ck_assert_mem_eq(one.bytes, two.bytes, one.size);
	destroy(&one);
	destroy(&two);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("initramfs");
	TCase *tcase = tcase_create("initramfs");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, init_and_console);
	tcase_add_test(tcase, folders_come_before_contents);
	tcase_add_test(tcase, busybox_only_if_static);
	tcase_add_test(tcase, busybox_that_is_no_program);
	tcase_add_test(tcase, modules_in_loading_order);
	tcase_add_test(tcase, command_and_its_files);
	tcase_add_test(tcase, failure_comes_back_from_the_child);
	tcase_add_test(tcase, same_input_same_archive);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
