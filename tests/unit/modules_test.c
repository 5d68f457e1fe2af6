/* SPDX-License-Identifier: MIT */
/*
 * firmware/modules.c against a small tree of modules that is made for the test. They are ELF
 * objects that carry only what depmod reads. They are assembled here and indexed by the real
 * depmod.
 */
#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "firmware/modules.h"
#include "scratch_folder.h"

static char root[] = "/tmp/minivmm-modules-XXXXXX";
static char tree[PATH_MAX]; /* root/lib/modules/1.0 */

/*
 * disk needs core, and core needs base, by their symbols. disk wants crc before it (a soft
 * dependency), and crc wants disk, which is a circle. scheduler comes after disk. `ours` is built
 * into the kernel.
 */
static const char make_tree[] =
	"set -eu\n"
	"m=$1/lib/modules/1.0/kernel; mkdir -p $m; cd $m\n"
	"module()\n" /* NAME EXPORTED-SYMBOL NEEDED-SYMBOL INFO... */
	"{\n"
	"	file=$1.ko exported=$2 needed=$3; shift 3\n"
	"	{\n"
	"		echo '.section .modinfo, \"a\"'\n"
	"		for info; do echo \".asciz \\\"$info\\\"\"; done\n"
	"		echo '.section __ksymtab_strings, \"a\"'\n"
	"		[ -z \"$exported\" ] || echo \".asciz \\\"$exported\\\"\"\n"
	"		echo .data\n"
	"		[ -z \"$needed\" ] || echo \".quad $needed\"\n"
	"	} | gcc -c -x assembler -o $file -\n"
	"}\n"
	"module base base_function '' name=base\n"
	"module core core_function base_function name=core\n"
	"module crc '' '' name=crc 'softdep=pre: disk'\n"
	"module scheduler '' '' name=scheduler\n"
	"module disk '' core_function name=disk alias=pci:v00001234d*sv*sd*bc*sc*i* \\\n"
	"	'softdep=pre: crc post: scheduler'\n"
	"module second '' core_function name=second alias=pci:v00001234d00000002sv*sd*bc*sc*i*\n"
	"module sd_mod '' '' name=sd_mod\n"
	": > ../modules.order\n"
	"echo kernel/ours.ko > ../modules.builtin\n"
	"printf 'ours.alias=pci:v00005678d*\\0' > ../modules.builtin.modinfo\n"
	"depmod -b \"$1\" 1.0\n";

static void setup(void)
{
	char command[8192];

	ck_assert_ptr_nonnull(mkdtemp(root));
	snprintf(command, sizeof(command), "set -- '%s'\n%s", root, make_tree);
	ck_assert_msg(!system(command), "gcc and depmod could not make the tree of modules");
	snprintf(tree, sizeof(tree), "%s/lib/modules/1.0", root);
}

static void teardown(void)
{
	ck_assert_int_eq(scratch_folder_remove(root), 0);
}

/* Write the base names of the list without suffix, with a space after each. */
static const char *names(const struct modules_list *list)
{
	static char text[1024];
	const char *name;

	text[0] = '\0';
	for (size_t i = 0; i < list->count; i++) {
		name = basename(list->paths[i]);
		ck_assert_int_eq(access(list->paths[i], R_OK), 0);
		strncat(text, name, strcspn(name, "."));
		strcat(text, " ");
	}
	return text;
}

static void expect(const char *alias, const char *wanted)
{
	struct modules_list list;

	ck_assert_int_eq(modules_resolve(tree, &alias, 1, 0, &list), 0);
	ck_assert_str_eq(names(&list), wanted);
	modules_list_destroy(&list);
}

START_TEST(dependencies_come_first)
{
	expect("core", "base core ");
	expect("pci:v00001234d00000001sv00000000sd00000000bc02sc00i00",
	       "base core crc disk scheduler ");
}
END_TEST

START_TEST(circle_of_soft_dependencies_ends)
{
	expect("crc", "base core disk scheduler crc ");
}
END_TEST

START_TEST(nothing_twice)
{
	const char *aliases[] = { "pci:v00001234d00000001sv00000000sd00000000bc02sc00i00", "core",
				  "pci:v00001234d00000001sv00000000sd00000000bc02sc00i00" };
	struct modules_list list;

	ck_assert_int_eq(modules_resolve(tree, aliases, 3, 0, &list), 0);
	ck_assert_str_eq(names(&list), "base core crc disk scheduler ");
	modules_list_destroy(&list);
}
END_TEST

START_TEST(every_module_that_answers)
{
	const char *alias = "pci:v00001234d00000002sv00000000sd00000000bc02sc00i00";
	struct modules_list list;

	ck_assert_int_eq(modules_resolve(tree, &alias, 1, 0, &list), 0);
	ck_assert_uint_eq(list.count, 6);
	ck_assert_ptr_nonnull(strstr(names(&list), "second "));
	ck_assert_ptr_nonnull(strstr(names(&list), "disk "));
	modules_list_destroy(&list);
}
END_TEST

START_TEST(builtin_and_unknown_give_nothing)
{
	expect("pci:v00005678d00000001sv00000000sd00000000bc02sc00i00", "");
	expect("ours", "");
	expect("pci:v0000FFFFd00000001sv00000000sd00000000bc02sc00i00", "");
	expect("", "");
}
END_TEST

START_TEST(storage_brings_disks)
{
	expect("pci:v0000ABCDd00000001sv00000000sd00000000bc01sc06i01", "sd_mod ");
	expect("pci:v0000ABCDd00000001sv00000000sd00000000bc0Csc03i30", "sd_mod ");
	expect("pci:v0000ABCDd00000001sv00000000sd00000000bc01sc08i02", "");
}
END_TEST

START_TEST(folder_missing_or_without_index)
{
	const char *alias = "core";
	struct modules_list list;

	ck_assert_int_eq(modules_resolve("/nonexistent", &alias, 1, 0, &list), 0);
	ck_assert_uint_eq(list.count, 0);
	ck_assert_int_eq(modules_resolve(root, &alias, 1, 0, &list), -ENOENT);
	ck_assert_uint_eq(list.count, 0);
	ck_assert_ptr_null(list.paths);
}
END_TEST

static const struct {
	const char *file, *alias; /* the file is not there */
	size_t extras;
	int ret;
	const char *wanted;
} stripped[] = {
	{ "disk", "pci:v00001234d00000001sv00000000sd00000000bc02sc00i00", 0, -ENOENT, "" },
	{ "base", "pci:v00001234d00000001sv00000000sd00000000bc02sc00i00", 0, -ENOENT, "" },
	{ "crc", "pci:v00001234d00000001sv00000000sd00000000bc02sc00i00", 0, 0,
	  "base core disk scheduler " },
	{ "disk", "pci:v00001234d00000001sv00000000sd00000000bc02sc00i00", 1, 0, "" },
	{ "sd_mod", "pci:v0000ABCDd00000001sv00000000sd00000000bc01sc06i01", 0, 0, "" },
};

/* Only a module that the device needs stops the start. */
START_TEST(files_missing)
{
	char file[PATH_MAX], gone[PATH_MAX];
	struct modules_list list;
	int ret;

	snprintf(file, sizeof(file), "%s/lib/modules/1.0/kernel/%s.ko", root, stripped[_i].file);
	snprintf(gone, sizeof(gone), "%s/gone", root);
	ck_assert_int_eq(rename(file, gone), 0);
	ret = modules_resolve(tree, &stripped[_i].alias, 1, stripped[_i].extras, &list);
	ck_assert_int_eq(rename(gone, file), 0);
	ck_assert_str_eq(names(&list), stripped[_i].wanted);
	ck_assert_int_eq(ret, stripped[_i].ret);
	modules_list_destroy(&list);
}
END_TEST

START_TEST(destroy_twice)
{
	const char *alias = "core";
	struct modules_list list;

	ck_assert_int_eq(modules_resolve(tree, &alias, 1, 0, &list), 0);
	modules_list_destroy(&list);
	modules_list_destroy(&list);
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("modules");
	TCase *tcase = tcase_create("modules");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_unchecked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, dependencies_come_first);
	tcase_add_test(tcase, circle_of_soft_dependencies_ends);
	tcase_add_test(tcase, nothing_twice);
	tcase_add_test(tcase, every_module_that_answers);
	tcase_add_test(tcase, builtin_and_unknown_give_nothing);
	tcase_add_test(tcase, storage_brings_disks);
	tcase_add_test(tcase, folder_missing_or_without_index);
	tcase_add_loop_test(tcase, files_missing, 0, sizeof(stripped) / sizeof(stripped[0]));
	tcase_add_test(tcase, destroy_twice);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
