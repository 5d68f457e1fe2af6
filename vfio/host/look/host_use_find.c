/* SPDX-License-Identifier: MIT */
#include "host_use.h"

#include <net/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_holders.h"
#include "host_machine.h"
#include "host_number.h"
#include "host_use_list.h"

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
