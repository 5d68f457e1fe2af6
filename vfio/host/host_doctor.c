/* SPDX-License-Identifier: MIT */
#include "host_doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vmm/core/log.h"

#define VFIO_DRIVER "vfio-pci"

static bool host_has_vfio_driver(const struct host_device *device)
{
	return strcmp(device->driver, VFIO_DRIVER) == 0;
}

/* Drivers that leave the device alone, and so do not stand in a group's way. */
static bool host_is_harmless(const struct host_device *device)
{
	return device->driver[0] == '\0' || host_has_vfio_driver(device) ||
	       strcmp(device->driver, "pci-stub") == 0 || host_is_bridge(device);
}

/*
 * The lines that hand one device over: driver_override touches this device alone, new_id its twins
 * too.
 */
static void host_print_bind(const struct host_device *device)
{
	const char *bdf = device->bdf;

	log_fix("echo %s | sudo tee /sys/bus/pci/devices/%s/driver_override", VFIO_DRIVER, bdf);
	if (device->driver[0])
		log_fix("echo %s | sudo tee /sys/bus/pci/devices/%s/driver/unbind", bdf, bdf);
	log_fix("echo %s | sudo tee /sys/bus/pci/drivers_probe", bdf);
}

/* lspci shows such a device as "rev ff". To open it would make the kernel wait a minute for it. */
static int host_check_answers(const struct host_device *device)
{
	int ret = host_reads_all_ones(device->bdf);

	if (ret < 0)
		return log_errno(device->bdf, ret, "read its configuration space");
	if (ret == 0)
		return 0;
	log_error(device->bdf, "its configuration space reads all-ones (lspci: rev ff): it is "
			       "powered off, or gone from the bus");
	log_fix("echo on | sudo tee /sys/bus/pci/devices/%s/power/control   # keep it awake",
		device->bdf);
	log_fix("echo 1 | sudo tee /sys/bus/pci/devices/%s/remove; echo 1 | sudo tee "
		"/sys/bus/pci/rescan   # if that did not help: find it anew",
		device->bdf);
	return -ENODEV;
}

static int host_check_iommu(const struct host_device *device)
{
	if (device->group >= 0)
		return 0;
	if (host_has_iommu()) {
		log_error(device->bdf,
			  "it is in no IOMMU group: this host's IOMMU does not cover it");
		return -ENODEV;
	}
	log_error(device->bdf,
		  "no IOMMU on this host: without one a device's DMA cannot be confined");
	log_fix("turn VT-d or AMD-Vi (IOMMU) on in the firmware setup");
	log_fix("add intel_iommu=on (Intel) to GRUB_CMDLINE_LINUX in /etc/default/grub, then: "
		"sudo update-grub && sudo reboot");
	return -ENODEV;
}

static int host_check_driver(const struct host_device *device)
{
	if (host_has_vfio_driver(device))
		return 0;
	if (device->driver[0])
		log_error(device->bdf, "bound to the host's driver %s, not to %s", device->driver,
			  VFIO_DRIVER);
	else
		log_error(device->bdf, "not bound to %s: no driver has it", VFIO_DRIVER);
	if (access("/sys/bus/pci/drivers/" VFIO_DRIVER, F_OK) < 0)
		log_fix("sudo modprobe %s", VFIO_DRIVER);
	host_print_bind(device);
	return -EBUSY;
}

static int host_visit_obstacle(const struct host_device *member, void *arg)
{
	unsigned int *count = arg;

	if (!host_is_harmless(member))
		++*count;
	return 0;
}

static int host_visit_member(const struct host_device *member, void *arg)
{
	const char *group = arg;

	log_error(group, "member %s [%04x:%04x]: %s%s%s", member->bdf, member->vendor,
		  member->device, member->driver[0] ? "driver " : "no driver", member->driver,
		  host_is_harmless(member) ? "" : ", must be handed over too");
	return 0;
}

static int host_visit_fix(const struct host_device *member, void *arg)
{
	(void)arg;
	if (!host_is_harmless(member))
		host_print_bind(member);
	return 0;
}

static int host_check_group(const struct host_device *device)
{
	unsigned int obstacles = 0;
	char group[32];

	host_for_each_in_group(device->group, host_visit_obstacle, &obstacles);
	if (!obstacles)
		return 0;
	snprintf(group, sizeof(group), "IOMMU group %d", device->group);
	log_error(device->bdf, "%s is not viable: %u of its devices %s bound to a host driver",
		  group, obstacles, obstacles == 1 ? "is" : "are");
	host_for_each_in_group(device->group, host_visit_member, group);
	host_for_each_in_group(device->group, host_visit_fix, NULL);
	return -EPERM;
}

static int host_check_node(const struct host_device *device)
{
	char path[32];
	int ret;

	snprintf(path, sizeof(path), "/dev/vfio/%d", device->group);
	if (access(path, R_OK | W_OK) == 0)
		return 0;
	ret = log_errno(path, -errno, "open for %s", device->bdf);
	if (ret == -EACCES)
		log_fix("sudo chown $USER %s", path);
	return ret;
}

int host_check_device(const char *bdf, struct host_device *device)
{
	int ret = host_read_device(bdf, device);

	if (ret < 0) {
		log_errno(bdf, ret, "no such PCI device on this host");
		log_fix("lspci -D   # lists the devices there are");
		return ret;
	}
	ret = host_check_answers(device);
	if (ret == 0)
		ret = host_check_iommu(device);
	if (ret == 0)
		ret = host_check_driver(device);
	if (ret == 0)
		ret = host_check_group(device);
	return ret < 0 ? ret : host_check_node(device);
}
