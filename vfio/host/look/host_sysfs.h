/* SPDX-License-Identifier: MIT */
/*
 * What the host's sysfs says about its PCI devices. These functions only look, and none of them
 * logs.
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

/* Upper bytes of a class code; linux/pci_regs.h has none of them. */
#define PCI_BASE_CLASS_STORAGE 0x01
#define PCI_BASE_CLASS_NETWORK 0x02
#define PCI_BASE_CLASS_DISPLAY 0x03
#define PCI_BASE_CLASS_BRIDGE  0x06

#define HOST_BDF_MAX      20 /* a domain has four to eight digits */
#define HOST_DRIVER_MAX   64
#define HOST_MODALIAS_MAX 128

struct host_device {
	char bdf[HOST_BDF_MAX];       /* 0000:01:00.0 */
	char driver[HOST_DRIVER_MAX]; /* "" if no driver is bound */
	int group;                    /* IOMMU group, or -1 if there is none */
	int cdev;                     /* N of /dev/vfio/devices/vfioN, or -1 if there is none */
	bool at_vfio;                 /* a VFIO driver had the device when this was read */
	unsigned int class_code;      /* 24 bits */
	unsigned int vendor, device;
};

/*
 * Turn "01:00.0", "0000:01:00.0" or "10000:01:00.0" into the full form, in lower case. Returns 0,
 * or -EINVAL for any other text.
 */
int host_parse_bdf(const char *text, char bdf[HOST_BDF_MAX]);

/*
 * Find the device whose file /dev/vfio/devices/vfioN is open as `fd`. Returns 0, -EINVAL for
 * another kind of file, or another -errno.
 */
int host_find_bdf(int fd, char bdf[HOST_BDF_MAX]);

/*
 * Read what sysfs knows of a device. Returns 0, -ENODEV if there is no such device, or another
 * -errno.
 */
int host_read_device(const char *bdf, struct host_device *device);

/*
 * Returns the functions that the host has in the device's slot: bit n stands for function n. For
 * a virtual function only its own bit is set, because the others are devices of their own. 0 if
 * there is no such device.
 */
unsigned int host_slot_functions(const char *bdf);

/* Read the modalias, which the aliases of modules match. Returns 0 or -errno. */
int host_read_modalias(const char *bdf, char modalias[HOST_MODALIAS_MAX]);

/* The path of a file in the device's folder. */
struct host_path host_device_path(const char *bdf, const char *file);

/* Read a text attribute of the device; "" if it has none. Returns 0 or -errno. */
int host_read_attribute(const char *bdf, const char *attribute, char *text, size_t size);

/*
 * Returns 1 if the device's configuration space reads all-ones, else 0, or -errno. The kernel
 * wakes a sleeping device for it. The ID alone would not tell: a virtual function's always reads
 * so.
 */
int host_reads_all_ones(const char *bdf);

/*
 * Call visit() with each member of an IOMMU group until it returns nonzero. Returns that value,
 * 0, or -errno.
 */
int host_for_each_in_group(int group, int (*visit)(const struct host_device *member, void *arg),
			   void *arg);

/* Call visit() in the same way with each PCI device of this host. */
int host_for_each_device(int (*visit)(const struct host_device *device, void *arg), void *arg);

/*
 * Returns whether the device is a bridge to another bus. Such a bridge stays with its driver and
 * does not count when a group is handed over. An ISA or host bridge does count, like any device.
 */
bool host_is_bridge(const struct host_device *device);

/* Returns whether the PCI bus can be seen at all: not every container or chroot has sysfs. */
bool host_pci_is_visible(void);

/* Returns whether the device is a display controller of any kind. */
bool host_is_display(const struct host_device *device);

/*
 * Returns whether a VFIO driver had the device when it was read. Since Linux 5.15 there are
 * several such drivers. The folder vfio-dev is the sign of them; before Linux 6.1 it is the
 * driver's name.
 */
bool host_has_vfio_driver(const struct host_device *device);

/*
 * Returns whether the device does not stand in its group's way: it has no driver, or one that
 * does not use it.
 */
bool host_is_harmless(const struct host_device *device);

/*
 * Returns whether the group is one of VFIO's no-IOMMU mode, in which no IOMMU confines the
 * devices. The kernel's drivers/vfio/group.c names such groups.
 */
bool host_group_is_fake(int group);

/*
 * Write the address of the device that makes the bus of this one, such as Intel's VMD; "" if
 * there is none.
 */
void host_find_bus_maker(const char *bdf, char maker[HOST_BDF_MAX]);

/* Returns how many IOMMU groups the kernel has, without those of the no-IOMMU mode. */
unsigned int host_count_groups(void);

#endif
