/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_acs.h"
#include "host_check.h"
#include "vfio/host/look/host_use.h"

#define PCI_BASE_CLASS_DISPLAY 0x03

#define CHECK_TEXT_MAX 1024

void host_report_fix_command(struct host_report *report, const char *command, const char *bdf)
{
	/* As it was started: it need not be installed, nor in sudo's path. */
	host_report_fix(report, "sudo %s %s %s", program_invocation_name, command, bdf);
}

/* ---- device ---- */

void host_check_exists(struct host_report *report, const struct host_device *device,
		       const struct host_guest *guest)
{
	struct host_path path = host_device_path(device->bdf, "");

	(void)guest;
	if (!host_path_exists(&path)) {
		host_report_add(report, HOST_FAIL, "no such PCI device on this host: %s",
				strerror(ENODEV));
		host_report_fix(report, "%s list --all   # lists the devices there are",
				program_invocation_name);
	} else if (host_is_bridge(device)) {
		host_report_add(
			report, HOST_FAIL,
			"a PCI bridge: it serves the devices behind it and cannot be passed "
			"through itself");
	} else {
		host_report_add(report, HOST_OK, "%04x:%04x, class %06x", device->vendor,
				device->device, device->class_code);
	}
}

/* ---- config ---- */

static void check_add_wake_fixes(struct host_report *report, const struct host_device *device)
{
	const char *bdf = device->bdf;
	char allowed[8];

	host_report_fix(
		report,
		"echo on | sudo tee /sys/bus/pci/devices/%s/power/control   # keep it awake", bdf);
	host_read_attribute(bdf, "d3cold_allowed", allowed, sizeof(allowed));
	if (allowed[0] == '1')
		host_report_fix(report, "echo 0 | sudo tee /sys/bus/pci/devices/%s/d3cold_allowed",
				bdf);
	if (device->class_code >> 16 == PCI_BASE_CLASS_DISPLAY)
		host_report_fix(
			report,
			"echo ON | sudo tee /sys/kernel/debug/vgaswitcheroo/switch   # a laptop "
			"with two GPUs switches off the one that is not in use");
	host_report_fix(report,
			"echo 1 | sudo tee /sys/bus/pci/devices/%s/remove; echo 1 | sudo tee "
			"/sys/bus/pci/rescan   # if that did not help: find it anew",
			bdf);
}

/* lspci shows such a device as "rev ff". To open it would make the kernel wait a minute for it. */
void host_check_answers(struct host_report *report, const struct host_device *device,
			const struct host_guest *guest)
{
	int ret = host_reads_all_ones(device->bdf);
	char state[16], status[16];

	(void)guest;
	host_read_attribute(device->bdf, "power_state", state, sizeof(state));
	host_read_attribute(device->bdf, "power/runtime_status", status, sizeof(status));
	if (ret < 0) {
		host_report_add(report, HOST_FAIL, "read its configuration space: %s",
				strerror(-ret));
	} else if (ret == 0) {
		host_report_add(report, HOST_OK, "its configuration space answers");
	} else {
		host_report_add(report, HOST_FAIL,
				"its configuration space reads all-ones (lspci: rev ff): it is "
				"powered off, or gone from the bus%s%s%s%s",
				state[0] ? "; power state " : "", state,
				status[0] ? ", runtime power management: " : "", status);
		check_add_wake_fixes(report, device);
	}
}

/* ---- iommu, of one device ---- */

/* A line of reserved_regions that ends in `direct`: the firmware goes on using that memory. */
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

void host_check_isolated(struct host_report *report, const struct host_device *device,
			 const struct host_guest *guest)
{
	if (device->group >= 0 && check_has_direct_region(device->group)) {
		host_report_add(report, HOST_FAIL,
				"the firmware keeps memory for it (RMRR) that would have to stay "
				"mapped: the kernel does not pass such a device through");
		host_report_fix(report, "look in the firmware setup for an option that frees it "
					"(legacy USB support, remote management, shared memory of "
					"storage controllers)");
	} else if (device->group >= 0) {
		host_report_add(report, HOST_OK, "IOMMU group %d", device->group);
	} else if (host_count_groups()) {
		host_report_add(report, HOST_FAIL,
				"it is in no IOMMU group: this host's IOMMU does not cover it");
	} else {
		host_check_iommu(report, guest);
	}
}

/* ---- driver ---- */

static void check_add_uses(struct host_report *report, const struct host_device *device)
{
	struct host_use uses[HOST_USES_MAX];
	unsigned int count = host_find_uses(device, uses);

	for (unsigned int i = 0; i < count; i++) {
		host_report_add(report, HOST_FAIL, "in use by this host: %s", uses[i].what);
		if (uses[i].fix[0])
			host_report_fix(report, "%s", uses[i].fix);
	}
}

void host_check_driver(struct host_report *report, const struct host_device *device,
		       const struct host_guest *guest)
{
	(void)guest;
	if (host_has_vfio_driver(device)) {
		host_report_add(report, HOST_OK, "bound to %s", HOST_VFIO_DRIVER);
		return;
	}
	if (device->driver[0])
		check_add_uses(report, device);
	if (device->driver[0])
		host_report_add(report, HOST_FAIL, "bound to the host's driver %s, not to %s",
				device->driver, HOST_VFIO_DRIVER);
	else
		host_report_add(report, HOST_FAIL, "not bound to %s: no driver has it",
				HOST_VFIO_DRIVER);
	host_report_fix_command(report, "bind", device->bdf);
}

/* ---- group ---- */

struct check_members {
	const struct host_device *device; /* the one that is checked, itself a member */
	unsigned int others, obstacles;   /* bridges count only where their driver is in the way */
	char text[CHECK_TEXT_MAX];
	struct host_device first; /* of the obstacles */
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

/* A bridge is never handed over; it works without a driver. */
static void check_add_group_fix(struct host_report *report, const struct host_device *obstacle)
{
	if (host_is_bridge(obstacle))
		host_report_fix(report, "echo %s | sudo tee /sys/bus/pci/drivers/%s/unbind",
				obstacle->bdf, obstacle->driver);
	else
		host_report_fix_command(report, "bind", obstacle->bdf);
}

void host_check_group(struct host_report *report, const struct host_device *device,
		      const struct host_guest *guest)
{
	struct check_members members = { .device = device };
	char why[HOST_ACS_TEXT_MAX];

	(void)guest;
	if (device->group < 0)
		return;
	host_for_each_in_group(device->group, check_visit_member, &members);
	host_explain_group(device->bdf, why);
	if (!members.others) {
		host_report_add(report, HOST_OK, "alone in IOMMU group %d", device->group);
	} else if (!members.obstacles) {
		host_report_add(report, HOST_OK,
				"IOMMU group %d goes to one guest together: %s (%s)", device->group,
				members.text, why);
	} else {
		host_report_add(
			report, HOST_FAIL,
			"IOMMU group %d is not viable: %u of its other devices must be handed "
			"over too: %s (%s)",
			device->group, members.obstacles, members.text, why);
		check_add_group_fix(report, &members.first);
	}
}

/* ---- node ---- */

static struct host_path check_group_path(const struct host_device *device)
{
	return host_path("/dev/vfio/%d", device->group);
}

/* A kernel may be built without groups. */
enum host_way host_choose_way(const struct host_device *device, enum host_way way)
{
	struct host_path group = check_group_path(device), iommu = host_path("/dev/iommu");

	if (way != HOST_WAY_ANY)
		return way;
	return device->cdev >= 0 && !host_path_exists(&group) && host_path_exists(&iommu)
		       ? HOST_WAY_IOMMUFD
		       : HOST_WAY_GROUP;
}

/* `rule` is what a udev rule knows the file by. */
static void check_node_denied(struct host_report *report, const char *path, const char *rule,
			      int err)
{
	host_report_add(report, HOST_FAIL, "%s: open: %s", path, strerror(err));
	if (err != EACCES && err != EPERM)
		return;
	host_report_fix(report, "sudo chown $USER %s   # until it is made anew", path);
	host_report_fix(report,
			"echo \"%s, OWNER=\\\"$USER\\\"\" | sudo tee "
			"/etc/udev/rules.d/60-minivmm.rules && sudo udevadm control --reload   "
			"# whenever it is made anew",
			rule);
}

static void check_node_missing(struct host_report *report, const char *path, const char *subsystem)
{
	host_report_add(report, HOST_FAIL, "%s is not there although %s has the device", path,
			HOST_VFIO_DRIVER);
	host_report_fix(report,
			"sudo udevadm trigger -s %s   # or is this a container that was not given "
			"the file?",
			subsystem);
}

/* 0, or what open() said. */
static int check_open(const struct host_path *path)
{
	int fd = open(path->text, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static const char *check_name(const struct host_path *path)
{
	return path->text + strlen(host_root());
}

/* The kernel lets a group be opened once; what is open elsewhere shows here. */
static void check_group_node(struct host_report *report, const struct host_device *device)
{
	struct host_path path = check_group_path(device);
	const char *name = check_name(&path);
	int err = check_open(&path);

	if (err == 0) {
		host_report_add(report, HOST_OK, "%s can be opened", name);
	} else if (err == EBUSY) {
		host_report_add(report, HOST_FAIL, "IOMMU group %d is in use by another process",
				device->group);
		host_report_fix(report, "sudo fuser -v %s   # shows which", name);
	} else if (err == ENOENT) {
		check_node_missing(report, name, "vfio");
	} else {
		check_node_denied(report, name, "SUBSYSTEM==\\\"vfio\\\"", err);
	}
}

/* False where it cannot: then nothing is said of the device's own file. */
static bool check_iommu_node(struct host_report *report)
{
	struct host_path iommu = host_path("/dev/iommu");
	int err = check_open(&iommu);

	if (err == 0) {
		host_report_add(report, HOST_OK, "/dev/iommu can be opened");
	} else if (err == ENOENT || err == ENODEV) {
		host_report_add(report, HOST_FAIL, "/dev/iommu: open: %s", strerror(err));
		host_report_fix(report, "sudo modprobe iommufd   # or iommufd=off: not every "
					"kernel has it");
	} else {
		check_node_denied(report, "/dev/iommu", "KERNEL==\\\"iommu\\\"", err);
	}
	return err == 0;
}

/* Whether somebody else has such a device shows only when it is bound to an IOMMU. */
static void check_own_node(struct host_report *report, const struct host_device *device)
{
	struct host_path own = host_path("/dev/vfio/devices/vfio%d", device->cdev);
	int err = check_open(&own);

	if (device->cdev < 0) {
		host_report_add(report, HOST_FAIL,
				"it has no file in /dev/vfio/devices: this kernel knows devices by "
				"their groups alone");
		host_report_fix(report, "--vfio %s   # without iommufd=", device->bdf);
	} else if (err == 0) {
		host_report_add(report, HOST_OK, "%s can be opened", check_name(&own));
	} else if (err == ENOENT) {
		check_node_missing(report, check_name(&own), "vfio-dev");
	} else {
		check_node_denied(report, check_name(&own), "SUBSYSTEM==\\\"vfio-dev\\\"", err);
	}
}

/* What is open already need not be opened. */
void host_check_node(struct host_report *report, const struct host_device *device,
		     const struct host_guest *guest)
{
	if (device->group < 0 || !host_has_vfio_driver(device))
		return;
	if (host_choose_way(device, guest->way) == HOST_WAY_GROUP) {
		check_group_node(report, device);
		return;
	}
	if (!guest->iommu_given && !check_iommu_node(report))
		return;
	if (!guest->device_given)
		check_own_node(report, device);
}
