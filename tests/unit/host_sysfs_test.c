/* SPDX-License-Identifier: MIT */
/* vfio/host/look/host_sysfs.c: addresses as people write them, and devices that are not there. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "host_tree.h"
#include "unit.h"
#include "vfio/host/look/host_sysfs.h"

static const struct {
	const char *text, *bdf; /* NULL: refused */
} addresses[] = {
	{ "01:00.0", "0000:01:00.0" },
	{ "0000:01:00.0", "0000:01:00.0" },
	{ "ffff:ff:1f.7", "ffff:ff:1f.7" },
	{ "00:00.0", "0000:00:00.0" },
	{ "10000:e1:00.0", "10000:e1:00.0" },
	{ "FFFFFFFF:e1:00.0", "ffffffff:e1:00.0" },
	{ "123456789:e1:00.0", NULL },
	{ "ABCD:EF:1F.7", "abcd:ef:1f.7" },
	{ "", NULL },
	{ "01", NULL },
	{ "01:00", NULL },
	{ "01:00.", NULL },
	{ "01:00.8", NULL },
	{ "01:00.00", NULL },
	{ "01:00.0 ", NULL },
	{ " 01:00.0", NULL },
	{ "01:00.0\n", NULL },
	{ "01:20.0", NULL },
	{ "001:00.0", NULL },
	{ "01:00:00.0:", NULL },
	{ "0x01:00.0", NULL },
	{ "-1:00.0", NULL },
	{ "+1:00.0", NULL },
	{ "g1:00.0", NULL },
	{ "01:00.0/..", NULL },
	{ "../../../etc", NULL },
	{ ":01:00.0", NULL },
	{ "::.", NULL },
	{ "00000000000000000000000000:00:00.0", NULL },
};

START_TEST(addresses_of_devices)
{
	char bdf[HOST_BDF_MAX] = "";
	int ret = host_parse_bdf(addresses[_i].text, bdf);

	ck_assert_int_eq(ret, addresses[_i].bdf ? 0 : -EINVAL);
	if (addresses[_i].bdf)
		ck_assert_str_eq(bdf, addresses[_i].bdf);
}
END_TEST

/* A file that is handed over says which device it is of. Other files do not. */
START_TEST(devices_by_their_files)
{
	static const char *const others[] = { "/dev/null", "/", "/proc/self/stat" };
	char bdf[HOST_BDF_MAX];

	for (size_t i = 0; i < UNIT_COUNT(others); i++) {
		int fd = open(others[i], O_RDONLY | O_CLOEXEC);

		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(host_find_bdf(fd, bdf), -EINVAL);
		close(fd);
	}
	ck_assert_int_eq(host_find_bdf(-1, bdf), -EBADF);
	/* /dev/null, whose numbers are 1:3, is handed over in its place. */
	host_tree_make("ready");
	host_tree_run("mkdir -p $root/sys/dev/char && d=$root/sys/class/vfio-dev/vfio0 && "
		      "mkdir -p $d && ln -s ../../class/vfio-dev/vfio0 $root/sys/dev/char/1:3 && "
		      "ln -s ../../vfio-dev $d/subsystem && ln -s ../../0000:01:00.0 $d/device");
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(host_find_bdf(fd, bdf), 0);
	ck_assert_str_eq(bdf, "0000:01:00.0");
	close(fd);
	host_tree_remove();
}
END_TEST

static int visit(const struct host_device *member, void *arg)
{
	(void)member;
	(void)arg;
	return 0;
}

START_TEST(what_is_not_there)
{
	char modalias[HOST_MODALIAS_MAX];
	struct host_device device;

	ck_assert_int_eq(host_read_device("ffff:ff:1f.7", &device), -ENODEV);
	ck_assert_int_eq(device.group, -1);
	ck_assert_str_eq(device.driver, "");
	ck_assert_int_eq(host_read_modalias("ffff:ff:1f.7", modalias), -ENOENT);
	ck_assert_uint_eq(host_slot_functions("ffff:ff:1f.7"), 0);
	ck_assert_int_eq(host_for_each_in_group(999999, visit, NULL), -ENOENT);
}
END_TEST

START_TEST(bridges_by_class)
{
	static const struct {
		unsigned int class_code;
		bool bridge;
	} classes[] = {
		{ 0x060400, true },  { 0x060401, true },
		{ 0x060700, true }, /* to another bus */
		{ 0x060000, false }, { 0x060100, false },
		{ 0x068000, false }, /* host, ISA, other */
		{ 0x010802, false }, { 0x000600, false },
	};

	for (size_t i = 0; i < UNIT_COUNT(classes); i++) {
		struct host_device device = { .class_code = classes[i].class_code };

		ck_assert_msg(host_is_bridge(&device) == classes[i].bridge, "class %06x",
			      classes[i].class_code);
	}
}
END_TEST

UNIT_MAIN("host_sysfs", { devices_by_their_files, 0 },
	  { addresses_of_devices, UNIT_COUNT(addresses) }, { what_is_not_there, 0 },
	  { bridges_by_class, 0 })
