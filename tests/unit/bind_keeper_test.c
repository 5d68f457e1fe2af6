/* SPDX-License-Identifier: MIT */
/*
 * vmm/bind_keeper.c: which orders the keeper obeys, as a child and without one. No device has the
 * name used here.
 */
#include <errno.h>

#include "host_tree.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/host/check/host_doctor.h"
#include "vmm/bind_keeper.h"

#define NOBODY "0000:7f:1f.7"

static const struct {
	bool child, more;
	int wanted;
	const char *words;
} orders[] = {
	{ true, false, -EPERM, "bind it while the guest runs" },
	{ false, false, -EPERM, "bind it while the guest runs" },
	{ true, true, -ENODEV, NOBODY },
	{ false, true, -ENODEV, NOBODY },
};

static const struct host_bind_checks checks = {
	.bindable = host_check_bindable,
	.unused = host_check_unused,
	.explain = host_explain_vfio,
};

START_TEST(binds_one_more_only_where_devices_may_come)
{
	struct host_held held = { .checks = &checks };
	struct bind_keeper keeper;
	struct stderr_text caught;
	int ret;

	host_tree_make("ready");
	stderr_begin(&caught);
	ck_assert_int_eq(bind_keeper_start(&keeper, &held, orders[_i].child, orders[_i].more), 0);
	ret = bind_keeper_hold(&keeper, NOBODY);
	bind_keeper_release(&keeper, 7);
	bind_keeper_finish(&keeper);
	stderr_end(&caught);
	ck_assert_int_eq(ret, orders[_i].wanted);
	stderr_holds(&caught, orders[_i].words);
	host_tree_remove();
}
END_TEST

UNIT_MAIN("bind_keeper", { binds_one_more_only_where_devices_may_come, UNIT_COUNT(orders) })
