/* SPDX-License-Identifier: MIT */
/*
 * What the host's sysfs says of its PCI devices. Looks; changes nothing.
 *
 * Read beside it: Documentation/ABI/testing/sysfs-bus-pci, Documentation/driver-api/vfio.rst.
 */
#ifndef MINIVMM_HOST_SYSFS_H
#define MINIVMM_HOST_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host_path.h"

#define HOST_VFIO_DRIVER "vfio-pci"

/* The upper byte of a class code; linux/pci_regs.h has none of them. */
#define PCI_BASE_CLASS_STORAGE 0x01
#define PCI_BASE_CLASS_NETWORK 0x02
#define PCI_BASE_CLASS_DISPLAY 0x03
#define PCI_BASE_CLASS_BRIDGE  0x06

#define HOST_BDF_MAX      20 /* a domain has four to eight digits */
#define HOST_DRIVER_MAX   64
#define HOST_MODALIAS_MAX 128

struct host_device {
	char bdf[HOST_BDF_MAX];       /* 0000:01:00.0 */
	char driver[HOST_DRIVER_MAX]; /* "" when no driver is bound */
	int group;                    /* IOMMU group, or -1 when there is none */
	int cdev;                     /* N of /dev/vfio/devices/vfioN, or -1 when there is none */
	bool at_vfio;                 /* it was at a VFIO driver when it was read */
	unsigned int class_code;      /* 24 bits */
	unsigned int vendor, device;
};

/*
 * "01:00.0", "0000:01:00.0" or "10000:01:00.0" -> the full form, in lower case. 0, or -EINVAL if it
 * is none of these.
 */
int host_parse_bdf(const char *text, char bdf[HOST_BDF_MAX]);

/*
 * The device whose file /dev/vfio/devices/vfioN is open as `fd`. 0; -EINVAL when it is another kind
 * of file; or -errno; not logged.
 */
int host_find_bdf(int fd, char bdf[HOST_BDF_MAX]);

/* 0, -ENODEV when there is no such device, or -errno; not logged. */
int host_read_device(const char *bdf, struct host_device *device);

/*
 * The functions of its slot that the host has, bit n for function n. Of a virtual function only
 * itself: those beside it are devices of their own. 0 when there is no such device.
 */
unsigned int host_slot_functions(const char *bdf);

/* The modalias, which module aliases match. 0 or -errno; not logged. */
int host_read_modalias(const char *bdf, char modalias[HOST_MODALIAS_MAX]);

/* A file of the device's folder. */
struct host_path host_device_path(const char *bdf, const char *file);

/* A text attribute of the device; "" where it has none. 0 or -errno; not logged. */
int host_read_attribute(const char *bdf, const char *attribute, char *text, size_t size);

/*
 * Whether the device's own configuration space reads all-ones. The kernel wakes a sleeping device
 * for it. Not the ID alone is looked at: that of a virtual function always reads so. 1 or 0, or
 * -errno; not logged.
 */
int host_reads_all_ones(const char *bdf);

/* Call visit() with each member of an IOMMU group until it returns nonzero; returns that, or 0, or
 * -errno. */
int host_for_each_in_group(int group, int (*visit)(const struct host_device *member, void *arg),
			   void *arg);

/* The same for all PCI devices of this host. */
int host_for_each_device(int (*visit)(const struct host_device *device, void *arg), void *arg);

/*
 * A bridge to another bus stays with its driver: it does not count when a group is handed over.
 * (An ISA or host bridge does, like any device.)
 */
bool host_is_bridge(const struct host_device *device);

/* Whether the PCI bus can be seen at all: not every container, or chroot, has sysfs. */
bool host_pci_is_visible(void);

/* Whether it is a display controller of any kind. */
bool host_is_display(const struct host_device *device);

/*
 * Whether a VFIO driver had the device when it was read. There are several since Linux 5.15, for
 * vendors' devices: the sign is the folder vfio-dev, and before Linux 6.1 the driver's name.
 */
bool host_has_vfio_driver(const struct host_device *device);

/* Whether the device does not stand in its group's way: no driver, or one that leaves it alone. */
bool host_is_harmless(const struct host_device *device);

/*
 * Whether the group is one of VFIO's no-IOMMU mode: no IOMMU confines its devices. The kernel's
 * drivers/vfio/group.c names such groups.
 */
bool host_group_is_fake(int group);

/*
 * The device by which another bus is made, such as Intel's VMD, when this one lies behind it: then
 * its BDF, else "".
 */
void host_find_bus_maker(const char *bdf, char maker[HOST_BDF_MAX]);

/* How many IOMMU groups the kernel has, but for those of the no-IOMMU mode. */
unsigned int host_count_groups(void);

#endif
