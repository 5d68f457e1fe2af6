/* SPDX-License-Identifier: MIT */
/* vmm/guest_kernel.c: the running kernel is found where each distribution keeps it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host_tree.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/host/look/host_kernel.h"
#include "vmm/guest_kernel.h"

#define RELEASE "6.6.14-0-lts"

static const struct {
	const char *file, *modules; /* what the host has; NULL: nothing */
} places[] = {
	{ "/boot/vmlinuz-" RELEASE, "/lib/modules/" RELEASE },
	{ "/usr/lib/modules/" RELEASE "/vmlinuz", "/usr/lib/modules/" RELEASE },
	{ "/lib/modules/" RELEASE "/vmlinuz", "/lib/modules/" RELEASE },
	{ "/usr/lib/modules/" RELEASE "/Image", "/usr/lib/modules/" RELEASE },
	{ "/run/booted-system/kernel", "/run/booted-system/kernel-modules/lib/modules/" RELEASE },
	{ "/boot/Image-" RELEASE, "/lib/modules/" RELEASE },
	{ "/boot/kernel-" RELEASE, "/lib/modules/" RELEASE },
	{ "/boot/vmlinuz-lts", "/lib/modules/" RELEASE },
	{ "/boot/vmlinuz-huge-" RELEASE, "/lib/modules/" RELEASE },
	{ "/run/booted-system/kernel/bzImage", "/run/booted-system/kernel/lib/modules/" RELEASE },
};

START_TEST(kernel_is_found)
{
	struct host_path path;
	int fd;

	host_tree_make("ready");
	host_tree_run("mkdir -p $root%s && mkdir -p $(dirname $root%s) && : > $root%s",
		      places[_i].modules, places[_i].file, places[_i].file);
	fd = guest_kernel_open(RELEASE, &path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_str_eq(host_path_name(&path), places[_i].file);
	path = host_modules_folder(RELEASE);
	ck_assert_str_eq(host_path_name(&path), places[_i].modules);
}
END_TEST

/* The file that the boot loader named, in its own way, comes last. */
static const struct {
	const char *cmdline, *file;
} boot_images[] = {
	{ "BOOT_IMAGE=/boot/my-kernel root=/dev/sda1", "/boot/my-kernel" },
	{ "ro BOOT_IMAGE=(hd0,gpt2)/my-kernel root=/dev/sda1", "/boot/my-kernel" },
	{ "BOOT_IMAGE=my-kernel root=/dev/sda1", NULL },
	{ "BOOT_IMAGE=", NULL },
};

START_TEST(kernel_that_was_booted)
{
	struct stderr_text caught;
	struct host_path path;
	int fd;

	host_tree_make("ready");
	host_tree_run("mkdir $root/boot && : > $root/boot/my-kernel");
	host_tree_run("echo '%s' > $root/proc/cmdline", boot_images[_i].cmdline);
	stderr_begin(&caught);
	fd = guest_kernel_open(RELEASE, &path);
	stderr_end(&caught);
	ck_assert_int_eq(fd >= 0, boot_images[_i].file != NULL);
	if (fd < 0)
		return;
	ck_assert_str_eq(host_path_name(&path), boot_images[_i].file);
	close(fd);
}
END_TEST

START_TEST(what_was_tried_is_named)
{
	struct stderr_text caught;
	struct host_path path;
	int ret;

	host_tree_make("ready");
	stderr_begin(&caught);
	ret = guest_kernel_open(RELEASE, &path);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOENT);
	stderr_holds(&caught, "tried /boot/vmlinuz-" RELEASE ", /usr/lib/modules/" RELEASE);
	stderr_holds(&caught, "/run/booted-system/kernel");
	stderr_holds(&caught, "fix: minivmm --kernel FILE");
}
END_TEST

/* On Ubuntu the file is there, but not everybody may read it. */
START_TEST(kernel_of_root)
{
	struct stderr_text caught;
	struct host_path path;
	int ret;

	host_tree_make("ready");
	host_tree_run("mkdir -p $root/boot && : > $root/boot/vmlinuz-" RELEASE
		      " && chmod 0 $root/boot/vmlinuz-" RELEASE);
	host_tree_become_user();
	stderr_begin(&caught);
	ret = guest_kernel_open(RELEASE, &path);
	stderr_end(&caught);
	host_tree_become_root();
	ck_assert_int_eq(ret, -EACCES);
	stderr_holds(&caught, "fix: sudo chmod +r /boot/vmlinuz-" RELEASE);
}
END_TEST

/* The last test. */
START_TEST(trees_are_removed)
{
	host_tree_remove();
	ck_assert_str_eq(host_root(), "");
}
END_TEST

UNIT_MAIN("guest_kernel", { kernel_is_found, UNIT_COUNT(places) },
	  { kernel_that_was_booted, UNIT_COUNT(boot_images) }, { what_was_tried_is_named, 0 },
	  { kernel_of_root, 0 }, { trees_are_removed, 0 })
