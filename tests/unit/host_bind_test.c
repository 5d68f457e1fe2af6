/* SPDX-License-Identifier: MIT */
/*
 * vfio/host/bind/host_bind.c and host_restore.c: binding and its way back, on hosts that do not
 * exist. One start that binds is host_hold_test.c's, records are host_record_test.c's, and bindings
 * for the next boots are host_persist_test.c's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bind_rig.h"
#include "host_tree.h"
#include "unit.h"
#include "vfio/host/look/host_use.h"

START_TEST(rule_27_there_and_back)
{
	struct stderr_text caught;

	bind_rig_begin("ready");
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), 0);
	stderr_holds(&caught, HOST_SSD ": is now bound to vfio-pci; before, to nvme");
	bind_rig_expect_driver(HOST_SSD, "vfio-pci");
	bind_rig_expect_override(HOST_SSD, "vfio-pci");
	bind_rig_expect_driver(NIC, "e1000e");
	bind_rig_expect_records(1);
	ck_assert_int_eq(bind_rig_restore(NULL, &bind_plain, &caught), 0);
	bind_rig_expect_driver(HOST_SSD, "nvme");
	bind_rig_expect_override(HOST_SSD, "(null)");
	bind_rig_expect_records(0);
	bind_rig_expect_driver(NVME, "vfio-pci");
}
END_TEST

/* An override that was there before is put back, too. */
START_TEST(override_comes_back)
{
	struct stderr_text caught;

	bind_rig_begin("ready");
	host_tree_run("echo nvme > $root/sys/bus/pci/devices/" HOST_SSD "/driver_override");
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), 0);
	ck_assert_int_eq(bind_rig_restore(HOST_SSD, &bind_plain, &caught), 0);
	bind_rig_expect_override(HOST_SSD, "nvme");
	bind_rig_expect_driver(HOST_SSD, "nvme");
}
END_TEST

/*
 * drivers_probe succeeds although the driver did not take the device. bind sees this, says it,
 * and undoes what it did.
 */
START_TEST(rule_27_binding_is_verified)
{
	struct stderr_text caught;

	bind_rig_begin("ready");
	fake_sysfs->stubborn = "vfio-pci";
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), -ENODEV);
	stderr_holds(&caught, "vfio-pci did not take it");
	bind_rig_expect_driver(HOST_SSD, "nvme");
	bind_rig_expect_override(HOST_SSD, "(null)");
	bind_rig_expect_records(0);
}
END_TEST

/* Whichever write fails, all is as it was, or there is a record by which it can be made so. */
START_TEST(each_write_fails_once)
{
	struct stderr_text caught;

	bind_rig_begin("group-without-acs");
	host_tree_run("rm $root/sys/bus/pci/devices/" NVME "/driver; ln -s "
		      "../../../bus/pci/drivers/nvme $root/sys/bus/pci/devices/" NVME "/driver");
	fake_sysfs->fail_at = (unsigned int)_i + 1;
	ck_assert_int_lt(bind_rig_bind(NVME, &bind_plain, &caught), 0);
	stderr_holds(&caught, "minivmm: error: ");
	fake_sysfs->fail_at = 0;
	bind_rig_restore(NULL, &bind_plain, &caught);
	bind_rig_expect_driver(NVME, "nvme");
	bind_rig_expect_override(NVME, "(null)");
	bind_rig_expect_driver("0000:01:00.1", "xhci_hcd");
	bind_rig_expect_override("0000:01:00.1", "(null)");
	bind_rig_expect_records(0);
}
END_TEST

/* ---- stopped on the way ---- */

static void expect_group_is_as_before(void)
{
	bind_rig_expect_driver(NVME, "nvme");
	bind_rig_expect_override(NVME, "(null)");
	bind_rig_expect_driver("0000:01:00.1", "xhci_hcd");
	bind_rig_expect_override("0000:01:00.1", "(null)");
	bind_rig_expect_records(0);
}

/* There are six writes. The kill comes before each of them, and after it. */
#define KILL_POINTS 12

START_TEST(killed_at_each_write)
{
	struct stderr_text caught;
	pid_t pid;

	bind_rig_begin("group-without-acs");
	host_tree_run("rm $root/sys/bus/pci/devices/" NVME "/driver; ln -s "
		      "../../../bus/pci/drivers/nvme $root/sys/bus/pci/devices/" NVME "/driver");
	fake_sysfs->kill_at = (unsigned int)_i / 2 + 1;
	fake_sysfs->kill_after = _i % 2;
	pid = fork();
	if (pid == 0) {
		fake_sysfs->victim = getpid();
		_exit(bind_rig_bind(NVME, &bind_plain, &caught) < 0);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_uint_ge(fake_sysfs->writes, fake_sysfs->kill_at);
	fake_sysfs->kill_at = 0;
	bind_rig_restore(NULL, &bind_plain, &caught);
	expect_group_is_as_before();
}
END_TEST

/* The error is reported once, with advice. Nothing was changed, and no record is left. */
START_TEST(sysfs_is_readonly)
{
	struct stderr_text caught;
	const char *first;

	bind_rig_begin("ready");
	fake_sysfs->readonly = true;
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), -EROFS);
	stderr_holds(&caught, "fix: sudo mount -o remount,rw /sys");
	first = strstr(caught.text, "Read-only file system");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, "Read-only file system"));
	bind_rig_expect_driver(HOST_SSD, "nvme");
	bind_rig_expect_records(0);
}
END_TEST

START_TEST(slow_driver_is_waited_for)
{
	struct stderr_text caught;

	bind_rig_begin("open-disk");
	fake_sysfs->hold = HOLD_UNTIL_TOLD;
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_forced, &caught), 0);
	stderr_holds(&caught, "its driver nvme has not let it go yet: it waits for dd (pid 77)");
	bind_rig_expect_driver(HOST_SSD, "vfio-pci");
}
END_TEST

/*
 * Signals are blocked while a start binds. In the end the driver lets go, and restore mends it.
 */
START_TEST(slow_driver_is_given_up)
{
	struct stderr_text caught;
	sigset_t set, before;

	bind_rig_begin("ready");
	fake_sysfs->hold = HOLD_UNTIL_AWAITED;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, &before);
	raise(SIGINT);
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), -EINTR);
	signal(SIGINT, SIG_IGN);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGINT, SIG_DFL);
	stderr_holds(&caught, "interrupted before its driver nvme let it go");
	stderr_holds(&caught, "restore " HOST_SSD);
	bind_rig_expect_records(1);
	/* Until the driver has let go, the process that asked it keeps others out. */
	ck_assert_int_eq(bind_rig_restore(HOST_SSD, &bind_plain, &caught), 0);
	stderr_holds(&caught, "another minivmm changes drivers right now");
	bind_rig_expect_driver(HOST_SSD, "nvme");
	bind_rig_expect_override(HOST_SSD, "(null)");
	bind_rig_expect_records(0);
}
END_TEST

/* ---- vendors' drivers ---- */

static const struct {
	const char *situation, *driver;
} vendors[] = {
	{ "vendor-driver", "exact-vfio-pci" },
	{ "vendor-driver-not-loaded", "vfio-pci" },
	{ "vendor-driver-of-others", "vfio-pci" },
};

START_TEST(best_driver_by_alias)
{
	struct stderr_text caught;

	bind_rig_begin(vendors[_i].situation);
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), 0);
	bind_rig_expect_driver(HOST_SSD, vendors[_i].driver);
	bind_rig_expect_override(HOST_SSD, vendors[_i].driver);
	ck_assert_int_eq(bind_rig_restore(HOST_SSD, &bind_plain, &caught), 0);
	bind_rig_expect_driver(HOST_SSD, "nvme");
}
END_TEST

/* On Arm the group may come with the driver, so bind tries. */
START_TEST(device_without_group_yet)
{
	struct stderr_text caught;

	bind_rig_begin("arm-on-which-no-driver-took-it");
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), 0);
	bind_rig_expect_driver(HOST_SSD, "vfio-pci");
	bind_rig_begin("no-driver-took-it");
	ck_assert_int_lt(bind_rig_bind(HOST_SSD, &bind_plain, &caught), 0);
	stderr_holds(&caught, "does not cover it");
	bind_rig_expect_driver(HOST_SSD, "");
}
END_TEST

START_TEST(rule_28_group_goes_along)
{
	struct stderr_text caught;

	bind_rig_begin("group-without-acs");
	ck_assert_int_eq(bind_rig_bind(NVME, &bind_plain, &caught), 0);
	stderr_holds(&caught, "0000:01:00.1: is handed over too: it is in the same IOMMU group, 1, "
			      "and now bound to xhci_hcd");
	bind_rig_expect_driver("0000:01:00.1", "vfio-pci");
	bind_rig_expect_records(1); /* the other was at vfio-pci before */
	ck_assert_int_eq(bind_rig_restore(NULL, &bind_plain, &caught), 0);
	bind_rig_expect_driver("0000:01:00.1", "xhci_hcd");
}
END_TEST

/* A process that has a file of the device open is named, because the driver would wait for it. */
START_TEST(open_device_stays)
{
	struct stderr_text caught;

	bind_rig_begin("open-disk");
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), -EBUSY);
	stderr_holds(&caught, "dd (pid 77) has /dev/nvme0n1 open");
	bind_rig_expect_driver(HOST_SSD, "nvme");
	bind_rig_expect_records(0);
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_forced, &caught), 0);
	stderr_holds(&caught, "warning: " HOST_SSD ": in use by this host: dd (pid 77)");
	bind_rig_expect_driver(HOST_SSD, "vfio-pci");
}
END_TEST

START_TEST(open_device_is_not_given_back)
{
	struct stderr_text caught;

	bind_rig_begin("open-cdev");
	ck_assert_int_eq(bind_rig_restore(NVME, &bind_plain, &caught), -EBUSY);
	stderr_holds(&caught, "in use by minivmm (pid 666)");
	bind_rig_expect_driver(NVME, "vfio-pci");
}
END_TEST

START_TEST(rule_28_bridges_stay)
{
	struct stderr_text caught;

	bind_rig_begin("group-with-bridge");
	ck_assert_int_eq(bind_rig_bind(NVME, &bind_plain, &caught), 0);
	bind_rig_expect_driver("0000:00:01.0", "pcieport");
	ck_assert_int_eq(bind_rig_bind("0000:00:01.0", &bind_plain, &caught), -ENODEV);
	stderr_holds(&caught, "a PCI bridge");
}
END_TEST

static const struct {
	const char *situation, *bdf, *words;
} uses[] = {
	{ "disk-mounted", HOST_SSD, "mounted on /srv/data" },
	{ "disk-mounted-through-lvm", HOST_SSD, "mounted on /home" },
	{ "disk-is-swap", HOST_SSD, "swap" },
	{ "default-route", NIC, "default route" },
	{ "display-is-the-only-one", "0000:05:00.0", "only display" },
};

START_TEST(device_in_use_is_refused)
{
	struct stderr_text caught;
	struct host_device before;

	bind_rig_begin(uses[_i].situation);
	host_read_device(uses[_i].bdf, &before);
	ck_assert_int_eq(bind_rig_bind(uses[_i].bdf, &bind_plain, &caught), -EBUSY);
	stderr_holds(&caught, uses[_i].words);
	stderr_holds(&caught, "bind --force");
	bind_rig_expect_driver(uses[_i].bdf, before.driver);
	bind_rig_expect_records(0);
	ck_assert_int_eq(bind_rig_bind(uses[_i].bdf, &bind_forced, &caught), 0);
	stderr_holds(&caught, "minivmm: warning: ");
	bind_rig_expect_driver(uses[_i].bdf, "vfio-pci");
}
END_TEST

/*
 * The disk is claimed, but no file says by whom. A terminal stands for the disk, because a
 * terminal in exclusive use cannot be opened again either, except by root.
 */
START_TEST(claimed_disk_is_in_use)
{
	int far = posix_openpt(O_RDWR | O_NOCTTY), near;
	struct host_use found[HOST_USES_MAX];
	struct host_device device;
	unsigned int free_count, count;

	bind_rig_begin("ready");
	ck_assert_int_eq(grantpt(far) | unlockpt(far), 0);
	ck_assert_int_eq(chmod(ptsname(far), 0666), 0);
	host_tree_run("ln -s %s $root/dev/nvme0n1", ptsname(far));
	near = open(ptsname(far), O_RDWR | O_NOCTTY);
	host_read_device(HOST_SSD, &device);
	host_tree_become_user();
	free_count = host_find_uses(&device, found);
	ck_assert_int_eq(ioctl(near, TIOCEXCL), 0);
	count = host_find_uses(&device, found);
	host_tree_become_root();
	ck_assert_uint_eq(free_count, 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(found[0].kind, HOST_USE_CLAIMED);
	ck_assert_str_eq(found[0].name, "/dev/nvme0n1");
	close(near);
	close(far);
}
END_TEST

START_TEST(slots_of_this_host)
{
	bind_rig_begin("ready");
	ck_assert_uint_eq(host_slot_functions("0000:04:00.1"), 0x3);
	ck_assert_uint_eq(host_slot_functions("0000:0a:00.0"), 0);
	host_tree_run(": > $root/sys/bus/pci/devices/0000:04:00.1/physfn");
	ck_assert_uint_eq(host_slot_functions("0000:04:00.1"), 0x2);
}
END_TEST

START_TEST(driver_is_loaded)
{
	struct stderr_text caught;

	bind_rig_begin("vfio-not-loaded");
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), -ENODEV);
	stderr_holds(&caught, "vfio-pci is not loaded");
	ck_assert_str_eq(fake_sysfs->last_module, "vfio-pci");
	bind_rig_expect_driver(HOST_SSD, "nvme");
	fake_sysfs->modules_work = true;
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), 0);
	bind_rig_expect_driver(HOST_SSD, "vfio-pci");
}
END_TEST

/* A dry run prints and changes nothing. */
START_TEST(dry_run)
{
	const struct host_bind_options dry = { .dry_run = true, .checks = &bind_checks };
	struct stderr_text caught;
	int out = dup(STDOUT_FILENO), file = open("/dev/null", O_WRONLY);

	bind_rig_begin("ready");
	fake_sysfs->fail_at = 1;
	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &dry, &caught), 0);
	ck_assert_int_eq(bind_rig_restore(NVME, &dry, &caught), 0);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(file);
	ck_assert_uint_eq(fake_sysfs->writes, 0);
	bind_rig_expect_records(0);
}
END_TEST

/* The device was bound by other means. It goes to the driver that wants it. */
START_TEST(restore_without_record)
{
	struct stderr_text caught;

	bind_rig_begin("ready");
	ck_assert_int_eq(bind_rig_restore(NULL, &bind_plain, &caught), 0);
	stderr_holds(&caught, "nothing to restore");
	ck_assert_int_eq(bind_rig_restore(NIC, &bind_plain, &caught), 0);
	bind_rig_expect_driver(NIC, "e1000e");
	host_tree_run("echo vfio-pci > $root/sys/bus/pci/devices/" NVME "/driver_override");
	ck_assert_int_eq(bind_rig_restore(NVME, &bind_plain, &caught), 0);
	bind_rig_expect_driver(NVME, "nvme");
	bind_rig_expect_override(NVME, "(null)");
	ck_assert_int_eq(bind_rig_restore("0000:0a:00.0", &bind_plain, &caught), -ENODEV);
}
END_TEST

/* The last test. */
START_TEST(trees_are_removed)
{
	host_tree_remove();
	ck_assert_str_eq(host_root(), "");
}
END_TEST

UNIT_MAIN("host_bind", { rule_27_there_and_back, 0 }, { override_comes_back, 0 },
	  { rule_27_binding_is_verified, 0 }, { each_write_fails_once, 6 },
	  { rule_28_group_goes_along, 0 }, { killed_at_each_write, KILL_POINTS },
	  { sysfs_is_readonly, 0 }, { slow_driver_is_waited_for, 0 },
	  { slow_driver_is_given_up, 0 }, { best_driver_by_alias, UNIT_COUNT(vendors) },
	  { device_without_group_yet, 0 }, { open_device_stays, 0 },
	  { open_device_is_not_given_back, 0 }, { rule_28_bridges_stay, 0 },
	  { device_in_use_is_refused, UNIT_COUNT(uses) }, { claimed_disk_is_in_use, 0 },
	  { slots_of_this_host, 0 }, { driver_is_loaded, 0 }, { dry_run, 0 },
	  { restore_without_record, 0 }, { trees_are_removed, 0 })
