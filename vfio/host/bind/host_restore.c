/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host_bind.h"
#include "host_change.h"
#include "host_persist.h"
#include "host_rebind.h"
#include "vmm/trace/log.h"

struct restore {
	const struct host_bind_options *options;
	unsigned int count;
	bool kept; /* the device at hand was bound for the next boots, and no longer is */
	int ret;   /* the -errno of the last failure */
};

static void restore_tell(const char *bdf)
{
	struct host_device device;

	if (host_read_device(bdf, &device) == 0)
		log_info(bdf, "is bound to %s", device.driver[0] ? device.driver : "no driver");
}

static int restore_visit(int folder, const struct host_record *record, void *arg)
{
	struct restore *restore = arg;
	int ret = 0;

	restore->count++;
	if (restore->options->dry_run) {
		host_print_restore(record);
		return 0;
	}
	if (record->run && !host_record_is_stale(folder, record) && !restore->options->force) {
		log_error(record->bdf, "in use: a running minivmm gives it back in the end");
		ret = -EBUSY;
	} else {
		ret = host_restore_record(folder, record, restore->options->force);
		if (ret == 0)
			restore_tell(record->bdf);
	}
	restore->ret = ret < 0 ? ret : restore->ret;
	return 0;
}

/*
 * The device was bound by other means. Without the override the kernel finds the driver that it
 * would have had.
 */
static int restore_unrecorded(int folder, const char *bdf, struct restore *restore)
{
	struct host_record record;
	struct host_device device;
	struct host_path probe = host_path("/sys/bus/pci/drivers_probe");
	int ret = host_read_device(bdf, &device);

	if (ret < 0)
		return log_errno(bdf, ret, "no such PCI device on this host");
	if (!host_has_vfio_driver(&device)) {
		if (!restore->kept)
			log_info(bdf, "is not bound to %s: nothing to restore", HOST_VFIO_DRIVER);
		return 0;
	}
	host_record_make(&device, false, &record);
	record.driver[0] = record.overridden[0] = '\0';
	if (restore->options->dry_run) {
		host_print_restore(&record);
		printf("echo %s > /sys/bus/pci/drivers_probe\n", bdf);
		return 0;
	}
	ret = host_restore_record(folder, &record, restore->options->force);
	if (ret < 0)
		return ret;
	host_write_attribute(&probe, bdf);
	restore_tell(bdf);
	return 0;
}

/* Remove the rule for the next boots first, because what follows may fail. */
static void restore_forget(const char *bdf, struct restore *restore)
{
	int ret = 0;

	restore->kept = host_is_persistent(bdf) && !restore->options->dry_run;
	if (!restore->kept)
		return;
	ret = host_persist_remove(bdf);
	if (ret == 0) {
		log_info(bdf, "is no longer bound at boot");
		host_persist_tell();
	}
	restore->ret = ret < 0 ? ret : restore->ret;
}

static void restore_named(int folder, const char *bdf, struct restore *restore)
{
	struct host_record record;
	int ret = folder < 0 ? -ENOENT : host_record_read(folder, bdf, &record);

	restore_forget(bdf, restore);
	if (ret == 0)
		restore_visit(folder, &record, restore);
	else if (ret == -ENOENT)
		ret = restore_unrecorded(folder, bdf, restore);
	restore->ret = ret < 0 ? ret : restore->ret;
}

struct restore_list {
	char bdfs[HOST_HELD_MAX][HOST_BDF_MAX];
	unsigned int count;
};

static void restore_list_add(const char *bdf, void *arg)
{
	struct restore_list *list = arg;

	if (list->count < HOST_HELD_MAX)
		strcpy(list->bdfs[list->count++], bdf);
}

/*
 * Restore the devices that are bound for the next boots. They need no record: a boot removes it.
 */
static void restore_persistent(int folder, struct restore *restore)
{
	struct restore_list list = { .count = 0 };

	host_for_each_persistent(restore_list_add, &list);
	for (unsigned int i = 0; i < list.count; i++)
		restore_named(folder, list.bdfs[i], restore);
	restore->count += list.count;
}

int host_restore(const char (*bdfs)[HOST_BDF_MAX], unsigned int count,
		 const struct host_bind_options *options)
{
	struct restore restore = { .options = options };
	int folder = options->dry_run ? host_records_open(false, true)
				      : host_records_open_as_root("restore", bdfs, count);

	if (folder < 0 && folder != -ENOENT)
		return folder;
	for (unsigned int i = 0; i < count; i++)
		restore_named(folder, bdfs[i], &restore);
	if (!count)
		restore_persistent(folder, &restore);
	if (!count && folder >= 0)
		host_for_each_record(folder, restore_visit, &restore);
	if (!count && !restore.count)
		log_info(NULL, "nothing to restore");
	if (folder >= 0)
		close(folder);
	return restore.ret;
}

/* ---- what a killed start left ---- */

struct restore_stale {
	const char (*bdfs)[HOST_BDF_MAX];
	unsigned int count;
};

static bool restore_is_wanted(const struct restore_stale *wanted, const char *bdf)
{
	struct host_device device, other;

	host_read_device(bdf, &device);
	for (unsigned int i = 0; i < wanted->count; i++) {
		host_read_device(wanted->bdfs[i], &other);
		if (strcmp(wanted->bdfs[i], bdf) == 0 ||
		    (device.group >= 0 && device.group == other.group))
			return true;
	}
	return false;
}

static int restore_visit_stale(int folder, const struct host_record *record, void *arg)
{
	if (!host_record_is_stale(folder, record) || restore_is_wanted(arg, record->bdf))
		return 0;
	log_info(record->bdf,
		 "a minivmm that was killed left it bound to %s: it is given back to %s",
		 HOST_VFIO_DRIVER, record->driver[0] ? record->driver : "nobody");
	host_restore_record(folder, record, false);
	return 0;
}

void host_restore_stale(const char (*bdfs)[HOST_BDF_MAX], unsigned int count)
{
	struct restore_stale wanted = { bdfs, count };
	int folder;

	if (geteuid() != 0)
		return;
	folder = host_records_open(false, false);
	if (folder < 0)
		return;
	host_for_each_record(folder, restore_visit_stale, &wanted);
	close(folder);
}
