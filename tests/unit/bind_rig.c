/* SPDX-License-Identifier: MIT */
#include "bind_rig.h"

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "host_tree.h"
#include "vfio/host/check/host_doctor.h"

void bind_rig_begin(const char *situation)
{
	fake_sysfs_begin();
	host_tree_make(situation);
}

void bind_rig_expect_driver(const char *bdf, const char *driver)
{
	struct host_device device;

	ck_assert_int_eq(host_read_device(bdf, &device), 0);
	ck_assert_str_eq(device.driver, driver);
}

void bind_rig_expect_override(const char *bdf, const char *driver)
{
	char text[HOST_DRIVER_MAX];

	host_read_attribute(bdf, "driver_override", text, sizeof(text));
	ck_assert_str_eq(text, driver);
}

void bind_rig_expect_records(int count)
{
	struct host_path path = host_path("/run/minivmm");
	struct host_dir dir;

	host_dir_read(&dir, &path);
	ck_assert_int_eq(dir.count, count);
	host_dir_free(&dir);
}

const struct host_bind_checks bind_checks = {
	.bindable = host_check_bindable,
	.unused = host_check_unused,
	.explain = host_explain_vfio,
};

const struct host_bind_options bind_plain = { .checks = &bind_checks };
const struct host_bind_options bind_forced = { .force = true, .checks = &bind_checks };

int bind_rig_bind(const char *bdf, const struct host_bind_options *options,
		  struct stderr_text *caught)
{
	char bdfs[1][HOST_BDF_MAX];
	int ret;

	strcpy(bdfs[0], bdf);
	stderr_begin(caught);
	fake_sysfs->said = caught->fd;
	ret = host_bind((const char(*)[HOST_BDF_MAX])bdfs, 1, options);
	stderr_end(caught);
	return ret;
}

int bind_rig_restore(const char *bdf, const struct host_bind_options *options,
		     struct stderr_text *caught)
{
	char bdfs[1][HOST_BDF_MAX];
	int ret;

	strcpy(bdfs[0], bdf ? bdf : "");
	stderr_begin(caught);
	ret = host_restore((const char(*)[HOST_BDF_MAX])bdfs, bdf ? 1 : 0, options);
	stderr_end(caught);
	return ret;
}

int bind_rig_hold(struct host_held *held, const char *bdf)
{
	struct stderr_text caught;
	char bdfs[1][HOST_BDF_MAX];
	int ret;

	strcpy(bdfs[0], bdf);
	stderr_begin(&caught);
	ret = host_hold(held, (const char(*)[HOST_BDF_MAX])bdfs, 1, &bind_checks);
	stderr_end(&caught);
	return ret;
}

void bind_rig_kill(struct host_held *held)
{
	while (held->count)
		close(held->locks[--held->count]);
}
