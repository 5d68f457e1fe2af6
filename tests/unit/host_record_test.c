/* SPDX-License-Identifier: MIT */
/*
 * vfio/host/bind/host_record.c and host_restore.c: what minivmm writes down of a device before it
 * binds it. Records are not believed blindly.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bind_rig.h"
#include "host_tree.h"
#include "unit.h"
#include "vfio/host/bind/host_record.h"

static const struct {
	const char *text;
	bool valid;
} records[] = {
	{ "id 8086:a808\ndriver nvme\noverride \nrun 0\n", true },
	{ "id 8086:a808\ndriver \noverride nvme\nrun 1\n", true },
	{ "", false },
	{ "id 8086:a808\n", false },
	{ "id 8086:a808\ndriver nvme\noverride \n", false },
	{ "id here\ndriver nvme\noverride \nrun 0\n", false },
	{ "id 8086:a808\ndriver ../../devices\noverride \nrun 0\n", false },
	{ "id 8086:a808\ndriver nvme\noverride a/b\nrun 0\n", false },
	{ "id 8086:a808\ndriver ..\noverride \nrun 0\n", false },
	{ "id 8086:a808\ndriver -r\noverride \nrun 0\n", false },
	{ "id 8086:a808\ndriver budget_ci dvb\noverride v1.0+\nrun 0\n", true },
};

START_TEST(record_is_checked)
{
	struct host_record record;
	struct stderr_text caught;
	FILE *file;
	int folder;

	bind_rig_begin("ready");
	folder = host_records_open(true, true);
	ck_assert_int_ge(folder, 0);
	file = fdopen(openat(folder, NVME, O_WRONLY | O_CREAT, 0600), "w");
	fputs(records[_i].text, file);
	fclose(file);
	stderr_begin(&caught);
	ck_assert_int_eq(host_record_read(folder, NVME, &record), records[_i].valid ? 0 : -EINVAL);
	stderr_end(&caught);
	close(folder);
}
END_TEST

/* What is written can be read again. Otherwise it is not written. */
static const struct {
	const char *driver, *overridden;
	bool valid;
} names[] = {
	{ "", "", true },
	{ "budget_ci dvb", "", true },
	{ "C-Media.8788+", "a b", true },
	{ "..", "", false },
	{ "a/b", "", false },
	{ "-C", "", false },
	{ "nvme", "a\nrun 0", false },
};

START_TEST(record_comes_back)
{
	struct host_record record = { .bdf = NVME, .vendor = 0x8086, .device = 1 }, read;
	struct stderr_text caught;
	int folder, ret;

	bind_rig_begin("ready");
	strcpy(record.driver, names[_i].driver);
	strcpy(record.overridden, names[_i].overridden);
	folder = host_records_open(true, true);
	stderr_begin(&caught);
	ret = host_record_write(folder, &record);
	stderr_end(&caught);
	ck_assert_int_eq(ret, names[_i].valid ? 0 : -EINVAL);
	bind_rig_expect_records(names[_i].valid);
	if (names[_i].valid) {
		ck_assert_int_eq(host_record_read(folder, NVME, &read), 0);
		ck_assert_str_eq(read.driver, names[_i].driver);
		ck_assert_str_eq(read.overridden, names[_i].overridden);
	}
	close(folder);
}
END_TEST

/* Without a record nothing is changed. */
START_TEST(unrecorded_is_not_bound)
{
	struct stderr_text caught;

	bind_rig_begin("ready");
	host_tree_run("echo ../nvme > $root/sys/bus/pci/devices/" HOST_SSD "/driver_override");
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), -EINVAL);
	stderr_holds(&caught, HOST_SSD ": ");
	bind_rig_expect_driver(HOST_SSD, "nvme");
	bind_rig_expect_override(HOST_SSD, "../nvme");
	bind_rig_expect_records(0);
}
END_TEST

/* Where records belong there are links and strange files, or others may write into the folder. */
START_TEST(planted_records_are_not_followed)
{
	struct host_record record = { .bdf = NVME };
	struct stderr_text caught;
	int folder;

	bind_rig_begin("ready");
	folder = host_records_open(true, true);
	host_tree_run("echo untouched > $root/target; ln -s ../../target $root/run/minivmm/" NVME
		      "; ln -s ../../target $root/run/minivmm/.new; "
		      "mkfifo $root/run/minivmm/" HOST_SSD);
	stderr_begin(&caught);
	/* A start must not wait for a driver that another minivmm waits for. */
	ck_assert_int_eq(host_records_open(false, false), -EWOULDBLOCK);
	ck_assert_int_eq(host_record_read(folder, NVME, &record), -ELOOP);
	ck_assert_int_lt(host_record_read(folder, HOST_SSD, &record), 0);
	ck_assert_int_eq(host_record_write(folder, &record), 0);
	host_tree_run("chmod 777 $root/run/minivmm");
	ck_assert_int_eq(host_records_open(false, true), -EPERM);
	host_tree_run("mv $root/run/minivmm $root/run/away; ln -s away $root/run/minivmm");
	ck_assert_int_lt(host_records_open(true, true), 0);
	stderr_end(&caught);
	close(folder);
	host_tree_run("[ \"$(cat $root/target)\" = untouched ]");
}
END_TEST

/* There is another device at the same place, or none. Nothing is written, and the record goes. */
START_TEST(device_was_exchanged)
{
	struct stderr_text caught;

	bind_rig_begin("ready");
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), 0);
	host_tree_run("echo 0x1234 > $root/sys/bus/pci/devices/" HOST_SSD "/device");
	ck_assert_int_eq(bind_rig_restore(NULL, &bind_plain, &caught), 0);
	stderr_holds(&caught, "is gone");
	bind_rig_expect_driver(HOST_SSD, "vfio-pci");
	bind_rig_expect_records(0);
}
END_TEST

/*
 * The driver that had the device is no more. This is said, and the record is kept for another
 * try.
 */
START_TEST(driver_has_gone)
{
	struct stderr_text caught;

	bind_rig_begin("ready");
	ck_assert_int_eq(bind_rig_bind(NIC, &bind_plain, &caught), 0);
	host_tree_run("rm -r $root/sys/bus/pci/drivers/e1000e");
	ck_assert_int_eq(bind_rig_restore(NULL, &bind_plain, &caught), -ENODEV);
	stderr_holds(&caught, "its former driver e1000e does not take it back");
	ck_assert_str_eq(fake_sysfs->last_module, "e1000e");
	bind_rig_expect_records(1);
	fake_sysfs->modules_work = true;
	ck_assert_int_eq(bind_rig_restore(NULL, &bind_plain, &caught), 0);
	bind_rig_expect_driver(NIC, "e1000e");
}
END_TEST

UNIT_MAIN("host_record", { record_is_checked, UNIT_COUNT(records) },
	  { record_comes_back, UNIT_COUNT(names) }, { unrecorded_is_not_bound, 0 },
	  { planted_records_are_not_followed, 0 }, { device_was_exchanged, 0 },
	  { driver_has_gone, 0 })
