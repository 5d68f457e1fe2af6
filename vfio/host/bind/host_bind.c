/* SPDX-License-Identifier: MIT */
#include "host_bind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host_change.h"
#include "host_persist.h"
#include "host_record.h"
#include "host_rebind.h"
#include "vfio/host/look/host_vfio_driver.h"
#include "vmm/trace/log.h"

#define BIND_TARGETS_MAX HOST_HELD_MAX

/* The devices that go over: those that were named, and the rest of their groups. */
struct bind_targets {
	struct host_device devices[BIND_TARGETS_MAX];
	unsigned int count;
	const char *named; /* the device whose group is being added */
};

static bool bind_has_target(const struct bind_targets *targets, const char *bdf)
{
	for (unsigned int i = 0; i < targets->count; i++)
		if (strcmp(targets->devices[i].bdf, bdf) == 0)
			return true;
	return false;
}

/*
 * A bridge to another bus stays. Other bridges, such as to LPC, go only if their driver is in the
 * way.
 */
static bool bind_goes_along(const struct host_device *member, const char *named)
{
	if (member->class_code >> 16 != PCI_BASE_CLASS_BRIDGE || strcmp(member->bdf, named) == 0)
		return true;
	return !host_is_bridge(member) && !host_is_harmless(member);
}

static int bind_visit_member(const struct host_device *member, void *arg)
{
	struct bind_targets *targets = arg;

	if (!bind_goes_along(member, targets->named) || bind_has_target(targets, member->bdf))
		return 0;
	if (targets->count == BIND_TARGETS_MAX) {
		log_error(targets->named, "more than %d devices at once", BIND_TARGETS_MAX);
		return -ENOSPC;
	}
	targets->devices[targets->count++] = *member;
	return 0;
}

static int bind_collect(struct bind_targets *targets, const char (*bdfs)[HOST_BDF_MAX],
			unsigned int count, const struct host_bind_checks *checks)
{
	for (unsigned int i = 0; i < count; i++) {
		struct host_device device;
		int ret;

		host_read_device(bdfs[i], &device);
		ret = checks->bindable(&device);
		targets->named = bdfs[i];
		if (ret == 0 && device.group < 0) /* it may get one from the driver */
			ret = bind_visit_member(&device, targets);
		else if (ret == 0)
			ret = host_for_each_in_group(device.group, bind_visit_member, targets);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static bool bind_is_named(const char *bdf, const char (*bdfs)[HOST_BDF_MAX], unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (strcmp(bdfs[i], bdf) == 0)
			return true;
	return false;
}

/* Say which others of the group are taken along before it is done. */
static void bind_announce(const struct bind_targets *targets, const char (*bdfs)[HOST_BDF_MAX],
			  unsigned int count)
{
	for (unsigned int i = 0; i < targets->count; i++) {
		const struct host_device *device = &targets->devices[i];

		if (!bind_is_named(device->bdf, bdfs, count) && !host_has_vfio_driver(device))
			log_info(device->bdf,
				 "is handed over too: it is in the same IOMMU group, %d%s%s",
				 device->group, device->driver[0] ? ", and now bound to " : "",
				 device->driver);
	}
}

/* Look at all of them before refusing, so that all problems are named at once. */
static int bind_check_uses(const struct bind_targets *targets,
			   const struct host_bind_options *options)
{
	int ret = 0;

	for (unsigned int i = 0; i < targets->count; i++) {
		const struct host_device *device = &targets->devices[i];
		int one = 0;

		if (device->driver[0] && !host_has_vfio_driver(device))
			one = options->checks->unused(device, options->force);
		ret = one < 0 ? one : ret;
	}
	return ret;
}

static int bind_load_driver(const struct host_bind_checks *checks)
{
	struct host_path driver = host_path("/sys/bus/pci/drivers/%s", HOST_VFIO_DRIVER);

	if (!host_path_exists(&driver))
		host_load_module(HOST_VFIO_DRIVER);
	if (host_path_exists(&driver))
		return 0;
	checks->explain();
	return -ENODEV;
}

/* ---- one device ---- */

/*
 * This device, which a killed start left there, has now been bound by hand: no other start gives
 * it back.
 */
static int bind_keep(int folder, const char *bdf)
{
	struct host_record record;

	if (host_record_read(folder, bdf, &record) < 0 || !host_record_is_stale(folder, &record))
		return 0;
	record.run = false;
	return host_record_write(folder, &record);
}

/* The driver that knows most of this device, or vfio-pci if that driver cannot be loaded. */
static void bind_choose_driver(const char *bdf, bool load, char driver[HOST_DRIVER_MAX])
{
	char module[HOST_DRIVER_MAX];

	strcpy(driver, HOST_VFIO_DRIVER);
	if (!host_find_vfio_module(bdf, module))
		return;
	if (load)
		host_load_module(module);
	if (!host_find_module_driver(module, driver) && load)
		log_info(bdf, "%s, a VFIO driver made for this device, is not loaded", module);
}

static int bind_one(int folder, const struct host_device *device, bool run)
{
	char driver[HOST_DRIVER_MAX];
	struct host_record record;
	int ret;

	if (host_has_vfio_driver(device))
		return run ? 0 : bind_keep(folder, device->bdf);
	bind_choose_driver(device->bdf, true, driver);
	host_record_make(device, run, &record);
	ret = host_record_write(folder, &record);
	if (ret < 0)
		return ret;
	ret = host_rebind(device, driver);
	/* The driver may still let the device go, and the record is needed then. */
	if (ret == -EINTR)
		log_fix("sudo %s restore %s   # once it has let go", program_invocation_name,
			device->bdf);
	else if (ret < 0)
		host_restore_record(folder, &record, false);
	return ret;
}

static void bind_undo(int folder, const struct bind_targets *targets, unsigned int done)
{
	while (done--) {
		struct host_record record;

		if (!host_has_vfio_driver(&targets->devices[done]) &&
		    host_record_read(folder, targets->devices[done].bdf, &record) == 0)
			host_restore_record(folder, &record, false);
	}
}

static int bind_all(int folder, const struct bind_targets *targets, bool run,
		    const struct host_bind_checks *checks)
{
	int ret = bind_load_driver(checks);

	for (unsigned int i = 0; i < targets->count && ret == 0; i++) {
		ret = bind_one(folder, &targets->devices[i], run);
		if (ret < 0)
			bind_undo(folder, targets, i);
	}
	return ret;
}

/*
 * The caller has locked the folder of records, unless nothing is to be changed. What is read here
 * goes into the records, and another minivmm may be about to change it.
 */
static int bind_prepare(struct bind_targets *targets, const char (*bdfs)[HOST_BDF_MAX],
			unsigned int count, const struct host_bind_options *options)
{
	int ret = bind_collect(targets, bdfs, count, options->checks);

	if (ret < 0)
		return ret;
	bind_announce(targets, bdfs, count);
	ret = bind_check_uses(targets, options);
	if (ret < 0)
		log_fix("sudo %s bind --force %s   # all the same, if you know what then stops",
			program_invocation_name, bdfs[0]);
	return ret;
}

static void bind_tell(const struct bind_targets *targets)
{
	for (unsigned int i = 0; i < targets->count; i++) {
		const struct host_device *before = &targets->devices[i];
		struct host_device now;

		if (host_read_device(before->bdf, &now) < 0)
			continue;
		if (host_has_vfio_driver(before))
			log_info(now.bdf, "is already bound to %s", now.driver);
		else
			log_info(now.bdf, "is now bound to %s; before, to %s", now.driver,
				 before->driver[0] ? before->driver : "no driver");
	}
}

static void bind_print(const struct bind_targets *targets)
{
	char driver[HOST_DRIVER_MAX];

	printf("modprobe %s\n", HOST_VFIO_DRIVER);
	for (unsigned int i = 0; i < targets->count; i++) {
		if (host_has_vfio_driver(&targets->devices[i]))
			continue;
		bind_choose_driver(targets->devices[i].bdf, false, driver);
		host_print_bind(&targets->devices[i], driver);
	}
}

/* Write rules for the next boots with the drivers that the devices have now. */
static int bind_persist(const struct bind_targets *targets)
{
	int ret = 0;

	for (unsigned int i = 0; i < targets->count && ret == 0; i++) {
		struct host_device now;

		ret = host_read_device(targets->devices[i].bdf, &now);
		if (ret == 0)
			ret = host_persist_add(&now, now.driver);
	}
	if (ret == 0)
		host_persist_tell();
	return ret;
}

int host_bind(const char (*bdfs)[HOST_BDF_MAX], unsigned int count,
	      const struct host_bind_options *options)
{
	struct bind_targets targets = { .count = 0 };
	int folder, ret;

	if (options->dry_run) {
		ret = bind_prepare(&targets, bdfs, count, options);
		if (ret == 0)
			bind_print(&targets);
		return ret;
	}
	folder = host_records_open_as_root("bind", bdfs, count);
	if (folder < 0)
		return folder;
	ret = bind_prepare(&targets, bdfs, count, options);
	if (ret == 0)
		ret = bind_all(folder, &targets, false, options->checks);
	close(folder);
	if (ret < 0)
		return ret;
	bind_tell(&targets);
	return options->persist ? bind_persist(&targets) : 0;
}

/* ---- for one start ---- */

static void hold_undo(struct host_held *held, int folder, const struct bind_targets *targets)
{
	while (held->count)
		close(held->locks[--held->count]);
	bind_undo(folder, targets, targets->count);
}

/* A device that was at vfio-pci without a record of a run stays there. */
static int hold_lock(struct host_held *held, int folder, const struct bind_targets *targets)
{
	for (unsigned int i = 0; i < targets->count; i++) {
		const char *bdf = targets->devices[i].bdf;
		struct host_record record;
		int lock;

		if (host_record_read(folder, bdf, &record) < 0 || !record.run)
			continue;
		lock = host_record_lock(folder, bdf);
		if (lock < 0) {
			hold_undo(held, folder, targets);
			return log_errno(bdf, lock, "lock its record, which another minivmm holds");
		}
		strcpy(held->bdfs[held->count], bdf);
		held->locks[held->count++] = lock;
	}
	return 0;
}

int host_hold(struct host_held *held, const char (*bdfs)[HOST_BDF_MAX], unsigned int count,
	      const struct host_bind_checks *checks)
{
	const struct host_bind_options options = { .checks = checks };
	struct bind_targets targets = { .count = 0 };
	int folder, ret;

	held->count = 0;
	held->checks = checks;
	folder = host_records_open_as_root("bind", bdfs, count);
	if (folder < 0)
		return folder;
	ret = bind_prepare(&targets, bdfs, count, &options);
	if (ret == 0)
		ret = bind_all(folder, &targets, true, checks);
	if (ret == 0)
		ret = hold_lock(held, folder, &targets);
	close(folder);
	return ret;
}

int host_hold_more(struct host_held *held, const char *bdf)
{
	char one[1][HOST_BDF_MAX];
	struct host_held more;
	int ret;

	for (unsigned int i = 0; i < held->count; i++)
		if (strcmp(held->bdfs[i], bdf) == 0)
			return 0; /* it came along with another device of its group */
	snprintf(one[0], sizeof(one[0]), "%s", bdf);
	ret = host_hold(&more, one, 1, held->checks);
	if (ret < 0)
		return ret;
	if (more.count > HOST_HELD_MAX - held->count) {
		host_release(&more);
		return log_errno(bdf, -ENOSPC, "hold more than %d devices", HOST_HELD_MAX);
	}
	memcpy(held->bdfs[held->count], more.bdfs, more.count * sizeof(more.bdfs[0]));
	memcpy(&held->locks[held->count], more.locks, more.count * sizeof(more.locks[0]));
	held->count += more.count;
	return 0;
}

/* The last device in the list takes the place of the one that is removed. */
static void release_one(struct host_held *held, unsigned int i, int folder)
{
	struct host_record record;

	if (folder >= 0 && host_record_read(folder, held->bdfs[i], &record) == 0)
		host_restore_record(folder, &record, false);
	close(held->locks[i]);
	held->count--;
	held->locks[i] = held->locks[held->count];
	memmove(held->bdfs[i], held->bdfs[held->count], sizeof(held->bdfs[i]));
}

void host_release(struct host_held *held)
{
	int folder = held->count ? host_records_open(false, true) : -1;

	while (held->count)
		release_one(held, held->count - 1, folder);
	if (folder >= 0)
		close(folder);
}

void host_release_group(struct host_held *held, int group)
{
	int folder = held->count ? host_records_open(false, true) : -1;
	struct host_device device;

	for (unsigned int i = held->count; i--;)
		if (host_read_device(held->bdfs[i], &device) == 0 && device.group == group)
			release_one(held, i, folder);
	if (folder >= 0)
		close(folder);
}
