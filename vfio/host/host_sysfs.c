/* SPDX-License-Identifier: MIT */
#include "host_sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSFS_DEVICES "/sys/bus/pci/devices"
#define SYSFS_GROUPS  "/sys/kernel/iommu_groups"

#define PCI_CLASS_BRIDGE_PCI     0x0604
#define PCI_CLASS_BRIDGE_CARDBUS 0x0607

int host_parse_bdf(const char *text, char bdf[HOST_BDF_MAX])
{
	unsigned int domain = 0, bus, slot, function;
	int end = -1;

	if (text[strspn(text, "0123456789abcdefABCDEF:.")])
		return -EINVAL; /* what scanf would let pass: blanks, signs, 0x */
	if (sscanf(text, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &end) != 4 ||
	    end < 0 || text[end]) {
		domain = 0;
		end = -1;
		if (sscanf(text, "%2x:%2x.%1x%n", &bus, &slot, &function, &end) != 3 || end < 0 ||
		    text[end])
			return -EINVAL;
	}
	if (slot > 0x1f || function > 7)
		return -EINVAL;
	snprintf(bdf, HOST_BDF_MAX, "%04x:%02x:%02x.%u", domain & 0xffff, bus & 0xff, slot,
		 function);
	return 0;
}

/* The first bytes of a file of the device's folder; how many, or -errno. */
static int sysfs_read_bytes(const char *bdf, const char *file, void *data, size_t size)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/%s", bdf, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, data, size);
	if (n < 0)
		n = -errno;
	close(fd);
	return (int)n;
}

/* An attribute without its newline. */
static int sysfs_read(const char *bdf, const char *attribute, char *text, size_t size)
{
	int n = sysfs_read_bytes(bdf, attribute, text, size - 1);

	if (n < 0)
		return n;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

static int sysfs_read_hex(const char *bdf, const char *attribute, unsigned int *value)
{
	char text[32];
	int ret = sysfs_read(bdf, attribute, text, sizeof(text));

	*value = ret < 0 ? 0 : (unsigned int)strtoul(text, NULL, 16);
	return ret;
}

/* The last component of where a link points, "" if there is no link. */
static void sysfs_read_link(const char *bdf, const char *link, char *name, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *last;
	ssize_t n;

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/%s", bdf, link);
	n = readlink(path, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	n = (ssize_t)strnlen(last, size - 1);
	memcpy(name, last, (size_t)n);
	name[n] = '\0';
}

int host_read_device(const char *bdf, struct host_device *device)
{
	char group[16];
	int ret;

	*device = (struct host_device){ .group = -1 };
	snprintf(device->bdf, sizeof(device->bdf), "%s", bdf);
	ret = sysfs_read_hex(bdf, "class", &device->class_code);
	if (ret < 0)
		return ret == -ENOENT ? -ENODEV : ret;
	sysfs_read_hex(bdf, "vendor", &device->vendor);
	sysfs_read_hex(bdf, "device", &device->device);
	sysfs_read_link(bdf, "driver", device->driver, sizeof(device->driver));
	sysfs_read_link(bdf, "iommu_group", group, sizeof(group));
	if (group[0])
		device->group = atoi(group);
	return 0;
}

static bool sysfs_exists(const char *bdf, const char *file)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/%s", bdf, file);
	return access(path, F_OK) == 0;
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
	return sysfs_read(bdf, "modalias", modalias, HOST_MODALIAS_MAX);
}

int host_reads_all_ones(const char *bdf)
{
	uint8_t head[16] = { 0 };
	int n = sysfs_read_bytes(bdf, "config", head, sizeof(head));

	if (n < 0)
		return n;
	if (n != sizeof(head))
		return -EIO;
	return head[0] == 0xff && memcmp(head, head + 1, sizeof(head) - 1) == 0;
}

int host_for_each_in_group(int group, int (*visit)(const struct host_device *member, void *arg),
			   void *arg)
{
	char path[64];
	struct dirent *entry;
	int ret = 0;
	DIR *dir;

	snprintf(path, sizeof(path), SYSFS_GROUPS "/%d/devices", group);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (ret == 0 && (entry = readdir(dir))) {
		struct host_device member;

		if (entry->d_name[0] != '.' && host_read_device(entry->d_name, &member) == 0)
			ret = visit(&member, arg);
	}
	closedir(dir);
	return ret;
}

bool host_is_bridge(const struct host_device *device)
{
	unsigned int class = device->class_code >> 8;

	return class == PCI_CLASS_BRIDGE_PCI || class == PCI_CLASS_BRIDGE_CARDBUS;
}

bool host_has_iommu(void)
{
	struct dirent *entry;
	DIR *dir = opendir(SYSFS_GROUPS);
	bool found = false;

	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)))
		found = entry->d_name[0] != '.';
	closedir(dir);
	return found;
}
