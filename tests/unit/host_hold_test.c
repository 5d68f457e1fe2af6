/* SPDX-License-Identifier: MIT */
/*
 * vfio/host/bind/host_bind.c: devices that one start binds and gives back, also when other starts
 * come meanwhile, or when the start is killed.
 */
#include <errno.h>
#include <unistd.h>

#include "bind_rig.h"
#include "unit.h"
#include "vfio/host/bind/host_record.h"

START_TEST(held_for_a_start)
{
	struct host_held held = { .count = 0 };
	struct stderr_text caught;

	bind_rig_begin("ready");
	ck_assert_int_eq(bind_rig_hold(&held, HOST_SSD), 0);
	ck_assert_uint_eq(held.count, 1);
	bind_rig_expect_driver(HOST_SSD, "vfio-pci");
	/* A device of its group that comes later may ask for it once more. */
	ck_assert_int_eq(host_hold_more(&held, HOST_SSD), 0);
	ck_assert_uint_eq(held.count, 1);
	/* Meanwhile nobody else gives it back, whether it is named or not. */
	ck_assert_int_eq(bind_rig_restore(NULL, &bind_plain, &caught), -EBUSY);
	ck_assert_int_eq(bind_rig_restore(HOST_SSD, &bind_plain, &caught), -EBUSY);
	host_restore_stale(NULL, 0);
	bind_rig_expect_driver(HOST_SSD, "vfio-pci");
	host_release(&held);
	host_release(&held);
	bind_rig_expect_driver(HOST_SSD, "nvme");
	bind_rig_expect_records(0);
}
END_TEST

/* What the user bound with `bind` stays bound after a start with --bind. */
START_TEST(bound_before_stays_bound)
{
	struct host_held held = { .count = 0 };
	struct stderr_text caught;

	bind_rig_begin("ready");
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), 0);
	ck_assert_int_eq(bind_rig_hold(&held, HOST_SSD), 0);
	ck_assert_uint_eq(held.count, 0);
	host_release(&held);
	bind_rig_expect_driver(HOST_SSD, "vfio-pci");
	bind_rig_expect_records(1);
}
END_TEST

static struct host_held first;

static void hold_first(void)
{
	ck_assert_int_eq(bind_rig_hold(&first, HOST_SSD), 0);
}

static void bind_first(void)
{
	struct stderr_text caught;

	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), 0);
}

/*
 * Two starts come at once. The second one sees what the first has done, and does not record that
 * as the past.
 */
START_TEST(second_start_is_refused)
{
	struct host_held second = { .count = 0 };

	bind_rig_begin("ready");
	fake_sysfs->meanwhile = hold_first;
	ck_assert_int_eq(bind_rig_hold(&second, HOST_SSD), -EWOULDBLOCK);
	ck_assert_uint_eq(second.count, 0);
	ck_assert_uint_eq(first.count, 1);
	bind_rig_expect_driver(HOST_SSD, "vfio-pci");
	host_release(&first);
	bind_rig_expect_driver(HOST_SSD, "nvme");
	bind_rig_expect_override(HOST_SSD, "(null)");
	bind_rig_expect_records(0);
}
END_TEST

START_TEST(second_bind_changes_nothing)
{
	struct stderr_text caught;

	bind_rig_begin("ready");
	fake_sysfs->meanwhile = bind_first;
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), 0);
	stderr_holds(&caught, "is already bound to vfio-pci");
	ck_assert_int_eq(bind_rig_restore(NULL, &bind_plain, &caught), 0);
	bind_rig_expect_driver(HOST_SSD, "nvme");
	bind_rig_expect_override(HOST_SSD, "(null)");
}
END_TEST

START_TEST(killed_start_is_tidied_up)
{
	char other[1][HOST_BDF_MAX] = { NIC }, same[1][HOST_BDF_MAX] = { HOST_SSD };
	struct host_held held = { .count = 0 };
	struct stderr_text caught;

	bind_rig_begin("ready");
	ck_assert_int_eq(bind_rig_hold(&held, HOST_SSD), 0);
	bind_rig_kill(&held);
	bind_rig_expect_driver(HOST_SSD, "vfio-pci");
	/* A device that is about to be used is left alone. */
	host_restore_stale((const char(*)[HOST_BDF_MAX])same, 1);
	bind_rig_expect_driver(HOST_SSD, "vfio-pci");
	if (geteuid() == 0) {
		stderr_begin(&caught);
		host_restore_stale((const char(*)[HOST_BDF_MAX])other, 1);
		stderr_end(&caught);
		stderr_holds(&caught, HOST_SSD ": a minivmm that was killed left it");
	} else {
		ck_assert_int_eq(bind_rig_restore(NULL, &bind_plain, &caught), 0);
	}
	bind_rig_expect_driver(HOST_SSD, "nvme");
	bind_rig_expect_records(0);
}
END_TEST

START_TEST(killed_start_is_taken_over)
{
	struct host_held held = { .count = 0 };

	bind_rig_begin("ready");
	ck_assert_int_eq(bind_rig_hold(&held, HOST_SSD), 0);
	bind_rig_kill(&held);
	ck_assert_int_eq(bind_rig_hold(&held, HOST_SSD), 0);
	ck_assert_uint_eq(held.count, 1);
	host_release(&held);
	bind_rig_expect_driver(HOST_SSD, "nvme");
	bind_rig_expect_records(0);
}
END_TEST

/*
 * The device is bound by hand after a start was killed. It stays bound, and its record still
 * tells the way back.
 */
START_TEST(killed_start_is_bound_for_good)
{
	struct host_held held = { .count = 0 };
	struct host_record record;
	struct stderr_text caught;
	int folder;

	bind_rig_begin("ready");
	ck_assert_int_eq(bind_rig_hold(&held, HOST_SSD), 0);
	bind_rig_kill(&held);
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), 0);
	folder = host_records_open(false, true);
	ck_assert_int_eq(host_record_read(folder, HOST_SSD, &record), 0);
	close(folder);
	ck_assert(!record.run);
	host_restore_stale(NULL, 0);
	bind_rig_expect_driver(HOST_SSD, "vfio-pci");
	ck_assert_int_eq(bind_rig_hold(&held, HOST_SSD), 0);
	ck_assert_uint_eq(held.count, 0);
	ck_assert_int_eq(bind_rig_restore(NULL, &bind_plain, &caught), 0);
	bind_rig_expect_driver(HOST_SSD, "nvme");
}
END_TEST

/* A device that a running minivmm holds remains its own. */
START_TEST(running_start_keeps_its_record)
{
	struct host_held held = { .count = 0 };
	struct stderr_text caught;

	bind_rig_begin("ready");
	ck_assert_int_eq(bind_rig_hold(&held, HOST_SSD), 0);
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &bind_plain, &caught), 0);
	ck_assert_int_eq(bind_rig_restore(NULL, &bind_plain, &caught), -EBUSY);
	host_release(&held);
	bind_rig_expect_driver(HOST_SSD, "nvme");
	bind_rig_expect_records(0);
}
END_TEST

UNIT_MAIN("host_hold", { held_for_a_start, 0 }, { bound_before_stays_bound, 0 },
	  { second_start_is_refused, 0 }, { second_bind_changes_nothing, 0 },
	  { killed_start_is_tidied_up, 0 }, { killed_start_is_taken_over, 0 },
	  { killed_start_is_bound_for_good, 0 }, { running_start_keeps_its_record, 0 })
