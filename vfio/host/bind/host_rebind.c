/* SPDX-License-Identifier: MIT */
#include "host_rebind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host_change.h"
#include "vfio/host/look/host_holders.h"
#include "vmm/trace/log.h"

/* What driver_override reads as when it is not set. */
#define OVERRIDE_NONE "(null)"

#define DRIVERS_PROBE "/sys/bus/pci/drivers_probe"

int host_records_open_as_root(const char *command, const char (*bdfs)[HOST_BDF_MAX],
			      unsigned int count)
{
	if (geteuid() == 0 || host_root()[0])
		return host_records_open(true);
	log_error(command, "needs root: drivers are changed in sysfs");
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

/* An empty line takes the override away. */
static int rebind_override(const char *bdf, const char *driver)
{
	struct host_path path = host_device_path(bdf, "driver_override");
	char text[HOST_DRIVER_MAX + 1];
	int ret;

	snprintf(text, sizeof(text), "%s\n", driver);
	ret = host_write_attribute(&path, text);
	return ret < 0 ? log_errno(bdf, ret, "write driver_override") : 0;
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

/* drivers_probe succeeds, too, when no driver took the device. */
static bool rebind_is_at(const char *bdf, const char *driver)
{
	struct host_device now;

	return host_read_device(bdf, &now) == 0 && strcmp(now.driver, driver) == 0;
}

static int rebind_leave(const char *bdf, const char *driver)
{
	int ret = driver[0] ? rebind_tell_driver(bdf, driver, "unbind") : 0;

	/* -ENODEV: it has left by itself meanwhile. */
	return ret < 0 && ret != -ENODEV ? log_errno(bdf, ret, "unbind from %s", driver) : 0;
}

int host_rebind(const struct host_device *device, const char *driver)
{
	int ret = rebind_override(device->bdf, driver);

	if (ret == 0)
		ret = rebind_leave(device->bdf, device->driver);
	if (ret < 0)
		return ret;
	ret = rebind_probe(device->bdf);
	if (rebind_is_at(device->bdf, driver))
		return 0;
	if (ret < 0)
		return log_errno(device->bdf, ret, "bind to %s", driver);
	log_error(device->bdf, "%s did not take it", driver);
	log_fix("sudo dmesg | tail   # may tell why");
	return -ENODEV;
}

/* ---- back ---- */

/*
 * Whether somebody has the device, whose name goes into `who`. A group that is open cannot be
 * opened again, even where we do not see who has it.
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

/* To its driver by name; where that is gone, or refuses, to the one that the kernel finds. */
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
	log_error(record->bdf, "%s, which had it before, does not take it back", record->driver);
	log_fix("sudo modprobe %s; echo %s | sudo tee " DRIVERS_PROBE, record->driver, record->bdf);
	return -ENODEV;
}

static int restore_device(const struct host_record *record, const struct host_device *device)
{
	int ret = rebind_override(record->bdf, record->overridden);

	if (ret < 0 || strcmp(device->driver, record->driver) == 0)
		return ret;
	if (device->driver[0] && !host_has_vfio_driver(device)) {
		log_info(record->bdf, "left at %s, which took it meanwhile", device->driver);
		return 0;
	}
	ret = rebind_leave(record->bdf, device->driver);
	return ret < 0 ? ret : restore_driver(record);
}

int host_restore_record(int folder, const struct host_record *record, bool force)
{
	char who[HOST_HOLDERS_TEXT];
	struct host_device device;
	int ret = 0;

	if (host_read_device(record->bdf, &device) < 0 || device.vendor != record->vendor ||
	    device.device != record->device) {
		log_info(record->bdf, "the device that was here has gone");
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

void host_print_bind(const struct host_device *devices, unsigned int count)
{
	printf("modprobe %s\n", HOST_VFIO_DRIVER);
	for (unsigned int i = 0; i < count; i++) {
		const char *bdf = devices[i].bdf;

		if (host_has_vfio_driver(&devices[i]))
			continue;
		printf("echo %s > /sys/bus/pci/devices/%s/driver_override\n", HOST_VFIO_DRIVER,
		       bdf);
		if (devices[i].driver[0])
			printf("echo %s > /sys/bus/pci/drivers/%s/unbind\n", bdf,
			       devices[i].driver);
		printf("echo %s > " DRIVERS_PROBE "\n", bdf);
	}
}

void host_print_restore(const struct host_record *record)
{
	const char *bdf = record->bdf;

	printf("echo %s > /sys/bus/pci/devices/%s/driver_override\n", record->overridden, bdf);
	printf("echo %s > /sys/bus/pci/drivers/%s/unbind\n", bdf, HOST_VFIO_DRIVER);
	if (record->driver[0])
		printf("echo %s > /sys/bus/pci/drivers/%s/bind\n", bdf, record->driver);
}
