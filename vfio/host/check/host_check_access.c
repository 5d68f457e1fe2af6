/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_acs.h"
#include "host_check.h"
#include "vfio/host/look/host_holders.h"
#include "vfio/host/look/host_machine.h"
#include "vfio/host/look/host_pci.h"
#include "vfio/host/look/host_use.h"
#include "vmm/trace/macros.h"

#define SWITCHEROO "/sys/kernel/debug/vgaswitcheroo/switch"

#define CHECK_TEXT_MAX 1024

/* ---- device ---- */

void host_check_exists(struct host_report *report, const struct host_device *device,
		       const struct host_demand *demand)
{
	struct host_path path = host_device_path(device->bdf, "");
	const struct host_facts facts = {
		.error = strerror(ENODEV),
		.vendor = device->vendor,
		.device = device->device,
		.class_code = device->class_code,
	};

	(void)demand;
	if (!host_pci_is_visible())
		host_report_add(report, FOUND_DEVICE_UNSEEN, facts);
	else if (!host_path_exists(&path))
		host_report_add(report, FOUND_DEVICE_ABSENT, facts);
	else if (host_is_bridge(device))
		host_report_add(report, FOUND_DEVICE_BRIDGE, facts);
	else
		host_report_add(report, FOUND_DEVICE, facts);
}

/* ---- config ---- */

static void check_all_ones(struct host_report *report, const struct host_device *device)
{
	char state[16], status[16], allowed[8];

	host_read_attribute(device->bdf, "power_state", state, sizeof(state));
	host_read_attribute(device->bdf, "power/runtime_status", status, sizeof(status));
	host_read_attribute(device->bdf, "d3cold_allowed", allowed, sizeof(allowed));
	host_report_add(report, FOUND_CONFIG_ALL_ONES,
			(struct host_facts){
				.state = state,
				.status = status,
				.d3cold = allowed[0] == '1' ? device->bdf : NULL,
				.switched = host_is_display(device) ? SWITCHEROO : NULL,
			});
}

/*
 * Returns whether the header answers while everything behind it reads all-ones. Only root sees
 * that.
 */
static bool check_is_half_dead(const char *bdf)
{
	struct host_pci_config config;
	unsigned int first;

	host_read_config(bdf, &config);
	first = config.size ? config.bytes[PCI_CAPABILITY_LIST] : 0;
	return first >= PCI_STD_HEADER_SIZEOF && first < 0xff && config.size > first &&
	       (host_config_word(&config, PCI_STATUS) & PCI_STATUS_CAP_LIST) &&
	       host_config_word(&config, first & ~3u) == 0xffff;
}

/* Errors of a file that is masked or guarded; any other is the device's. */
static bool check_is_hidden(int err)
{
	return err == -ENOENT || err == -EACCES || err == -EPERM;
}

/* lspci shows such a device as "rev ff". Opening it would make the kernel wait for a minute. */
void host_check_answers(struct host_report *report, const struct host_device *device,
			const struct host_demand *demand)
{
	int ret = host_reads_all_ones(device->bdf);

	(void)demand;
	if (ret < 0)
		host_report_add(report,
				check_is_hidden(ret) ? FOUND_CONFIG_UNSEEN
						     : FOUND_CONFIG_UNREADABLE,
				(struct host_facts){ .error = strerror(-ret) });
	else if (ret)
		check_all_ones(report, device);
	else if (check_is_half_dead(device->bdf))
		host_report_add(report, FOUND_CONFIG_HALF_DEAD, HOST_NO_FACTS);
	else
		host_report_add(report, FOUND_CONFIG, HOST_NO_FACTS);
}

/* ---- the IOMMU of one device ---- */

/*
 * A line of reserved_regions that ends in `direct` names memory that the firmware goes on using.
 */
static bool check_has_direct_region(int group)
{
	struct host_path path = host_path("/sys/kernel/iommu_groups/%d/reserved_regions", group);
	char *text = host_read_file(&path), *next = text, *line;
	bool found = false;

	while (next && !found && (line = strsep(&next, "\n"))) {
		const char *kind = strrchr(line, ' ');

		found = kind && strcmp(kind, " direct") == 0;
	}
	free(text);
	return found;
}

/*
 * There is an IOMMU but no group. If a device makes this bus, that device is passed through
 * instead. On Arm, Linux before 6.15 learns which IOMMU a device is behind (from the device tree
 * or IORT) only when a driver takes the device first.
 */
static void check_not_isolated(struct host_report *report, const struct host_device *device)
{
	char maker[HOST_BDF_MAX];
	struct host_device other = { .driver = "" };

	host_find_bus_maker(device->bdf, maker);
	if (maker[0]) {
		host_read_device(maker, &other);
		host_report_add(report, FOUND_ISOLATED_AS_ONE,
				(struct host_facts){ .bdf = maker, .driver = other.driver });
		return;
	}
	host_report_add(report,
			host_is_arm() && !device->driver[0] ? FOUND_NOT_ISOLATED_YET
							    : FOUND_NOT_ISOLATED,
			(struct host_facts){ .bdf = device->bdf });
}

void host_check_isolated(struct host_report *report, const struct host_device *device,
			 const struct host_demand *demand)
{
	const struct host_facts facts = { .group = (unsigned int)device->group };

	if (device->group >= 0 && host_group_is_fake(device->group))
		host_report_add(report, FOUND_ISOLATED_BY_NOBODY, facts);
	else if (device->group >= 0 && check_has_direct_region(device->group))
		host_report_add(report, FOUND_ISOLATED_BUT_RESERVED, facts);
	else if (device->group >= 0)
		host_report_add(report, FOUND_ISOLATED, facts);
	else if (host_count_groups())
		check_not_isolated(report, device);
	else
		host_check_iommu(report, demand);
}

/* ---- driver ---- */

static const enum host_found check_uses[] = {
	[HOST_USE_MOUNTED] = FOUND_USE_MOUNTED,
	[HOST_USE_ROOT] = FOUND_USE_ROOT,
	[HOST_USE_POOL] = FOUND_USE_POOL,
	[HOST_USE_SWAP] = FOUND_USE_SWAP,
	[HOST_USE_UPPER_DISK] = FOUND_USE_UPPER_DISK,
	[HOST_USE_CLAIMED] = FOUND_USE_CLAIMED,
	[HOST_USE_ROUTE] = FOUND_USE_ROUTE,
	[HOST_USE_DISPLAY] = FOUND_USE_DISPLAY,
	[HOST_USE_FUNCTIONS] = FOUND_USE_FUNCTIONS,
	[HOST_USE_UNSEEN] = FOUND_USE_UNSEEN,
	[HOST_USE_OPEN] = FOUND_USE_OPEN,
	[HOST_USE_OPEN_UNSEEN] = FOUND_USE_OPEN_UNSEEN,
	[HOST_USE_OPEN_OUTSIDE] = FOUND_USE_OPEN_OUTSIDE,
	[HOST_USE_PROC_UNSEEN] = FOUND_USE_PROC_UNSEEN,
	[HOST_USE_PORT_UNSEEN] = FOUND_USE_PORT_UNSEEN,
	[HOST_USE_SWITCH] = FOUND_USE_SWITCH,
};

void host_check_uses(struct host_report *report, const struct host_device *device)
{
	struct host_use uses[HOST_USES_MAX];
	unsigned int count = host_find_uses(device, uses);

	for (unsigned int i = 0; i < count; i++)
		host_report_add(report, check_uses[uses[i].kind],
				(struct host_facts){
					.name = uses[i].name,
					.path = uses[i].name,
					.where = uses[i].where,
					.count = uses[i].count,
				});
}

/* Models that vfio-pci refuses for their faults; the kernel's vfio_pci.c has the same list. */
static bool check_is_denied(const struct host_device *device)
{
	static const uint16_t models[] = { 0x0435, 0x0443, 0x0b25, 0x0cfe,
					   0x19e2, 0x19e3, 0x37c8, 0x37c9 };
	struct host_path path = host_path("/sys/module/vfio_pci/parameters/disable_denylist");
	char disabled[8];

	host_read_line(&path, disabled, sizeof(disabled));
	for (unsigned int i = 0; i < array_size(models); i++)
		if (device->vendor == 0x8086 && device->device == models[i])
			return disabled[0] != 'Y';
	return false;
}

bool host_check_denied(struct host_report *report, const struct host_device *device)
{
	bool denied = check_is_denied(device);

	if (denied)
		host_report_add(
			report, FOUND_DRIVER_REFUSES,
			(struct host_facts){ .vendor = device->vendor, .device = device->device });
	return denied;
}

void host_check_driver(struct host_report *report, const struct host_device *device,
		       const struct host_demand *demand)
{
	const struct host_facts facts = { .driver = device->driver };

	(void)demand;
	if (host_has_vfio_driver(device)) {
		host_report_add(report, FOUND_DRIVER, facts);
	} else if (host_check_denied(report, device)) {
		return;
	} else if (device->driver[0]) {
		host_check_uses(report, device);
		host_report_add(report, FOUND_DRIVER_OTHER, facts);
	} else {
		host_report_add(report, FOUND_DRIVER_NONE, facts);
	}
}

/* ---- group ---- */

struct check_members {
	const struct host_device *device; /* the device that is checked, itself a member */
	unsigned int others, obstacles;   /* a bridge counts only if its driver is in the way */
	char text[CHECK_TEXT_MAX];
	struct host_device first; /* drivers of the members in the way */
};

static int check_visit_member(const struct host_device *member, void *arg)
{
	struct check_members *members = arg;
	size_t used = strlen(members->text);

	if (strcmp(member->bdf, members->device->bdf) == 0 ||
	    (host_is_bridge(member) && host_is_harmless(member)))
		return 0;
	members->others++;
	if (!host_is_harmless(member) && members->obstacles++ == 0)
		members->first = *member;
	snprintf(members->text + used, sizeof(members->text) - used, "%s%s [%04x:%04x] %s%s",
		 used ? ", " : "", member->bdf, member->vendor, member->device,
		 member->driver[0] ? "bound to " : "without driver", member->driver);
	return 0;
}

void host_check_group(struct host_report *report, const struct host_device *device,
		      const struct host_demand *demand)
{
	struct check_members members = { .device = device };
	char port[HOST_BDF_MAX];
	struct host_facts facts = { .group = (unsigned int)device->group, .port = port };

	(void)demand;
	if (device->group < 0)
		return;
	host_for_each_in_group(device->group, check_visit_member, &members);
	facts.sharing = host_find_sharing(device->bdf, port);
	facts.members = members.text;
	facts.count = members.obstacles;
	facts.bdf = members.first.bdf;
	facts.driver = members.first.driver;
	if (!members.others)
		host_report_add(report, FOUND_GROUP_ALONE, facts);
	else if (!members.obstacles)
		host_report_add(report, FOUND_GROUP_TOGETHER, facts);
	else if (host_is_bridge(&members.first))
		host_report_add(report, FOUND_GROUP_BRIDGE_IN_WAY, facts);
	else
		host_report_add(report, FOUND_GROUP_NOT_VIABLE, facts);
}

/* ---- node ---- */

static struct host_path check_group_path(const struct host_device *device)
{
	return host_path("/dev/vfio/%d", device->group);
}

/* A kernel may be built without groups. */
enum host_access host_choose_access(const struct host_device *device, enum host_access access)
{
	struct host_path group = check_group_path(device), iommu = host_path("/dev/iommu");

	if (access != HOST_ACCESS_ANY)
		return access;
	return device->cdev >= 0 && !host_path_exists(&group) && host_path_exists(&iommu)
		       ? HOST_ACCESS_IOMMUFD
		       : HOST_ACCESS_GROUP;
}

/* Returns 0, or the -errno of open(). */
static int check_open(const struct host_path *path)
{
	int fd = open(path->text, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static enum host_found check_find_node(const struct host_path *path, int err)
{
	switch (err) {
	case 0:
		return FOUND_NODE;
	case ENOENT:
		return FOUND_NODE_ABSENT;
	case EACCES:
		return host_mode_permits(path) ? FOUND_NODE_GUARDED : FOUND_NODE_DENIED;
	case EPERM:
		return FOUND_NODE_NOT_ALLOWED;
	default:
		return FOUND_NODE_BROKEN;
	}
}

/* The kernel lets a group be opened once, so a use elsewhere shows here. */
static void check_group_node(struct host_report *report, const struct host_device *device)
{
	struct host_path path = check_group_path(device);
	struct host_holders holders = { .count = 0 };
	char text[HOST_HOLDERS_TEXT];
	int err = check_open(&path);

	if (err == EBUSY || err == 0)
		host_find_holders(device, &holders);
	host_name_holders(&holders, text);
	host_report_add(report,
			err == EBUSY    ? FOUND_NODE_BUSY
			: holders.count ? FOUND_NODE_HELD
					: check_find_node(&path, err),
			(struct host_facts){
				.path = host_path_name(&path),
				.error = strerror(err),
				.group = (unsigned int)device->group,
				.others = text,
				.driver = device->driver,
				.subsystem = "vfio",
				.rule = "SUBSYSTEM==\\\"vfio\\\"",
			});
}

/*
 * Returns false if /dev/iommu cannot be opened: nothing is said about the device's own file then.
 */
static bool check_iommu_node(struct host_report *report)
{
	struct host_path path = host_path("/dev/iommu");
	int err = check_open(&path);
	bool absent = err == ENOENT || err == ENODEV;

	host_report_add(report, absent ? FOUND_NODE_NO_IOMMUFD : check_find_node(&path, err),
			(struct host_facts){
				.path = host_path_name(&path),
				.error = strerror(err),
				.rule = "KERNEL==\\\"iommu\\\"",
			});
	return err == 0;
}

/* Whether another process has such a device shows only when it is bound to an IOMMU. */
static void check_own_node(struct host_report *report, const struct host_device *device)
{
	struct host_path path = host_path("/dev/vfio/devices/vfio%d", device->cdev);
	struct host_holders holders = { .count = 0 };
	enum host_found found = FOUND_NODE_NO_CDEV;
	char text[HOST_HOLDERS_TEXT];
	int err = check_open(&path);

	if (err == 0)
		host_find_holders(device, &holders);
	host_name_holders(&holders, text);
	if (device->cdev >= 0)
		found = holders.count ? FOUND_NODE_HELD : check_find_node(&path, err);
	host_report_add(report, found,
			(struct host_facts){
				.path = host_path_name(&path),
				.error = strerror(err),
				.others = text,
				.driver = device->driver,
				.subsystem = "vfio-dev",
				.rule = "SUBSYSTEM==\\\"vfio-dev\\\"",
			});
}

static bool check_group_given(const struct host_device *device, const struct host_demand *demand)
{
	for (unsigned int i = 0; i < demand->group_count; i++)
		if (demand->groups[i] == device->group)
			return true;
	return false;
}

/* A file that is open already need not be opened. */
void host_check_node(struct host_report *report, const struct host_device *device,
		     const struct host_demand *demand)
{
	if (device->group < 0 || host_group_is_fake(device->group) || !host_has_vfio_driver(device))
		return;
	if (host_choose_access(device, demand->access) == HOST_ACCESS_GROUP) {
		if (!check_group_given(device, demand))
			check_group_node(report, device);
		return;
	}
	if (!demand->iommu_given && !check_iommu_node(report))
		return;
	if (!demand->device_given)
		check_own_node(report, device);
}
