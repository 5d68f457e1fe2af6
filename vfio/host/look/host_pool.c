/* SPDX-License-Identifier: MIT */
#include "host_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_path.h"

/* A btrfs that is mounted has a folder, with a link for each of its disks. */
static bool pool_find_btrfs(const char *disk, char *pool, size_t size)
{
	struct host_path all = host_path("/sys/fs/btrfs");
	struct host_dir dir;
	bool found = false;

	host_dir_read(&dir, &all);
	for (int i = 0; i < dir.count && !found; i++) {
		const char *uuid = dir.entries[i]->d_name;
		struct host_path path = host_path("/sys/fs/btrfs/%s/devices/%s", uuid, disk);

		found = host_path_exists(&path);
		if (found)
			snprintf(pool, size, "btrfs %s", uuid);
	}
	host_dir_free(&dir);
	return found;
}

/* What udev has found out about a disk, by its number: a line such as E:ID_FS_LABEL=tank. */
static bool pool_read_udev(const char *text, const char *key, char *value, size_t size)
{
	const char *line = text ? strstr(text, key) : NULL;

	if (!line)
		return false;
	line += strlen(key);
	snprintf(value, size, "%.*s", (int)strcspn(line, "\n"), line);
	return true;
}

/* The label is the pool's name, and a pool that is imported has a folder. */
static bool pool_find_zfs(const char *disk, char *pool, size_t size)
{
	struct host_path path = host_path("/sys/class/block/%s/dev", disk);
	char number[32], type[32], name[128], *text;
	bool found;

	host_read_line(&path, number, sizeof(number));
	path = host_path("/run/udev/data/b%s", number);
	text = host_read_file(&path);
	found = pool_read_udev(text, "E:ID_FS_TYPE=", type, sizeof(type)) &&
		strcmp(type, "zfs_member") == 0 &&
		pool_read_udev(text, "E:ID_FS_LABEL=", name, sizeof(name)) && name[0];
	free(text);
	if (!found)
		return false;
	path = host_path("/proc/spl/kstat/zfs/%s", name);
	snprintf(pool, size, "ZFS pool %s", name);
	return host_path_exists(&path);
}

bool host_find_pool(const char *disk, char *pool, size_t size)
{
	return pool_find_btrfs(disk, pool, size) || pool_find_zfs(disk, pool, size);
}
