/* SPDX-License-Identifier: MIT */
#include "host_holders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_machine.h"

#define NODES_MAX  512
#define DEPTH_MAX  8 /* a partition of an NVMe disk is 4 deep, an input of a USB device 7 */
#define NVIDIA_GPU "/proc/driver/nvidia/gpus"

/* The device's files, such as "/dev/dri/card0". */
struct holder_nodes {
	char names[NODES_MAX][HOST_NODE_MAX];
	unsigned int count;
};

/* ---- the device's files ---- */

static void __attribute__((format(printf, 2, 3)))
nodes_add(struct holder_nodes *nodes, const char *fmt, ...)
{
	va_list args;

	if (nodes->count == NODES_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(nodes->names[nodes->count++], HOST_NODE_MAX, fmt, args);
	va_end(args);
}

/*
 * Keyboards and mice are open wherever somebody is logged in, and their driver lets them go all
 * the same. Whoever passes their controller through means to.
 */
static bool nodes_is_input(const char *name)
{
	return strncmp(name, "input/", 6) == 0 || strncmp(name, "hidraw", 6) == 0;
}

/* Read the line DEVNAME=dri/card0 of a folder's uevent. */
static void nodes_add_uevent(struct holder_nodes *nodes, const struct host_path *folder)
{
	struct host_path path = host_path_in(folder, "uevent");
	char *text, *next, *line;

	next = text = host_read_file(&path);
	while (next && (line = strsep(&next, "\n")))
		if (strncmp(line, "DEVNAME=", 8) == 0 && !nodes_is_input(line + 8))
			nodes_add(nodes, "/dev/%s",
				  line + 8 + (strncmp(line + 8, "/dev/", 5) ? 0 : 5));
	free(text);
}

static bool nodes_is_folder(const struct host_path *path)
{
	struct stat status;

	return lstat(path->text, &status) == 0 && S_ISDIR(status.st_mode);
}

/*
 * Walk all folders below the device, except those of other PCI devices; links lead elsewhere. The
 * device's own uevent is not read: while a driver lets the device go, the kernel makes its reader
 * wait.
 */
static void nodes_walk(struct holder_nodes *nodes, const struct host_path *folder,
		       unsigned int depth)
{
	char bdf[HOST_BDF_MAX];
	struct host_dir dir;

	if (depth)
		nodes_add_uevent(nodes, folder);
	if (depth == DEPTH_MAX)
		return;
	host_dir_read(&dir, folder);
	for (int i = 0; i < dir.count; i++) {
		const char *name = dir.entries[i]->d_name;
		struct host_path inner = host_path_in(folder, name);

		if (host_parse_bdf(name, bdf) < 0 && nodes_is_folder(&inner))
			nodes_walk(nodes, &inner, depth + 1);
	}
	host_dir_free(&dir);
}

/* NVIDIA's driver makes its files by itself, and tells their number only here. */
static void nodes_add_nvidia(struct holder_nodes *nodes, const char *bdf)
{
	struct host_path path = host_path(NVIDIA_GPU "/%s/information", bdf);
	char *text = host_read_file(&path), *found = text ? strstr(text, "Device Minor:") : NULL;
	unsigned int minor;

	if (found && sscanf(found, "Device Minor: %u", &minor) == 1)
		nodes_add(nodes, "/dev/nvidia%u", minor);
	free(text);
}

/* A macvtap on a network port of the device is a file, /dev/tapN. */
static void nodes_add_taps(struct holder_nodes *nodes, const char *bdf)
{
	struct host_path ports = host_device_path(bdf, "net");
	struct host_dir dir, uppers;

	host_dir_read(&dir, &ports);
	for (int i = 0; i < dir.count; i++) {
		struct host_path port = host_path("/sys/class/net/%s", dir.entries[i]->d_name);

		host_dir_read(&uppers, &port);
		for (int n = 0; n < uppers.count; n++) {
			const char *name = uppers.entries[n]->d_name;
			struct host_path upper = host_path("/sys/class/net/%s/", name + 6);

			if (strncmp(name, "upper_", 6) == 0)
				nodes_walk(nodes, &upper, DEPTH_MAX - 3);
		}
		host_dir_free(&uppers);
	}
	host_dir_free(&dir);
}

static void nodes_find(struct holder_nodes *nodes, const struct host_device *device)
{
	struct host_path link = host_device_path(device->bdf, ""), folder = host_real_path(&link);

	if (folder.text[0])
		nodes_walk(nodes, &folder, 0);
	nodes_add_nvidia(nodes, device->bdf);
	nodes_add_taps(nodes, device->bdf);
	if (device->group >= 0 && host_has_vfio_driver(device))
		nodes_add(nodes, "/dev/vfio/%d", device->group);
}

/* ---- who has them open ---- */

static const char *nodes_match(const struct holder_nodes *nodes, const char *file)
{
	for (unsigned int i = 0; i < nodes->count; i++)
		if (strcmp(nodes->names[i], file) == 0)
			return nodes->names[i];
	return NULL;
}

/*
 * The first of the device's files that the process has open. NULL if it has none, or may not be
 * seen.
 */
static const char *holder_find_node(const struct holder_nodes *nodes, const char *pid, bool *hidden)
{
	struct host_path folder = host_path("/proc/%s/fd", pid);
	const char *found = NULL;
	char target[HOST_NODE_MAX];
	struct host_dir dir;

	if (faccessat(AT_FDCWD, folder.text, R_OK, AT_EACCESS) < 0) {
		*hidden |= errno == EACCES;
		return NULL;
	}
	host_dir_read(&dir, &folder);
	for (int i = 0; i < dir.count && !found; i++) {
		struct host_path link = host_path("/proc/%s/fd/%s", pid, dir.entries[i]->d_name);
		ssize_t n = readlink(link.text, target, sizeof(target) - 1);

		target[n < 0 ? 0 : n] = '\0';
		found = nodes_match(nodes, target);
	}
	host_dir_free(&dir);
	return found;
}

static void holders_look_at(struct host_holders *holders, const struct holder_nodes *nodes,
			    const char *pid)
{
	struct host_path name = host_path("/proc/%s/comm", pid);
	const char *node = holder_find_node(nodes, pid, &holders->hidden);
	struct host_holder *holder;

	if (!node || holders->count == HOST_HOLDERS_MAX)
		return;
	holder = &holders->list[holders->count++];
	holder->pid = atoi(pid);
	host_read_line(&name, holder->name, sizeof(holder->name));
	strcpy(holder->node, node);
}

void host_find_holders(const struct host_device *device, struct host_holders *holders)
{
	struct holder_nodes nodes = { .count = 0 };
	struct host_path path = host_path("/proc");
	struct host_dir dir;

	*holders = (struct host_holders){ .count = 0 };
	nodes_find(&nodes, device);
	if (!nodes.count)
		return;
	host_dir_read(&dir, &path);
	for (int i = 0; i < dir.count; i++) {
		const char *pid = dir.entries[i]->d_name;

		if (pid[strspn(pid, "0123456789")] == '\0' && atoi(pid) != getpid())
			holders_look_at(holders, &nodes, pid);
	}
	host_dir_free(&dir);
	holders->hidden |= geteuid() != 0 && host_hides_processes();
}

void host_name_holders(const struct host_holders *holders, char text[HOST_HOLDERS_TEXT])
{
	text[0] = '\0';
	for (unsigned int i = 0; i < holders->count; i++) {
		size_t used = strlen(text);

		snprintf(text + used, HOST_HOLDERS_TEXT - used, "%s%s (pid %d)", i ? ", " : "",
			 holders->list[i].name, holders->list[i].pid);
	}
}
