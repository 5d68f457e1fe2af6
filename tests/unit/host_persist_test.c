/* SPDX-License-Identifier: MIT */
/* vfio/host/bind/host_persist.c: bindings that are kept for the next boots. */
#include <errno.h>

#include "bind_rig.h"
#include "host_tree.h"
#include "unit.h"
#include "vfio/host/bind/host_persist.h"

static const struct {
	const char *situation, *file, *command;
} tools[] = {
	{ "with-initramfs-tools", "etc/initramfs-tools/hooks/minivmm", "update-initramfs" },
	{ "with-dracut", "etc/dracut.conf.d/minivmm.conf", "dracut --force" },
	{ "with-mkinitcpio", "etc/mkinitcpio.conf.d/minivmm.conf", "mkinitcpio -P" },
};

START_TEST(binding_is_kept)
{
	const struct host_bind_options keep = { .persist = true, .checks = &bind_checks };
	struct stderr_text caught;

	bind_rig_begin(tools[_i].situation);
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &keep, &caught), 0);
	stderr_holds(&caught, tools[_i].command);
	ck_assert(host_is_persistent(HOST_SSD));
	host_tree_run("grep -q 'KERNEL==\"" HOST_SSD "\".*ATTR{driver_override}=\"vfio-pci\"' "
		      "$root/etc/udev/rules.d/60-minivmm-" HOST_SSD ".rules");
	/* A driver that was faster lets go. A VFIO driver that is there already is asked. */
	host_tree_run("grep -q 'DRIVER!=\"vfio-pci\", ATTR{driver/unbind}=\"" HOST_SSD "\"$' "
		      "$root/etc/udev/rules.d/60-minivmm-" HOST_SSD ".rules");
	host_tree_run("grep -q 'ATTR{\\[subsystem/pci\\]drivers_probe}=\"" HOST_SSD "\"$' "
		      "$root/etc/udev/rules.d/60-minivmm-" HOST_SSD ".rules");
	host_tree_run("grep -q vfio-pci $root/%s", tools[_i].file);
	/* After the boot there is no record any more. */
	host_tree_run("rm -r $root/run/minivmm");
	ck_assert_int_eq(bind_rig_restore(NULL, &bind_plain, &caught), 0);
	stderr_holds(&caught, "is no longer bound at boot");
	bind_rig_expect_driver(HOST_SSD, "nvme");
	host_tree_run("! ls $root/etc/udev/rules.d/*minivmm* $root/%s 2> /dev/null",
		      tools[_i].file);
}
END_TEST

/* The first of two that goes leaves what the second needs. */
START_TEST(binding_of_another_is_kept)
{
	const struct host_bind_options keep = { .persist = true, .checks = &bind_checks };
	struct stderr_text caught;

	bind_rig_begin("with-dracut");
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &keep, &caught), 0);
	ck_assert_int_eq(bind_rig_bind(NIC, &keep, &caught), 0);
	ck_assert_int_eq(bind_rig_restore(HOST_SSD, &bind_plain, &caught), 0);
	ck_assert(!host_is_persistent(HOST_SSD));
	ck_assert(host_is_persistent(NIC));
	host_tree_run("test -e $root/etc/dracut.conf.d/minivmm.conf");
}
END_TEST

START_TEST(binding_is_not_kept_without_udev)
{
	const struct host_bind_options keep = { .persist = true, .checks = &bind_checks };
	struct stderr_text caught;

	bind_rig_begin("ready");
	ck_assert_int_eq(bind_rig_bind(HOST_SSD, &keep, &caught), -ENOENT);
	stderr_holds(&caught, "there is no /etc/udev/rules.d");
}
END_TEST

UNIT_MAIN("host_persist", { binding_is_kept, UNIT_COUNT(tools) }, { binding_of_another_is_kept, 0 },
	  { binding_is_not_kept_without_udev, 0 })
