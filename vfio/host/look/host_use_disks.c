/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_number.h"
#include "host_pool.h"
#include "host_use_list.h"
#include "vmm/trace/macros.h"

/* The file of a disk. Where its name has a slash, sysfs writes an exclamation mark. */
static struct host_path use_disk_node(const char *disk)
{
	char name[USE_NAME_MAX];

	snprintf(name, sizeof(name), "%s", disk);
	for (char *c = name; *c; c++)
		if (*c == '!')
			*c = '/';
	return host_path("/dev/%s", name);
}

/* Add a use of a disk, by its name in sysfs. */
static struct host_use *use_add_disk(struct use_list *list, enum host_use_kind kind,
				     const char *disk)
{
	struct host_path node = use_disk_node(disk);

	return use_add(list, kind, host_path_name(&node));
}

/*
 * An NVMe disk that several controllers can reach belongs to none of them in sysfs. Each
 * controller has a hidden path to it, nvme0c1n1, whose name is the disk's with the path's number.
 */
static void use_add_multipath(struct use_names *disks)
{
	unsigned int subsystem, path, disk;
	char name[USE_NAME_MAX];

	for (unsigned int i = 0; i < disks->count; i++)
		if (sscanf(disks->names[i], "nvme%uc%un%u", &subsystem, &path, &disk) == 3) {
			snprintf(name, sizeof(name), "nvme%un%u", subsystem, disk);
			use_add_name(disks, name);
		}
}

static bool use_is_partition(const char *part, const char *disk)
{
	struct host_path path = host_path("/sys/class/block/%s/%s", disk, part);

	return host_path_exists(&path);
}

/* The list grows while it is walked: partitions are added, and disks that are made on others. */
static void use_add_upper_disks(struct use_names *disks)
{
	for (unsigned int i = 0; i < disks->count; i++) {
		struct host_path all = host_path("/sys/class/block");
		struct host_path path = host_path("/sys/class/block/%s/holders", disks->names[i]);
		struct host_dir dir;

		host_dir_read(&dir, &path);
		for (int n = 0; n < dir.count; n++)
			use_add_name(disks, dir.entries[n]->d_name);
		host_dir_free(&dir);
		host_dir_read(&dir, &all);
		for (int n = 0; n < dir.count; n++)
			if (use_is_partition(dir.entries[n]->d_name, disks->names[i]))
				use_add_name(disks, dir.entries[n]->d_name);
		host_dir_free(&dir);
	}
}

/*
 * The disk that a line of mountinfo is about, by its number, or by its name if there is no
 * number.
 */
static const char *use_mounted_disk(const struct use_names *disks, const char *number,
				    const char *source)
{
	const char *last = strrchr(source, '/');

	for (unsigned int i = 0; i < disks->count; i++) {
		struct host_path path = host_path("/sys/class/block/%s/dev", disks->names[i]);
		char own[32];

		host_read_line(&path, own, sizeof(own));
		if (strcmp(own, number) == 0 || (last && strcmp(last + 1, disks->names[i]) == 0))
			return disks->names[i];
	}
	return NULL;
}

/* mountinfo writes blanks and backslashes as \040 and the like. */
static void use_decode(char *text)
{
	char *to = text;
	unsigned int code;

	for (const char *from = text; *from; from++) {
		if (*from == '\\' && sscanf(from + 1, "%3o", &code) == 1) {
			*to++ = (char)code;
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

/* Quote a text for a shell, unless it is one plain word. */
static void use_quote(char *where, size_t size, const char *text)
{
	bool plain = !text[strcspn(text, " \t\n\\\"$`&;|<>()*?[]#~")] || strchr(text, '\'');
	const char *quote = plain ? "" : "'";

	snprintf(where, size, "%s%.250s%s", quote, text, quote);
}

/* What the running system is made of cannot be unmounted. */
static enum host_use_kind use_mount_kind(const char *where)
{
	static const char *const parts[] = { "/",    "/usr",       "/var",     "/lib",
					     "/nix", "/nix/store", "/sysroot", "/gnu/store" };

	for (unsigned int i = 0; i < array_size(parts); i++)
		if (strcmp(where, parts[i]) == 0)
			return HOST_USE_ROOT;
	return HOST_USE_MOUNTED;
}

static void use_find_mounts(struct use_list *list, const struct use_names *disks)
{
	struct host_path path = host_path("/proc/self/mountinfo");
	char *text = host_read_file(&path), *next = text, *line;

	while (next && (line = strsep(&next, "\n"))) {
		char number[32], where[256], source[256] = "";
		const char *rest = strstr(line, " - "), *disk;
		struct host_use *use;

		if (!rest || sscanf(line, "%*s %*s %31s %*s %255s", number, where) != 2)
			continue;
		sscanf(rest, " - %*s %255s", source);
		disk = use_mounted_disk(disks, number, source);
		if (!disk)
			continue;
		use_decode(where);
		use = use_add_disk(list, use_mount_kind(where), disk);
		use_quote(use->where, sizeof(use->where), where);
	}
	free(text);
}

static void use_find_swap(struct use_list *list, const struct use_names *disks)
{
	struct host_path path = host_path("/proc/swaps");
	char *text = host_read_file(&path), *next = text, *line;

	while (next && (line = strsep(&next, "\n"))) {
		char *name;

		line[strcspn(line, " \t")] = '\0';
		name = strrchr(line, '/');
		if (name && use_has_name(disks, name + 1))
			use_add(list, HOST_USE_SWAP, line);
	}
	free(text);
}

static void use_find_holders(struct use_list *list, const struct use_names *disks,
			     unsigned int lowest)
{
	for (unsigned int i = lowest; i < disks->count; i++) {
		struct host_path path = host_path("/sys/class/block/%s/slaves", disks->names[i]);

		if (host_path_exists(&path))
			use_add_disk(list, HOST_USE_UPPER_DISK, disks->names[i]);
	}
}

/*
 * A file system over several disks, btrfs or ZFS, has a number of its own, and its disks do not
 * name it as a holder. But it has claimed them, and a disk can be claimed only once, with its
 * partitions. A caller who may not open disks learns nothing.
 */
static void use_find_claims(struct use_list *list, const struct use_names *disks,
			    unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct host_path partition =
			host_path("/sys/class/block/%s/partition", disks->names[i]);
		struct host_path node = use_disk_node(disks->names[i]);
		int fd;

		if (host_path_exists(&partition))
			continue;
		fd = open(node.text, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0)
			close(fd);
		else if (errno == EBUSY)
			use_add_disk(list, HOST_USE_CLAIMED, disks->names[i]);
	}
}

/* btrfs and ZFS tell which disks they have, each in its own way. */
static void use_find_pools(struct use_list *list, const struct use_names *disks)
{
	char pool[HOST_USE_NAME_MAX];

	for (unsigned int i = 0; i < disks->count; i++)
		if (host_find_pool(disks->names[i], pool, sizeof(pool))) {
			struct host_use *use = use_add_disk(list, HOST_USE_POOL, disks->names[i]);

			snprintf(use->where, sizeof(use->where), "%s", pool);
		}
}

void use_find_disks(struct use_list *list, const char *bdf)
{
	struct use_names disks = { .count = 0 };
	unsigned int own;

	use_collect(&disks, "block", bdf);
	use_add_multipath(&disks);
	own = disks.count;
	use_add_upper_disks(&disks);
	use_find_mounts(list, &disks);
	use_find_swap(list, &disks);
	use_find_holders(list, &disks, own);
	if (!list->count)
		use_find_pools(list, &disks);
	if (!list->count)
		use_find_claims(list, &disks, own);
}
