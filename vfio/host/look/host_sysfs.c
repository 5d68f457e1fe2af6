/* SPDX-License-Identifier: MIT */
#include "host_sysfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "host_number.h"

#define SYSFS_DEVICES "/sys/bus/pci/devices"
#define SYSFS_GROUPS  "/sys/kernel/iommu_groups"

#define PCI_CLASS_BRIDGE_PCI     0x0604
#define PCI_CLASS_BRIDGE_CARDBUS 0x0607

/* The address without a domain, or what is left of one with a domain. */
static int sysfs_parse_slot(const char *text, unsigned int domain, char bdf[HOST_BDF_MAX])
{
	unsigned int bus, slot, function;
	int end = -1;

	if (sscanf(text, "%2x:%2x.%1x%n", &bus, &slot, &function, &end) != 3 || end < 0 ||
	    text[end] || slot > 0x1f || function > 7)
		return -EINVAL;
	snprintf(bdf, HOST_BDF_MAX, "%04x:%02x:%02x.%u", domain, bus & 0xff, slot, function);
	return 0;
}

int host_parse_bdf(const char *text, char bdf[HOST_BDF_MAX])
{
	const char *first = strchr(text, ':');
	unsigned int domain;

	if (!first || text[strspn(text, "0123456789abcdefABCDEF:.")])
		return -EINVAL; /* scanf() would accept these: blanks, signs, 0x */
	if (!strchr(first + 1, ':'))
		return sysfs_parse_slot(text, 0, bdf);
	if (first - text < 1 || first - text > 8 || sscanf(text, "%8x:", &domain) != 1)
		return -EINVAL;
	return sysfs_parse_slot(first + 1, domain, bdf);
}

struct host_path host_device_path(const char *bdf, const char *file)
{
	return host_path(SYSFS_DEVICES "/%s/%s", bdf, file);
}

int host_read_attribute(const char *bdf, const char *attribute, char *text, size_t size)
{
	struct host_path path = host_device_path(bdf, attribute);

	return host_read_line(&path, text, size);
}

/*
 * Read a register's number; `mask` is as wide as the register. A text that is no such number
 * gives 0.
 */
static int sysfs_read_hex(const char *bdf, const char *attribute, unsigned int mask,
			  unsigned int *value)
{
	char text[32];
	int ret = host_read_attribute(bdf, attribute, text, sizeof(text));
	uint64_t number = 0;

	host_parse_number(text, 16, &number);
	*value = number <= mask ? (unsigned int)number : 0;
	return ret;
}

/* N of a name such as "vfio3", behind its prefix; -1 for another name. */
static int sysfs_parse_index(const char *name, const char *prefix)
{
	uint64_t number;

	if (strncmp(name, prefix, strlen(prefix)) != 0 ||
	    !host_parse_number(name + strlen(prefix), 10, &number) || number > INT_MAX)
		return -1;
	return (int)number;
}

static void sysfs_read_link(const char *bdf, const char *link, char *name, size_t size)
{
	struct host_path path = host_device_path(bdf, link);

	host_read_link(&path, name, size);
}

int host_find_bdf(int fd, char bdf[HOST_BDF_MAX])
{
	struct host_path path;
	char name[NAME_MAX + 1];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode))
		return -EINVAL;
	path = host_path("/sys/dev/char/%u:%u/subsystem", major(st.st_rdev), minor(st.st_rdev));
	host_read_link(&path, name, sizeof(name));
	if (strcmp(name, "vfio-dev") != 0)
		return -EINVAL;
	path = host_path("/sys/dev/char/%u:%u/device", major(st.st_rdev), minor(st.st_rdev));
	host_read_link(&path, name, sizeof(name));
	return host_parse_bdf(name, bdf);
}

/*
 * Linux 6.6 and later: while vfio-pci has the device, its folder vfio-dev has the one name vfioN.
 */
static int sysfs_read_cdev(const char *bdf)
{
	struct host_path path = host_device_path(bdf, "vfio-dev");
	struct host_dir dir;
	int cdev = -1;

	host_dir_read(&dir, &path);
	if (dir.count == 1)
		cdev = sysfs_parse_index(dir.entries[0]->d_name, "vfio");
	host_dir_free(&dir);
	return cdev;
}

static bool sysfs_exists(const char *bdf, const char *file)
{
	struct host_path path = host_device_path(bdf, file);

	return host_path_exists(&path);
}

int host_read_device(const char *bdf, struct host_device *device)
{
	char group[16];
	int ret;

	*device = (struct host_device){ .group = -1, .cdev = -1 };
	snprintf(device->bdf, sizeof(device->bdf), "%s", bdf);
	ret = sysfs_read_hex(bdf, "class", 0xffffff, &device->class_code);
	if (ret < 0)
		return ret == -ENOENT ? -ENODEV : ret;
	sysfs_read_hex(bdf, "vendor", 0xffff, &device->vendor);
	sysfs_read_hex(bdf, "device", 0xffff, &device->device);
	sysfs_read_link(bdf, "driver", device->driver, sizeof(device->driver));
	sysfs_read_link(bdf, "iommu_group", group, sizeof(group));
	device->group = sysfs_parse_index(group, "");
	device->cdev = sysfs_read_cdev(bdf);
	device->at_vfio = device->driver[0] &&
			  (strstr(device->driver, "vfio") || sysfs_exists(bdf, "vfio-dev"));
	return 0;
}

unsigned int host_slot_functions(const char *bdf)
{
	unsigned int own = (unsigned int)(bdf[strlen(bdf) - 1] - '0'), functions = 0;
	bool virtual = sysfs_exists(bdf, "physfn");
	char other[HOST_BDF_MAX];

	snprintf(other, sizeof(other), "%s", bdf);
	for (unsigned int i = 0; i < 8; i++) {
		other[strlen(bdf) - 1] = (char)('0' + i);
		if ((i == own || !virtual) && sysfs_exists(other, "vendor"))
			functions |= 1u << i;
	}
	return functions;
}

int host_read_modalias(const char *bdf, char modalias[HOST_MODALIAS_MAX])
{
	return host_read_attribute(bdf, "modalias", modalias, HOST_MODALIAS_MAX);
}

int host_reads_all_ones(const char *bdf)
{
	struct host_path path = host_device_path(bdf, "config");
	uint8_t head[16] = { 0 };
	int n = host_read_bytes(&path, head, sizeof(head));

	if (n < 0)
		return n;
	if (n != sizeof(head))
		return -EIO;
	return head[0] == 0xff && memcmp(head, head + 1, sizeof(head) - 1) == 0;
}

/* Visit the devices that a folder names, in the order of their addresses. */
static int host_for_each_in(const struct host_path *path,
			    int (*visit)(const struct host_device *device, void *arg), void *arg)
{
	struct host_dir dir;
	int ret = 0;

	host_dir_read(&dir, path);
	for (int i = 0; i < dir.count && ret == 0; i++) {
		struct host_device device;

		if (host_read_device(dir.entries[i]->d_name, &device) == 0)
			ret = visit(&device, arg);
	}
	host_dir_free(&dir);
	return ret;
}

int host_for_each_in_group(int group, int (*visit)(const struct host_device *member, void *arg),
			   void *arg)
{
	struct host_path path = host_path(SYSFS_GROUPS "/%d/devices", group);

	return host_path_exists(&path) ? host_for_each_in(&path, visit, arg) : -ENOENT;
}

int host_for_each_device(int (*visit)(const struct host_device *device, void *arg), void *arg)
{
	struct host_path path = host_path(SYSFS_DEVICES);

	return host_for_each_in(&path, visit, arg);
}

bool host_is_bridge(const struct host_device *device)
{
	unsigned int class = device->class_code >> 8;

	return class == PCI_CLASS_BRIDGE_PCI || class == PCI_CLASS_BRIDGE_CARDBUS;
}

bool host_pci_is_visible(void)
{
	struct host_path path = host_path(SYSFS_DEVICES);

	return host_path_exists(&path);
}

bool host_is_display(const struct host_device *device)
{
	return device->class_code >> 16 == PCI_BASE_CLASS_DISPLAY;
}

bool host_has_vfio_driver(const struct host_device *device)
{
	return device->at_vfio;
}

bool host_is_harmless(const struct host_device *device)
{
	return device->driver[0] == '\0' || host_has_vfio_driver(device) ||
	       strcmp(device->driver, "pci-stub") == 0 || strcmp(device->driver, "pcieport") == 0;
}

bool host_group_is_fake(int group)
{
	struct host_path path = host_path(SYSFS_GROUPS "/%d/name", group);
	char name[32];

	host_read_line(&path, name, sizeof(name));
	return strcmp(name, "vfio-noiommu") == 0;
}

/*
 * In ".../0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0", find the last bus made by a
 * device.
 */
void host_find_bus_maker(const char *bdf, char maker[HOST_BDF_MAX])
{
	struct host_path link = host_device_path(bdf, ""), path = host_real_path(&link);
	char *bus, *before;

	maker[0] = '\0';
	while ((bus = strstr(path.text, "/pci"))) {
		*bus = '\0';
		before = strrchr(path.text, '/');
		if (before && host_parse_bdf(before + 1, maker) == 0)
			return;
		*bus = '.'; /* this bus is the machine's own: go on behind it */
	}
}

/* The device's own folder names its group, even if the folder of groups is masked. */
static int sysfs_count_group(const struct host_device *device, void *arg)
{
	unsigned int *count = arg;

	*count += device->group >= 0 && !host_group_is_fake(device->group);
	return 0;
}

unsigned int host_count_groups(void)
{
	struct host_path path = host_path(SYSFS_GROUPS);
	struct host_dir dir;
	unsigned int count = 0;

	host_dir_read(&dir, &path);
	for (int i = 0; i < dir.count; i++)
		count += !host_group_is_fake(atoi(dir.entries[i]->d_name));
	host_dir_free(&dir);
	if (!count)
		host_for_each_device(sysfs_count_group, &count);
	return count;
}
