/* SPDX-License-Identifier: MIT */
#include "fake_sysfs.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host_tree.h"
#include "unit.h"
#include "vfio/host/bind/host_change.h"

#define HOLD_PAUSE_MS 10
#define HOLD_MAX_MS   60000

struct fake_sysfs *fake_sysfs;

void fake_sysfs_begin(void)
{
	if (!fake_sysfs)
		fake_sysfs = mmap(NULL, sizeof(*fake_sysfs), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(fake_sysfs, 0, sizeof(*fake_sysfs));
}

/* The drivers that these devices have without an override. */
static const struct {
	const char *bdf, *driver;
} natural[] = {
	{ NVME, "nvme" }, { HOST_SSD, "nvme" }, { NIC, "e1000e" }, { "0000:01:00.1", "xhci_hcd" }
};

static void kernel_link(const char *bdf, const char *driver)
{
	struct host_path folder = host_path("/sys/bus/pci/drivers/%s", driver);

	if (fake_sysfs->stubborn && strcmp(fake_sysfs->stubborn, driver) == 0)
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

/*
 * Do what kill -9 of minivmm does. minivmm may have this write made by a process of its own,
 * which goes on.
 */
static void kernel_kill(bool now)
{
	if (!now)
		return;
	kill(fake_sysfs->victim, SIGKILL);
	if (getpid() == fake_sysfs->victim)
		pause();
}

static bool kernel_is_told(const char *words)
{
	char text[4096];
	ssize_t length = pread(fake_sysfs->said, text, sizeof(text) - 1, 0);

	if (length < 0)
		return false;
	text[length] = '\0';
	return strstr(text, words);
}

/* No test depends on how fast the machine is. The bound ends one that would hang. */
static void kernel_hold(void)
{
	for (unsigned int ms = 0; ms < HOLD_MAX_MS; ms += HOLD_PAUSE_MS) {
		if (fake_sysfs->hold == HOLD_NOT ||
		    (fake_sysfs->hold == HOLD_UNTIL_TOLD &&
		     kernel_is_told("has not let it go yet")) ||
		    (fake_sysfs->hold == HOLD_UNTIL_AWAITED && fake_sysfs->lock_awaited))
			return;
		usleep(HOLD_PAUSE_MS * 1000);
	}
}

int host_write_attribute(const struct host_path *path, const char *text)
{
	bool kills = ++fake_sysfs->writes == fake_sysfs->kill_at;
	int ret;

	if (fake_sysfs->writes == fake_sysfs->fail_at)
		return -EIO;
	if (fake_sysfs->readonly)
		return -EROFS;
	kernel_kill(kills && !fake_sysfs->kill_after);
	if (strstr(path->text, "/unbind"))
		kernel_hold();
	ret = kernel_write(path, text);
	kernel_kill(kills && fake_sysfs->kill_after);
	return ret;
}

int host_load_module(const char *name)
{
	snprintf(fake_sysfs->last_module, sizeof(fake_sysfs->last_module), "%s", name);
	if (!fake_sysfs->modules_work)
		return -ENOENT;
	host_tree_run("mkdir -p $root/sys/bus/pci/drivers/%s && "
		      "touch $root/sys/bus/pci/drivers/%s/bind "
		      "$root/sys/bus/pci/drivers/%s/unbind",
		      name, name, name);
	return 0;
}

int flock(int fd, int operation)
{
	void (*meanwhile)(void) = fake_sysfs->meanwhile;

	fake_sysfs->meanwhile = NULL;
	if (meanwhile)
		meanwhile();
	if (!(operation & LOCK_NB))
		fake_sysfs->lock_awaited = true;
	return (int)syscall(SYS_flock, fd, operation);
}
