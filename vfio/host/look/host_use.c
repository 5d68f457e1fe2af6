/* SPDX-License-Identifier: MIT */
#include "host_use.h"

#include <errno.h>
#include <fcntl.h>
#include <net/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_holders.h"
#include "host_machine.h"
#include "host_number.h"
#include "host_pool.h"
#include "vmm/trace/macros.h"

#define USE_NAMES_MAX 512 /* the disks of a host bus adapter, with their partitions */
#define USE_NAME_MAX  64

/* Disks or network interfaces that are made on top of the device. */
struct use_names {
	char names[USE_NAMES_MAX][USE_NAME_MAX];
	unsigned int count;
};

struct use_list {
	struct host_use *uses;
	unsigned int count;
};

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

/* Returns a new entry. When the list is full, the last entry is overwritten. */
static struct host_use *use_add(struct use_list *list, enum host_use_kind kind, const char *name)
{
	struct host_use *use;

	if (list->count < HOST_USES_MAX)
		list->count++;
	use = &list->uses[list->count - 1];
	*use = (struct host_use){ .kind = kind };
	snprintf(use->name, sizeof(use->name), "%s", name);
	return use;
}

/* Add a use of a disk, by its name in sysfs. */
static struct host_use *use_add_disk(struct use_list *list, enum host_use_kind kind,
				     const char *disk)
{
	struct host_path node = use_disk_node(disk);

	return use_add(list, kind, host_path_name(&node));
}

static bool use_has_name(const struct use_names *names, const char *name)
{
	for (unsigned int i = 0; i < names->count; i++)
		if (strcmp(names->names[i], name) == 0)
			return true;
	return false;
}

static void use_add_name(struct use_names *names, const char *name)
{
	if (names->count < USE_NAMES_MAX && !use_has_name(names, name))
		snprintf(names->names[names->count++], USE_NAME_MAX, "%s", name);
}

/* Find every entry of a class of sysfs that is a descendant of the device. */
static void use_collect(struct use_names *names, const char *class, const char *bdf)
{
	struct host_path path = host_path("/sys/class/%s", class);
	struct host_dir dir;
	char below[HOST_BDF_MAX + 2];

	snprintf(below, sizeof(below), "/%s/", bdf);
	host_dir_read(&dir, &path);
	for (int i = 0; i < dir.count; i++) {
		const char *name = dir.entries[i]->d_name;
		struct host_path entry = host_path("/sys/class/%s/%s", class, name);
		struct host_path real = host_real_path(&entry);

		if (strstr(real.text, below))
			use_add_name(names, name);
	}
	host_dir_free(&dir);
}

/* ---- disks ---- */

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

static void use_find_disks(struct use_list *list, const char *bdf)
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

/* ---- network ---- */

/* Add the bridges, bonds and VLANs that the interfaces are part of. */
static void use_add_upper_ports(struct use_names *ports)
{
	for (unsigned int i = 0; i < ports->count; i++) {
		struct host_path path = host_path("/sys/class/net/%s", ports->names[i]);
		struct host_dir dir;

		host_dir_read(&dir, &path);
		for (int n = 0; n < dir.count; n++)
			if (strncmp(dir.entries[n]->d_name, "upper_", 6) == 0)
				use_add_name(ports, dir.entries[n]->d_name + 6);
		host_dir_free(&dir);
	}
}

static void use_add_route(struct use_list *list, const struct use_names *ports, const char *port,
			  const char *family)
{
	struct host_use *use;

	if (use_has_name(ports, port)) {
		use = use_add(list, HOST_USE_ROUTE, port);
	} else if (use_has_name(ports, "ovs-system")) {
		use = use_add(list, HOST_USE_SWITCH, ports->names[0]);
		family = port;
	} else {
		return;
	}
	snprintf(use->where, sizeof(use->where), "%s", family);
}

/*
 * The default route reads "eth0 00000000 gateway flags ..." in IPv4's file and "00...0 00 ...
 * flags eth0" in IPv6's.
 */
static void use_find_routes(struct use_list *list, const struct host_device *device)
{
	struct host_path ipv4 = host_path("/proc/net/route");
	struct host_path ipv6 = host_path("/proc/net/ipv6_route");
	struct use_names ports = { .count = 0 };
	char *text, *next, *line, port[USE_NAME_MAX];
	unsigned int flags;

	use_collect(&ports, "net", device->bdf);
	if (!ports.count && device->class_code >> 16 == PCI_BASE_CLASS_NETWORK)
		use_add(list, HOST_USE_PORT_UNSEEN, device->driver);
	use_add_upper_ports(&ports);
	next = text = ports.count ? host_read_file(&ipv4) : NULL;
	while (next && (line = strsep(&next, "\n")))
		if (sscanf(line, "%63s 00000000 %*8[0-9A-F] %x", port, &flags) == 2 &&
		    (flags & RTF_UP))
			use_add_route(list, &ports, port, "IPv4");
	free(text);
	next = text = ports.count ? host_read_file(&ipv6) : NULL;
	while (next && (line = strsep(&next, "\n")))
		if (sscanf(line,
			   "00000000000000000000000000000000 00 %*s %*s %*s %*s %*s %*s %x %63s",
			   &flags, port) == 2 &&
		    (flags & RTF_UP) && !(flags & RTF_REJECT))
			use_add_route(list, &ports, port, "IPv6");
	free(text);
}

/* ---- screen ---- */

/*
 * One that people could look at in its place: it has the ports of a VGA card, or a screen, and the
 * host has not given it away.
 */
static int use_count_display(const struct host_device *device, void *arg)
{
	unsigned int *count = arg;
	struct host_path boot = host_device_path(device->bdf, "boot_vga");

	*count +=
		host_is_display(device) && !host_has_vfio_driver(device) &&
		(host_path_exists(&boot) || host_find_screen(device->bdf) == HOST_SCREEN_CONNECTED);
	return 0;
}

/* A connector has a name like "card0-HDMI-A-1". Its status is "unknown" if it cannot tell. */
enum host_screen host_find_screen(const char *bdf)
{
	enum host_screen screen = HOST_SCREEN_UNKNOWN;
	struct use_names connectors = { .count = 0 };

	use_collect(&connectors, "drm", bdf);
	for (unsigned int i = 0; i < connectors.count; i++) {
		struct host_path path = host_path("/sys/class/drm/%s/status", connectors.names[i]);
		char status[16];

		host_read_line(&path, status, sizeof(status));
		if (strcmp(status, "connected") == 0)
			return HOST_SCREEN_CONNECTED;
		if (strcmp(status, "disconnected") == 0)
			screen = HOST_SCREEN_NONE;
	}
	return screen;
}

static bool use_shows_something(const char *bdf)
{
	struct use_names framebuffers = { .count = 0 };
	char boot[8];

	host_read_attribute(bdf, "boot_vga", boot, sizeof(boot));
	use_collect(&framebuffers, "graphics", bdf);
	return boot[0] == '1' || framebuffers.count ||
	       host_find_screen(bdf) == HOST_SCREEN_CONNECTED;
}

/* Many display controllers have no screen: they compute. */
static void use_find_display(struct use_list *list, const struct host_device *device)
{
	unsigned int displays = 0;

	if (!host_is_display(device) || !use_shows_something(device->bdf))
		return;
	host_for_each_device(use_count_display, &displays);
	if (displays <= 1)
		use_add(list, HOST_USE_DISPLAY, "");
}

/* ---- virtual functions ---- */

static void use_find_functions(struct use_list *list, const char *bdf)
{
	struct host_path path = host_device_path(bdf, "sriov_numvfs");
	uint64_t count;

	if (host_read_number(&path, 10, &count) && count)
		use_add(list, HOST_USE_FUNCTIONS, "")->count = (unsigned int)count;
}

/* ---- processes ---- */

static void use_find_holders_of(struct use_list *list, const struct host_device *device)
{
	struct host_holders holders;

	host_find_holders(device, &holders);
	for (unsigned int i = 0; i < holders.count; i++) {
		const struct host_holder *holder = &holders.list[i];
		struct host_use *use = use_add(list, HOST_USE_OPEN, holder->name);

		snprintf(use->where, sizeof(use->where), "%s", holder->node);
		use->count = (unsigned int)holder->pid;
	}
	if (!holders.count && holders.hidden)
		use_add(list, host_is_lesser() ? HOST_USE_OPEN_OUTSIDE : HOST_USE_OPEN_UNSEEN, "");
}

/* ---- what is hidden ---- */

unsigned int host_find_uses(const struct host_device *device, struct host_use *uses)
{
	struct use_list list = { .uses = uses };
	struct host_path mounts = host_path("/proc/self/mountinfo");

	use_find_disks(&list, device->bdf);
	use_find_routes(&list, device);
	use_find_display(&list, device);
	use_find_functions(&list, device->bdf);
	use_find_holders_of(&list, device);
	/* The mounts, routes and processes that are seen are the container's, not the host's. */
	if (host_is_container())
		use_add(&list, HOST_USE_UNSEEN, "");
	else if (!list.count && !host_path_exists(&mounts))
		use_add(&list, HOST_USE_PROC_UNSEEN, "");
	return list.count;
}
