/* SPDX-License-Identifier: MIT */
/*
 * vfio/host/bind/host_bind.c, host_restore.c, host_record.c: binding and its way back, on hosts
 * that do not exist. This program is the kernel behind their sysfs: a write to an attribute moves
 * the links of drivers as the PCI core would.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_tree.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/host/bind/host_bind.h"
#include "vfio/host/bind/host_change.h"
#include "vfio/host/bind/host_persist.h"
#include "vfio/host/bind/host_record.h"
#include "vfio/host/check/host_doctor.h"
#include "vfio/host/look/host_use.h"

#define NVME     "0000:01:00.0"
#define HOST_SSD "0000:02:00.0"
#define NIC      "0000:03:00.0"

/* ---- the kernel ---- */

/* Shared with the processes that minivmm makes, as the kernel is. */
static struct kernel {
	unsigned int writes;
	unsigned int fail_at; /* the n-th write fails; 0: none does */
	unsigned int kill_at; /* at the n-th write `victim` is killed; 0: at none */
	bool kill_after;      /* after its effect, not before */
	pid_t victim;
	bool readonly;           /* sysfs is */
	unsigned int hold_ms;    /* a driver takes so long to let go */
	const char *stubborn;    /* this driver takes no device */
	char last_module[64];    /* that was loaded */
	bool modules_work;       /* vfio-pci appears when it is loaded */
	void (*meanwhile)(void); /* happens once, while the next lock is waited for */
} * kernel_shared;

#define kernel (*kernel_shared)

/* The drivers that these devices have without an override. */
static const struct {
	const char *bdf, *driver;
} natural[] = {
	{ NVME, "nvme" }, { HOST_SSD, "nvme" }, { NIC, "e1000e" }, { "0000:01:00.1", "xhci_hcd" }
};

static void kernel_link(const char *bdf, const char *driver)
{
	struct host_path folder = host_path("/sys/bus/pci/drivers/%s", driver);

	if (kernel.stubborn && strcmp(kernel.stubborn, driver) == 0)
		return;
	if (host_path_exists(&folder))
		host_tree_run("ln -s ../../../bus/pci/drivers/%s "
			      "$root/sys/bus/pci/devices/%s/driver; case %s in *vfio*) mkdir -p "
			      "$root/sys/bus/pci/devices/%s/vfio-dev/vfio9;; esac",
			      driver, bdf, driver, bdf);
}

static int kernel_probe(const char *bdf)
{
	struct host_device device;
	char override[HOST_DRIVER_MAX];

	ck_assert_int_eq(host_read_device(bdf, &device), 0);
	if (device.driver[0])
		return 0;
	host_read_attribute(bdf, "driver_override", override, sizeof(override));
	if (override[0] && strcmp(override, "(null)") != 0) {
		kernel_link(bdf, override);
		return 0;
	}
	for (size_t i = 0; i < UNIT_COUNT(natural); i++)
		if (strcmp(natural[i].bdf, bdf) == 0)
			kernel_link(bdf, natural[i].driver);
	return 0;
}

static int kernel_unbind(const char *bdf, const char *driver)
{
	struct host_device device;

	host_read_device(bdf, &device);
	if (strcmp(device.driver, driver) != 0)
		return -ENODEV;
	host_tree_run("rm -r $root/sys/bus/pci/devices/%s/driver; rm -rf "
		      "$root/sys/bus/pci/devices/%s/vfio-dev",
		      bdf, bdf);
	return 0;
}

static int kernel_override(const struct host_path *path, const char *text)
{
	FILE *file = fopen(path->text, "w");

	ck_assert_ptr_nonnull(file);
	fputs(strcmp(text, "\n") == 0 ? "(null)\n" : text, file);
	fclose(file);
	return 0;
}

static int kernel_write(const struct host_path *path, const char *text)
{
	const char *at = path->text + strlen(host_root());
	char driver[64], what[16];

	if (!host_path_exists(path))
		return -ENOENT;
	if (strcmp(at, "/sys/bus/pci/drivers_probe") == 0)
		return kernel_probe(text);
	if (sscanf(at, "/sys/bus/pci/drivers/%63[^/]/%15s", driver, what) == 2) {
		if (strcmp(what, "unbind") == 0)
			return kernel_unbind(text, driver);
		kernel_link(text, driver);
		return 0;
	}
	ck_assert_ptr_nonnull(strstr(at, "/driver_override"));
	return kernel_override(path, text);
}

/* kill -9 of minivmm, which may have this write made by a process of its own: that goes on. */
static void kernel_kill(bool now)
{
	if (!now)
		return;
	kill(kernel.victim, SIGKILL);
	if (getpid() == kernel.victim)
		pause();
}

int host_write_attribute(const struct host_path *path, const char *text)
{
	bool kills = ++kernel.writes == kernel.kill_at;
	int ret;

	if (kernel.writes == kernel.fail_at)
		return -EIO;
	if (kernel.readonly)
		return -EROFS;
	kernel_kill(kills && !kernel.kill_after);
	if (strstr(path->text, "/unbind"))
		usleep(kernel.hold_ms * 1000);
	ret = kernel_write(path, text);
	kernel_kill(kills && kernel.kill_after);
	return ret;
}

int host_load_module(const char *name)
{
	snprintf(kernel.last_module, sizeof(kernel.last_module), "%s", name);
	if (!kernel.modules_work)
		return -ENOENT;
	host_tree_run("mkdir -p $root/sys/bus/pci/drivers/%s && "
		      "touch $root/sys/bus/pci/drivers/%s/bind "
		      "$root/sys/bus/pci/drivers/%s/unbind",
		      name, name, name);
	return 0;
}

int flock(int fd, int operation)
{
	void (*meanwhile)(void) = kernel.meanwhile;

	kernel.meanwhile = NULL;
	if (meanwhile)
		meanwhile();
	return (int)syscall(SYS_flock, fd, operation);
}

/* ---- helpers ---- */

static void begin(const char *situation)
{
	if (!kernel_shared)
		kernel_shared = mmap(NULL, sizeof(kernel), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(&kernel, 0, sizeof(kernel));
	host_tree_make(situation);
}

static void expect_driver(const char *bdf, const char *driver)
{
	struct host_device device;

	ck_assert_int_eq(host_read_device(bdf, &device), 0);
	ck_assert_str_eq(device.driver, driver);
}

static void expect_override(const char *bdf, const char *driver)
{
	char text[HOST_DRIVER_MAX];

	host_read_attribute(bdf, "driver_override", text, sizeof(text));
	ck_assert_str_eq(text, driver);
}

static void expect_records(int count)
{
	struct host_path path = host_path("/run/minivmm");
	struct host_dir dir;

	host_dir_read(&dir, &path);
	ck_assert_int_eq(dir.count, count);
	host_dir_free(&dir);
}

static const struct host_bind_checks checks = {
	.bindable = host_check_bindable,
	.unused = host_check_unused,
	.explain = host_explain_vfio,
};

static const struct host_bind_options plain = { .checks = &checks };
static const struct host_bind_options forced = { .force = true, .checks = &checks };

/* What is said is in *caught. */
static int bind_with(const char *bdf, const struct host_bind_options *options,
		     struct stderr_text *caught)
{
	char bdfs[1][HOST_BDF_MAX];
	int ret;

	strcpy(bdfs[0], bdf);
	stderr_begin(caught);
	ret = host_bind((const char(*)[HOST_BDF_MAX])bdfs, 1, options);
	stderr_end(caught);
	return ret;
}

static int restore_with(const char *bdf, const struct host_bind_options *options,
			struct stderr_text *caught)
{
	char bdfs[1][HOST_BDF_MAX];
	int ret;

	strcpy(bdfs[0], bdf ? bdf : "");
	stderr_begin(caught);
	ret = host_restore((const char(*)[HOST_BDF_MAX])bdfs, bdf ? 1 : 0, options);
	stderr_end(caught);
	return ret;
}

static int hold(struct host_held *held, const char *bdf)
{
	struct stderr_text caught;
	char bdfs[1][HOST_BDF_MAX];
	int ret;

	strcpy(bdfs[0], bdf);
	stderr_begin(&caught);
	ret = host_hold(held, (const char(*)[HOST_BDF_MAX])bdfs, 1, &checks);
	stderr_end(&caught);
	return ret;
}

/* What a kill does: the locks go, and nothing else happens. */
static void kill_holder(struct host_held *held)
{
	while (held->count)
		close(held->locks[--held->count]);
}

/* ---- tests ---- */

START_TEST(rule_27_there_and_back)
{
	struct stderr_text caught;

	begin("ready");
	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), 0);
	stderr_holds(&caught, HOST_SSD ": is now bound to vfio-pci; before, to nvme");
	expect_driver(HOST_SSD, "vfio-pci");
	expect_override(HOST_SSD, "vfio-pci");
	expect_driver(NIC, "e1000e");
	expect_records(1);
	ck_assert_int_eq(restore_with(NULL, &plain, &caught), 0);
	expect_driver(HOST_SSD, "nvme");
	expect_override(HOST_SSD, "(null)");
	expect_records(0);
	expect_driver(NVME, "vfio-pci");
}
END_TEST

/* An override that was there before is put back, too. */
START_TEST(override_comes_back)
{
	struct stderr_text caught;

	begin("ready");
	host_tree_run("echo nvme > $root/sys/bus/pci/devices/" HOST_SSD "/driver_override");
	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), 0);
	ck_assert_int_eq(restore_with(HOST_SSD, &plain, &caught), 0);
	expect_override(HOST_SSD, "nvme");
	expect_driver(HOST_SSD, "nvme");
}
END_TEST

/* drivers_probe succeeds and the driver did not take it: seen, said, undone. */
START_TEST(rule_27_binding_is_verified)
{
	struct stderr_text caught;

	begin("ready");
	kernel.stubborn = "vfio-pci";
	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), -ENODEV);
	stderr_holds(&caught, "vfio-pci did not take it");
	expect_driver(HOST_SSD, "nvme");
	expect_override(HOST_SSD, "(null)");
	expect_records(0);
}
END_TEST

/* Whichever write fails: all is as it was, or there is a record by which it can be made so. */
START_TEST(each_write_fails_once)
{
	struct stderr_text caught;

	begin("group-without-acs");
	host_tree_run("rm $root/sys/bus/pci/devices/" NVME "/driver; ln -s "
		      "../../../bus/pci/drivers/nvme $root/sys/bus/pci/devices/" NVME "/driver");
	kernel.fail_at = (unsigned int)_i + 1;
	ck_assert_int_lt(bind_with(NVME, &plain, &caught), 0);
	stderr_holds(&caught, "minivmm: error: ");
	kernel.fail_at = 0;
	restore_with(NULL, &plain, &caught);
	expect_driver(NVME, "nvme");
	expect_override(NVME, "(null)");
	expect_driver("0000:01:00.1", "xhci_hcd");
	expect_override("0000:01:00.1", "(null)");
	expect_records(0);
}
END_TEST

/* ---- stopped on the way ---- */

static void expect_group_is_as_before(void)
{
	expect_driver(NVME, "nvme");
	expect_override(NVME, "(null)");
	expect_driver("0000:01:00.1", "xhci_hcd");
	expect_override("0000:01:00.1", "(null)");
	expect_records(0);
}

/* Six writes; each with the kill before it and after it. */
#define KILL_POINTS 12

START_TEST(killed_at_each_write)
{
	struct stderr_text caught;
	pid_t pid;

	begin("group-without-acs");
	host_tree_run("rm $root/sys/bus/pci/devices/" NVME "/driver; ln -s "
		      "../../../bus/pci/drivers/nvme $root/sys/bus/pci/devices/" NVME "/driver");
	kernel.kill_at = (unsigned int)_i / 2 + 1;
	kernel.kill_after = _i % 2;
	pid = fork();
	if (pid == 0) {
		kernel.victim = getpid();
		_exit(bind_with(NVME, &plain, &caught) < 0);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_uint_ge(kernel.writes, kernel.kill_at);
	kernel.kill_at = 0;
	restore_with(NULL, &plain, &caught);
	expect_group_is_as_before();
}
END_TEST

/* Said once, with advice; nothing was changed, and no record is left. */
START_TEST(sysfs_is_readonly)
{
	struct stderr_text caught;
	const char *first;

	begin("ready");
	kernel.readonly = true;
	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), -EROFS);
	stderr_holds(&caught, "fix: sudo mount -o remount,rw /sys");
	first = strstr(caught.text, "Read-only file system");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, "Read-only file system"));
	expect_driver(HOST_SSD, "nvme");
	expect_records(0);
}
END_TEST

START_TEST(slow_driver_is_waited_for)
{
	struct stderr_text caught;

	begin("open-disk");
	kernel.hold_ms = 1300;
	ck_assert_int_eq(bind_with(HOST_SSD, &forced, &caught), 0);
	stderr_holds(&caught, "its driver nvme has not let it go yet: it waits for dd (pid 77)");
	expect_driver(HOST_SSD, "vfio-pci");
}
END_TEST

/* Signals are blocked while a start binds. In the end the driver lets go, and restore mends it. */
START_TEST(slow_driver_is_given_up)
{
	struct stderr_text caught;
	sigset_t set, before;

	begin("ready");
	kernel.hold_ms = 1600;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, &before);
	raise(SIGINT);
	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), -EINTR);
	signal(SIGINT, SIG_IGN);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGINT, SIG_DFL);
	stderr_holds(&caught, "interrupted before its driver nvme let it go");
	stderr_holds(&caught, "restore " HOST_SSD);
	expect_records(1);
	/* Until the driver has let go, the one that asked it keeps others out. */
	ck_assert_int_eq(restore_with(HOST_SSD, &plain, &caught), 0);
	stderr_holds(&caught, "another minivmm changes drivers right now");
	expect_driver(HOST_SSD, "nvme");
	expect_override(HOST_SSD, "(null)");
	expect_records(0);
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

	begin(vendors[_i].situation);
	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), 0);
	expect_driver(HOST_SSD, vendors[_i].driver);
	expect_override(HOST_SSD, vendors[_i].driver);
	ck_assert_int_eq(restore_with(HOST_SSD, &plain, &caught), 0);
	expect_driver(HOST_SSD, "nvme");
}
END_TEST

/* ---- for the next boots ---- */

static const struct {
	const char *situation, *file, *command;
} tools[] = {
	{ "with-initramfs-tools", "etc/initramfs-tools/hooks/minivmm", "update-initramfs" },
	{ "with-dracut", "etc/dracut.conf.d/minivmm.conf", "dracut --force" },
	{ "with-mkinitcpio", "etc/mkinitcpio.conf.d/minivmm.conf", "mkinitcpio -P" },
};

START_TEST(binding_is_kept)
{
	const struct host_bind_options keep = { .persist = true, .checks = &checks };
	struct stderr_text caught;

	begin(tools[_i].situation);
	ck_assert_int_eq(bind_with(HOST_SSD, &keep, &caught), 0);
	stderr_holds(&caught, tools[_i].command);
	ck_assert(host_is_persistent(HOST_SSD));
	host_tree_run("grep -q 'KERNEL==\"" HOST_SSD "\".*ATTR{driver_override}=\"vfio-pci\"' "
		      "$root/etc/udev/rules.d/60-minivmm-" HOST_SSD ".rules");
	/* A driver that was faster lets go; a VFIO driver that is there already is asked. */
	host_tree_run("grep -q 'DRIVER!=\"vfio-pci\", ATTR{driver/unbind}=\"" HOST_SSD "\"$' "
		      "$root/etc/udev/rules.d/60-minivmm-" HOST_SSD ".rules");
	host_tree_run("grep -q 'ATTR{\\[subsystem/pci\\]drivers_probe}=\"" HOST_SSD "\"$' "
		      "$root/etc/udev/rules.d/60-minivmm-" HOST_SSD ".rules");
	host_tree_run("grep -q vfio-pci $root/%s", tools[_i].file);
	/* After the boot there is no record any more. */
	host_tree_run("rm -r $root/run/minivmm");
	ck_assert_int_eq(restore_with(NULL, &plain, &caught), 0);
	stderr_holds(&caught, "is no longer bound at boot");
	expect_driver(HOST_SSD, "nvme");
	host_tree_run("! ls $root/etc/udev/rules.d/*minivmm* $root/%s 2> /dev/null",
		      tools[_i].file);
}
END_TEST

/* The first of two that goes leaves what the second needs. */
START_TEST(binding_of_another_is_kept)
{
	const struct host_bind_options keep = { .persist = true, .checks = &checks };
	struct stderr_text caught;

	begin("with-dracut");
	ck_assert_int_eq(bind_with(HOST_SSD, &keep, &caught), 0);
	ck_assert_int_eq(bind_with(NIC, &keep, &caught), 0);
	ck_assert_int_eq(restore_with(HOST_SSD, &plain, &caught), 0);
	ck_assert(!host_is_persistent(HOST_SSD));
	ck_assert(host_is_persistent(NIC));
	host_tree_run("test -e $root/etc/dracut.conf.d/minivmm.conf");
}
END_TEST

/* On Arm the group may come with the driver: bind tries. */
START_TEST(device_without_group_yet)
{
	struct stderr_text caught;

	begin("arm-on-which-no-driver-took-it");
	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), 0);
	expect_driver(HOST_SSD, "vfio-pci");
	begin("no-driver-took-it");
	ck_assert_int_lt(bind_with(HOST_SSD, &plain, &caught), 0);
	stderr_holds(&caught, "does not cover it");
	expect_driver(HOST_SSD, "");
}
END_TEST

START_TEST(binding_is_not_kept_without_udev)
{
	const struct host_bind_options keep = { .persist = true, .checks = &checks };
	struct stderr_text caught;

	begin("ready");
	ck_assert_int_eq(bind_with(HOST_SSD, &keep, &caught), -ENOENT);
	stderr_holds(&caught, "there is no /etc/udev/rules.d");
}
END_TEST

START_TEST(rule_28_group_goes_along)
{
	struct stderr_text caught;

	begin("group-without-acs");
	ck_assert_int_eq(bind_with(NVME, &plain, &caught), 0);
	stderr_holds(&caught, "0000:01:00.1: is handed over too: it is in the same IOMMU group, 1, "
			      "and now bound to xhci_hcd");
	expect_driver("0000:01:00.1", "vfio-pci");
	expect_records(1); /* the other was at vfio-pci before */
	ck_assert_int_eq(restore_with(NULL, &plain, &caught), 0);
	expect_driver("0000:01:00.1", "xhci_hcd");
}
END_TEST

/* A process that has a file of the device open is named; its driver would wait for it. */
START_TEST(open_device_stays)
{
	struct stderr_text caught;

	begin("open-disk");
	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), -EBUSY);
	stderr_holds(&caught, "dd (pid 77) has /dev/nvme0n1 open");
	expect_driver(HOST_SSD, "nvme");
	expect_records(0);
	ck_assert_int_eq(bind_with(HOST_SSD, &forced, &caught), 0);
	stderr_holds(&caught, "warning: " HOST_SSD ": in use by this host: dd (pid 77)");
	expect_driver(HOST_SSD, "vfio-pci");
}
END_TEST

START_TEST(open_device_is_not_given_back)
{
	struct stderr_text caught;

	begin("open-cdev");
	ck_assert_int_eq(restore_with(NVME, &plain, &caught), -EBUSY);
	stderr_holds(&caught, "in use by minivmm (pid 666)");
	expect_driver(NVME, "vfio-pci");
}
END_TEST

START_TEST(rule_28_bridges_stay)
{
	struct stderr_text caught;

	begin("group-with-bridge");
	ck_assert_int_eq(bind_with(NVME, &plain, &caught), 0);
	expect_driver("0000:00:01.0", "pcieport");
	ck_assert_int_eq(bind_with("0000:00:01.0", &plain, &caught), -ENODEV);
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

	begin(uses[_i].situation);
	host_read_device(uses[_i].bdf, &before);
	ck_assert_int_eq(bind_with(uses[_i].bdf, &plain, &caught), -EBUSY);
	stderr_holds(&caught, uses[_i].words);
	stderr_holds(&caught, "bind --force");
	expect_driver(uses[_i].bdf, before.driver);
	expect_records(0);
	ck_assert_int_eq(bind_with(uses[_i].bdf, &forced, &caught), 0);
	stderr_holds(&caught, "minivmm: warning: ");
	expect_driver(uses[_i].bdf, "vfio-pci");
}
END_TEST

/*
 * Claimed, by whom no file says. A terminal stands for the disk: one in exclusive use cannot be
 * opened again either, but by root.
 */
START_TEST(claimed_disk_is_in_use)
{
	int far = posix_openpt(O_RDWR | O_NOCTTY), near;
	struct host_use found[HOST_USES_MAX];
	struct host_device device;
	unsigned int free_count, count;

	begin("ready");
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
	begin("ready");
	ck_assert_uint_eq(host_slot_functions("0000:04:00.1"), 0x3);
	ck_assert_uint_eq(host_slot_functions("0000:0a:00.0"), 0);
	host_tree_run(": > $root/sys/bus/pci/devices/0000:04:00.1/physfn");
	ck_assert_uint_eq(host_slot_functions("0000:04:00.1"), 0x2);
}
END_TEST

START_TEST(driver_is_loaded)
{
	struct stderr_text caught;

	begin("vfio-not-loaded");
	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), -ENODEV);
	stderr_holds(&caught, "vfio-pci is not loaded");
	ck_assert_str_eq(kernel.last_module, "vfio-pci");
	expect_driver(HOST_SSD, "nvme");
	kernel.modules_work = true;
	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), 0);
	expect_driver(HOST_SSD, "vfio-pci");
}
END_TEST

/* A dry run prints and changes nothing. */
START_TEST(dry_run)
{
	const struct host_bind_options dry = { .dry_run = true, .checks = &checks };
	struct stderr_text caught;
	int out = dup(STDOUT_FILENO), file = open("/dev/null", O_WRONLY);

	begin("ready");
	kernel.fail_at = 1;
	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	ck_assert_int_eq(bind_with(HOST_SSD, &dry, &caught), 0);
	ck_assert_int_eq(restore_with(NVME, &dry, &caught), 0);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(file);
	ck_assert_uint_eq(kernel.writes, 0);
	expect_records(0);
}
END_TEST

/* Bound by other means: it goes to the driver that wants it. */
START_TEST(restore_without_record)
{
	struct stderr_text caught;

	begin("ready");
	ck_assert_int_eq(restore_with(NULL, &plain, &caught), 0);
	stderr_holds(&caught, "nothing to restore");
	ck_assert_int_eq(restore_with(NIC, &plain, &caught), 0);
	expect_driver(NIC, "e1000e");
	host_tree_run("echo vfio-pci > $root/sys/bus/pci/devices/" NVME "/driver_override");
	ck_assert_int_eq(restore_with(NVME, &plain, &caught), 0);
	expect_driver(NVME, "nvme");
	expect_override(NVME, "(null)");
	ck_assert_int_eq(restore_with("0000:0a:00.0", &plain, &caught), -ENODEV);
}
END_TEST

/* ---- one start ---- */

START_TEST(held_for_a_start)
{
	struct host_held held = { .count = 0 };
	struct stderr_text caught;

	begin("ready");
	ck_assert_int_eq(hold(&held, HOST_SSD), 0);
	ck_assert_uint_eq(held.count, 1);
	expect_driver(HOST_SSD, "vfio-pci");
	/* A device of its group that comes later may ask for it once more. */
	ck_assert_int_eq(host_hold_more(&held, HOST_SSD), 0);
	ck_assert_uint_eq(held.count, 1);
	/* Nobody else gives it back meanwhile, by name or not. */
	ck_assert_int_eq(restore_with(NULL, &plain, &caught), -EBUSY);
	ck_assert_int_eq(restore_with(HOST_SSD, &plain, &caught), -EBUSY);
	host_restore_stale(NULL, 0);
	expect_driver(HOST_SSD, "vfio-pci");
	host_release(&held);
	host_release(&held);
	expect_driver(HOST_SSD, "nvme");
	expect_records(0);
}
END_TEST

/* What the user bound with `bind` stays bound after a start with --bind. */
START_TEST(bound_before_stays_bound)
{
	struct host_held held = { .count = 0 };
	struct stderr_text caught;

	begin("ready");
	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), 0);
	ck_assert_int_eq(hold(&held, HOST_SSD), 0);
	ck_assert_uint_eq(held.count, 0);
	host_release(&held);
	expect_driver(HOST_SSD, "vfio-pci");
	expect_records(1);
}
END_TEST

static struct host_held first;

static void hold_first(void)
{
	ck_assert_int_eq(hold(&first, HOST_SSD), 0);
}

static void bind_first(void)
{
	struct stderr_text caught;

	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), 0);
}

/* Two at once: the second sees what the first has done, and does not record that as the past. */
START_TEST(second_start_is_refused)
{
	struct host_held second = { .count = 0 };

	begin("ready");
	kernel.meanwhile = hold_first;
	ck_assert_int_eq(hold(&second, HOST_SSD), -EWOULDBLOCK);
	ck_assert_uint_eq(second.count, 0);
	ck_assert_uint_eq(first.count, 1);
	expect_driver(HOST_SSD, "vfio-pci");
	host_release(&first);
	expect_driver(HOST_SSD, "nvme");
	expect_override(HOST_SSD, "(null)");
	expect_records(0);
}
END_TEST

START_TEST(second_bind_changes_nothing)
{
	struct stderr_text caught;

	begin("ready");
	kernel.meanwhile = bind_first;
	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), 0);
	stderr_holds(&caught, "is already bound to vfio-pci");
	ck_assert_int_eq(restore_with(NULL, &plain, &caught), 0);
	expect_driver(HOST_SSD, "nvme");
	expect_override(HOST_SSD, "(null)");
}
END_TEST

START_TEST(killed_start_is_tidied_up)
{
	char other[1][HOST_BDF_MAX] = { NIC }, same[1][HOST_BDF_MAX] = { HOST_SSD };
	struct host_held held = { .count = 0 };
	struct stderr_text caught;

	begin("ready");
	ck_assert_int_eq(hold(&held, HOST_SSD), 0);
	kill_holder(&held);
	expect_driver(HOST_SSD, "vfio-pci");
	/* About to be used: left alone. */
	host_restore_stale((const char(*)[HOST_BDF_MAX])same, 1);
	expect_driver(HOST_SSD, "vfio-pci");
	if (geteuid() == 0) {
		stderr_begin(&caught);
		host_restore_stale((const char(*)[HOST_BDF_MAX])other, 1);
		stderr_end(&caught);
		stderr_holds(&caught, HOST_SSD ": a minivmm that was killed left it");
	} else {
		ck_assert_int_eq(restore_with(NULL, &plain, &caught), 0);
	}
	expect_driver(HOST_SSD, "nvme");
	expect_records(0);
}
END_TEST

START_TEST(killed_start_is_taken_over)
{
	struct host_held held = { .count = 0 };

	begin("ready");
	ck_assert_int_eq(hold(&held, HOST_SSD), 0);
	kill_holder(&held);
	ck_assert_int_eq(hold(&held, HOST_SSD), 0);
	ck_assert_uint_eq(held.count, 1);
	host_release(&held);
	expect_driver(HOST_SSD, "nvme");
	expect_records(0);
}
END_TEST

/* Bound by hand after a start was killed: it stays, and still knows the way back. */
START_TEST(killed_start_is_bound_for_good)
{
	struct host_held held = { .count = 0 };
	struct host_record record;
	struct stderr_text caught;
	int folder;

	begin("ready");
	ck_assert_int_eq(hold(&held, HOST_SSD), 0);
	kill_holder(&held);
	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), 0);
	folder = host_records_open(false, true);
	ck_assert_int_eq(host_record_read(folder, HOST_SSD, &record), 0);
	close(folder);
	ck_assert(!record.run);
	host_restore_stale(NULL, 0);
	expect_driver(HOST_SSD, "vfio-pci");
	ck_assert_int_eq(hold(&held, HOST_SSD), 0);
	ck_assert_uint_eq(held.count, 0);
	ck_assert_int_eq(restore_with(NULL, &plain, &caught), 0);
	expect_driver(HOST_SSD, "nvme");
}
END_TEST

/* One that a running minivmm holds remains its own. */
START_TEST(running_start_keeps_its_record)
{
	struct host_held held = { .count = 0 };
	struct stderr_text caught;

	begin("ready");
	ck_assert_int_eq(hold(&held, HOST_SSD), 0);
	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), 0);
	ck_assert_int_eq(restore_with(NULL, &plain, &caught), -EBUSY);
	host_release(&held);
	expect_driver(HOST_SSD, "nvme");
	expect_records(0);
}
END_TEST

/* ---- records are not believed blindly ---- */

static const struct {
	const char *text;
	bool valid;
} records[] = {
	{ "id 8086:a808\ndriver nvme\noverride \nrun 0\n", true },
	{ "id 8086:a808\ndriver \noverride nvme\nrun 1\n", true },
	{ "", false },
	{ "id 8086:a808\n", false },
	{ "id 8086:a808\ndriver nvme\noverride \n", false },
	{ "id here\ndriver nvme\noverride \nrun 0\n", false },
	{ "id 8086:a808\ndriver ../../devices\noverride \nrun 0\n", false },
	{ "id 8086:a808\ndriver nvme\noverride a/b\nrun 0\n", false },
	{ "id 8086:a808\ndriver ..\noverride \nrun 0\n", false },
	{ "id 8086:a808\ndriver -r\noverride \nrun 0\n", false },
	{ "id 8086:a808\ndriver budget_ci dvb\noverride v1.0+\nrun 0\n", true },
};

START_TEST(record_is_checked)
{
	struct host_record record;
	struct stderr_text caught;
	FILE *file;
	int folder;

	begin("ready");
	folder = host_records_open(true, true);
	ck_assert_int_ge(folder, 0);
	file = fdopen(openat(folder, NVME, O_WRONLY | O_CREAT, 0600), "w");
	fputs(records[_i].text, file);
	fclose(file);
	stderr_begin(&caught);
	ck_assert_int_eq(host_record_read(folder, NVME, &record), records[_i].valid ? 0 : -EINVAL);
	stderr_end(&caught);
	close(folder);
}
END_TEST

/* What is written can be read again, or is not written. */
static const struct {
	const char *driver, *overridden;
	bool valid;
} names[] = {
	{ "", "", true },
	{ "budget_ci dvb", "", true },
	{ "C-Media.8788+", "a b", true },
	{ "..", "", false },
	{ "a/b", "", false },
	{ "-C", "", false },
	{ "nvme", "a\nrun 0", false },
};

START_TEST(record_comes_back)
{
	struct host_record record = { .bdf = NVME, .vendor = 0x8086, .device = 1 }, read;
	struct stderr_text caught;
	int folder, ret;

	begin("ready");
	strcpy(record.driver, names[_i].driver);
	strcpy(record.overridden, names[_i].overridden);
	folder = host_records_open(true, true);
	stderr_begin(&caught);
	ret = host_record_write(folder, &record);
	stderr_end(&caught);
	ck_assert_int_eq(ret, names[_i].valid ? 0 : -EINVAL);
	expect_records(names[_i].valid);
	if (names[_i].valid) {
		ck_assert_int_eq(host_record_read(folder, NVME, &read), 0);
		ck_assert_str_eq(read.driver, names[_i].driver);
		ck_assert_str_eq(read.overridden, names[_i].overridden);
	}
	close(folder);
}
END_TEST

/* Without a record nothing is changed. */
START_TEST(unrecorded_is_not_bound)
{
	struct stderr_text caught;

	begin("ready");
	host_tree_run("echo ../nvme > $root/sys/bus/pci/devices/" HOST_SSD "/driver_override");
	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), -EINVAL);
	stderr_holds(&caught, HOST_SSD ": ");
	expect_driver(HOST_SSD, "nvme");
	expect_override(HOST_SSD, "../nvme");
	expect_records(0);
}
END_TEST

/* Links and strange files where records belong, and a folder in which others may write. */
START_TEST(planted_records_are_not_followed)
{
	struct host_record record = { .bdf = NVME };
	struct stderr_text caught;
	int folder;

	begin("ready");
	folder = host_records_open(true, true);
	host_tree_run("echo untouched > $root/target; ln -s ../../target $root/run/minivmm/" NVME
		      "; ln -s ../../target $root/run/minivmm/.new; "
		      "mkfifo $root/run/minivmm/" HOST_SSD);
	stderr_begin(&caught);
	/* A start must not wait for a driver that another minivmm waits for. */
	ck_assert_int_eq(host_records_open(false, false), -EWOULDBLOCK);
	ck_assert_int_eq(host_record_read(folder, NVME, &record), -ELOOP);
	ck_assert_int_lt(host_record_read(folder, HOST_SSD, &record), 0);
	ck_assert_int_eq(host_record_write(folder, &record), 0);
	host_tree_run("chmod 777 $root/run/minivmm");
	ck_assert_int_eq(host_records_open(false, true), -EPERM);
	host_tree_run("mv $root/run/minivmm $root/run/away; ln -s away $root/run/minivmm");
	ck_assert_int_lt(host_records_open(true, true), 0);
	stderr_end(&caught);
	close(folder);
	host_tree_run("[ \"$(cat $root/target)\" = untouched ]");
}
END_TEST

/* Another device at the same place, or none: nothing is written, the record goes. */
START_TEST(device_was_exchanged)
{
	struct stderr_text caught;

	begin("ready");
	ck_assert_int_eq(bind_with(HOST_SSD, &plain, &caught), 0);
	host_tree_run("echo 0x1234 > $root/sys/bus/pci/devices/" HOST_SSD "/device");
	ck_assert_int_eq(restore_with(NULL, &plain, &caught), 0);
	stderr_holds(&caught, "is gone");
	expect_driver(HOST_SSD, "vfio-pci");
	expect_records(0);
}
END_TEST

/* The driver that had it is no more: said, with the record kept for another try. */
START_TEST(driver_has_gone)
{
	struct stderr_text caught;

	begin("ready");
	ck_assert_int_eq(bind_with(NIC, &plain, &caught), 0);
	host_tree_run("rm -r $root/sys/bus/pci/drivers/e1000e");
	ck_assert_int_eq(restore_with(NULL, &plain, &caught), -ENODEV);
	stderr_holds(&caught, "its former driver e1000e does not take it back");
	ck_assert_str_eq(kernel.last_module, "e1000e");
	expect_records(1);
	kernel.modules_work = true;
	ck_assert_int_eq(restore_with(NULL, &plain, &caught), 0);
	expect_driver(NIC, "e1000e");
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
	  { binding_is_kept, UNIT_COUNT(tools) }, { binding_of_another_is_kept, 0 },
	  { binding_is_not_kept_without_udev, 0 }, { device_without_group_yet, 0 },
	  { open_device_stays, 0 }, { open_device_is_not_given_back, 0 },
	  { rule_28_bridges_stay, 0 }, { device_in_use_is_refused, UNIT_COUNT(uses) },
	  { claimed_disk_is_in_use, 0 }, { slots_of_this_host, 0 }, { driver_is_loaded, 0 },
	  { dry_run, 0 }, { restore_without_record, 0 }, { held_for_a_start, 0 },
	  { bound_before_stays_bound, 0 }, { second_start_is_refused, 0 },
	  { second_bind_changes_nothing, 0 }, { killed_start_is_tidied_up, 0 },
	  { killed_start_is_taken_over, 0 }, { killed_start_is_bound_for_good, 0 },
	  { running_start_keeps_its_record, 0 }, { record_is_checked, UNIT_COUNT(records) },
	  { record_comes_back, UNIT_COUNT(names) }, { unrecorded_is_not_bound, 0 },
	  { planted_records_are_not_followed, 0 }, { device_was_exchanged, 0 },
	  { driver_has_gone, 0 }, { trees_are_removed, 0 })
