/* SPDX-License-Identifier: MIT */
#include "host_tree.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scratch_folder.h"

#define SCRIPT "tests/unit/host_tree.sh"

#define NOBODY 65534

#define MIB (1ull << 20)

const struct host_demand host_tree_demand = {
	.memory = 0, /* so that the limit of whoever runs the tests does not matter */
	.memory_end = 512 * MIB,
	.mmio32 = 768 * MIB,
	.ports = 0x4000,
	.phys_bits = 39,
};

/*
 * One folder for all trees of a test program. `ready` is made once, and the others are copies of
 * it. The folder is in memory, because there are a hundred trees with four hundred small files
 * each.
 */
static char folder[] = "/dev/shm/minivmm-host-XXXXXX";
static bool made;
static pid_t owner; /* the process that made the folder, and removes it */

void host_tree_run(const char *fmt, ...)
{
	char command[4096], text[3072];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(command, sizeof(command), "folder=%s; root=$folder/tree; %s", folder, text);
	ck_assert_msg(system(command) == 0, "failed: %s", text);
}

/*
 * If Check gives each test a process of its own, only the end of that process can remove its trees.
 * No assertion is made here, because no test runs any more.
 */
static void host_tree_at_exit(void)
{
	if (made && owner == getpid())
		scratch_folder_tidy(folder);
}

void host_tree_make(const char *situation)
{
	char root[64];

	if (!made) {
		ck_assert_ptr_nonnull(mkdtemp(folder));
		host_tree_run("chmod 755 $folder && " SCRIPT " $folder/ready ready");
		made = true;
		owner = getpid();
		atexit(host_tree_at_exit);
	}
	host_tree_run("rm -rf $root && " SCRIPT " $root %s $folder/ready", situation);
	snprintf(root, sizeof(root), "%s/tree", folder);
	setenv("MINIVMM_HOST_ROOT", root, 1);
}

void host_tree_remove(void)
{
	if (made)
		ck_assert_int_eq(scratch_folder_remove(folder), 0);
	made = false;
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	unsetenv("MINIVMM_HOST_ROOT");
}

void host_tree_become_user(void)
{
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(NOBODY), 0);
}

void host_tree_become_root(void)
{
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}
