/* SPDX-License-Identifier: MIT */
#include "host_rebind.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host_change.h"
#include "vfio/host/look/host_holders.h"
#include "vfio/host/look/host_machine.h"
#include "vmm/trace/log.h"

/* The text in driver_override if it is not set. */
#define OVERRIDE_NONE "(null)"

/* How long a driver may take before a message says that it waits. */
#define LEAVE_PATIENCE_MS 1000
#define LEAVE_PAUSE_MS    20

#define DRIVERS_PROBE "/sys/bus/pci/drivers_probe"

/* The root of a user namespace may not change sysfs. */
int host_records_open_as_root(const char *command, const char (*bdfs)[HOST_BDF_MAX],
			      unsigned int count)
{
	bool apart = host_in_user_namespace();

	if ((geteuid() == 0 && !apart) || host_root()[0])
		return host_records_open(true, true);
	log_error(command, "needs root%s: drivers are changed in sysfs",
		  apart ? " outside this user namespace" : "");
	if (!count)
		log_fix("sudo %s %s", program_invocation_name, command);
	for (unsigned int i = 0; i < count; i++)
		log_fix("sudo %s %s %s", program_invocation_name, command, bdfs[i]);
	return -EPERM;
}

void host_record_make(const struct host_device *device, bool run, struct host_record *record)
{
	*record = (struct host_record){ .vendor = device->vendor,
					.device = device->device,
					.run = run };
	memcpy(record->bdf, device->bdf, sizeof(record->bdf));
	memcpy(record->driver, device->driver, sizeof(record->driver));
	host_read_attribute(device->bdf, "driver_override", record->overridden,
			    sizeof(record->overridden));
	if (strcmp(record->overridden, OVERRIDE_NONE) == 0)
		record->overridden[0] = '\0';
}

/* ---- the steps ---- */

/* What the kernel said about a write to sysfs. */
static int rebind_log(const char *bdf, int err, const char *what)
{
	log_errno(bdf, err, "%s", what);
	if (err == -EROFS)
		log_fix("sudo mount -o remount,rw /sys   # or do it outside: in a container sysfs "
			"is read-only");
	return err;
}

/* An empty line takes the override away. */
static int rebind_override(const char *bdf, const char *driver)
{
	struct host_path path = host_device_path(bdf, "driver_override");
	char text[HOST_DRIVER_MAX + 1];
	int ret;

	snprintf(text, sizeof(text), "%s\n", driver);
	ret = host_write_attribute(&path, text);
	return ret < 0 ? rebind_log(bdf, ret, "write driver_override") : 0;
}

/* `what` is bind or unbind. */
static int rebind_tell_driver(const char *bdf, const char *driver, const char *what)
{
	struct host_path path = host_path("/sys/bus/pci/drivers/%s/%s", driver, what);

	return host_write_attribute(&path, bdf);
}

static int rebind_probe(const char *bdf)
{
	struct host_path path = host_path(DRIVERS_PROBE);

	return host_write_attribute(&path, bdf);
}

/* drivers_probe succeeds even if no driver took the device. */
static bool rebind_is_at(const char *bdf, const char *driver)
{
	struct host_device now;

	return host_read_device(bdf, &now) == 0 && strcmp(now.driver, driver) == 0;
}

/* ---- a driver that waits ---- */

/*
 * A write that the kernel may keep for ever is done by a process of its own, so that this one can
 * be stopped.
 */
static pid_t leave_begin(const char *bdf, const char *driver)
{
	pid_t pid = fork();
	int ret;

	if (pid != 0)
		return pid;
	/*
	 * The child may stay longer than this program, so it closes the outputs that others may
	 * wait for. It keeps the lock on the records: until it is done, the device belongs to
	 * neither driver.
	 */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		close(fd);
	ret = rebind_tell_driver(bdf, driver, "unbind");
	_exit(-ret & 0xff);
}

/* Returns whether the child has ended; *ret is the result of its write then. */
static bool leave_has_ended(pid_t pid, int *ret)
{
	int status;

	if (waitpid(pid, &status, WNOHANG) != pid)
		return false;
	*ret = WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
	return true;
}

/* Take a signal that was blocked during the change. */
static bool leave_is_interrupted(void)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) ||
	       sigismember(&pending, SIGHUP) || sigismember(&pending, SIGQUIT);
}

static void leave_tell(const struct host_device *device, const struct host_holders *holders)
{
	char who[HOST_HOLDERS_TEXT];

	host_name_holders(holders, who);
	log_info(device->bdf, "its driver %s has not let it go yet: it waits for %s",
		 device->driver, who[0] ? who : "a user that cannot be seen");
}

static int leave_wait(const struct host_device *device, const struct host_holders *holders,
		      pid_t pid)
{
	const struct timespec pause = { .tv_nsec = LEAVE_PAUSE_MS * 1000000l };
	int ret = 0;

	for (unsigned int ms = 0; !leave_has_ended(pid, &ret); ms += LEAVE_PAUSE_MS) {
		if (ms == LEAVE_PATIENCE_MS)
			leave_tell(device, holders);
		if (ms >= LEAVE_PATIENCE_MS && leave_is_interrupted()) {
			log_error(device->bdf, "interrupted before its driver %s let it go",
				  device->driver);
			return -EINTR;
		}
		nanosleep(&pause, NULL);
	}
	return ret;
}

static int rebind_leave(const struct host_device *device)
{
	struct host_holders holders;
	pid_t pid;
	int ret;

	if (!device->driver[0])
		return 0;
	/* Ask before the write begins: during it, parts of sysfs make their readers wait, too. */
	host_find_holders(device, &holders);
	pid = leave_begin(device->bdf, device->driver);
	if (pid < 0)
		return log_errno(device->bdf, -errno, "fork");
	ret = leave_wait(device, &holders, pid);
	/* -ENODEV: the device has left the driver by itself meanwhile. */
	if (ret == 0 || ret == -ENODEV || ret == -EINTR)
		return ret == -ENODEV ? 0 : ret;
	return rebind_log(device->bdf, ret, "unbind it from its driver");
}

int host_rebind(const struct host_device *device, const char *driver)
{
	int ret = rebind_override(device->bdf, driver);

	if (ret == 0)
		ret = rebind_leave(device);
	if (ret < 0)
		return ret;
	ret = rebind_probe(device->bdf);
	if (rebind_is_at(device->bdf, driver))
		return 0;
	if (ret < 0)
		return log_errno(device->bdf, ret, "bind to %s", driver);
	log_error(device->bdf, "the driver %s did not take it", driver);
	log_fix("sudo dmesg | tail   # may tell why");
	return -ENODEV;
}

/* ---- back ---- */

/*
 * Returns whether somebody has the device open, and writes the name into `who`. A group that is
 * open cannot be opened again, even if we do not see who has it.
 */
static bool restore_is_open(const struct host_device *device, char who[HOST_HOLDERS_TEXT])
{
	struct host_path path = host_path("/dev/vfio/%d", device->group);
	int fd = open(path.text, O_RDWR | O_CLOEXEC), err = errno;
	struct host_holders holders;

	if (fd >= 0)
		close(fd);
	host_find_holders(device, &holders);
	host_name_holders(&holders, who);
	return holders.count || (fd < 0 && err == EBUSY);
}

/* Give it to its old driver by name. If that driver is gone or refuses, the kernel finds one. */
static int restore_driver(const struct host_record *record)
{
	struct host_path driver = host_path("/sys/bus/pci/drivers/%s", record->driver);

	if (!record->driver[0])
		return 0;
	if (!host_path_exists(&driver))
		host_load_module(record->driver);
	rebind_tell_driver(record->bdf, record->driver, "bind");
	if (rebind_is_at(record->bdf, record->driver))
		return 0;
	rebind_probe(record->bdf);
	if (rebind_is_at(record->bdf, record->driver))
		return 0;
	log_error(record->bdf, "its former driver %s does not take it back", record->driver);
	log_fix("sudo modprobe %s; echo %s | sudo tee " DRIVERS_PROBE, record->driver, record->bdf);
	return -ENODEV;
}

/* Nothing was changed, or everything is back already. */
static bool restore_is_done(const struct host_record *record, const struct host_device *device)
{
	struct host_record now;

	host_record_make(device, record->run, &now);
	return strcmp(now.driver, record->driver) == 0 &&
	       strcmp(now.overridden, record->overridden) == 0;
}

static int restore_device(const struct host_record *record, const struct host_device *device)
{
	int ret;

	if (restore_is_done(record, device))
		return 0;
	ret = rebind_override(record->bdf, record->overridden);
	if (ret < 0 || strcmp(device->driver, record->driver) == 0)
		return ret;
	if (device->driver[0] && !host_has_vfio_driver(device)) {
		log_info(record->bdf, "left bound to %s, which has taken it in the meantime",
			 device->driver);
		return 0;
	}
	ret = rebind_leave(device);
	return ret < 0 ? ret : restore_driver(record);
}

int host_restore_record(int folder, const struct host_record *record, bool force)
{
	char who[HOST_HOLDERS_TEXT];
	struct host_device device;
	int ret = 0;

	if (host_read_device(record->bdf, &device) < 0 || device.vendor != record->vendor ||
	    device.device != record->device) {
		log_info(record->bdf, "the device that had this address is gone");
	} else if (!force && host_has_vfio_driver(&device) && restore_is_open(&device, who)) {
		log_error(record->bdf, "in use%s%s: IOMMU group %d is open", who[0] ? " by " : "",
			  who, device.group);
		log_fix("sudo fuser -v /dev/vfio/%d   # shows by whom", device.group);
		return -EBUSY;
	} else {
		ret = restore_device(record, &device);
	}
	if (ret == 0)
		host_record_remove(folder, record->bdf);
	return ret;
}

/* ---- dry run ---- */

void host_print_bind(const struct host_device *device, const char *driver)
{
	const char *bdf = device->bdf;

	printf("echo %s > /sys/bus/pci/devices/%s/driver_override\n", driver, bdf);
	if (device->driver[0])
		printf("echo %s > /sys/bus/pci/drivers/%s/unbind\n", bdf, device->driver);
	printf("echo %s > " DRIVERS_PROBE "\n", bdf);
}

void host_print_restore(const struct host_record *record)
{
	const char *bdf = record->bdf;
	struct host_device device;

	printf("echo %s > /sys/bus/pci/devices/%s/driver_override\n", record->overridden, bdf);
	if (host_read_device(bdf, &device) == 0 && device.driver[0])
		printf("echo %s > /sys/bus/pci/drivers/%s/unbind\n", bdf, device.driver);
	if (record->driver[0])
		printf("echo %s > /sys/bus/pci/drivers/%s/bind\n", bdf, record->driver);
}
