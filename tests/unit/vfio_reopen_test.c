/* SPDX-License-Identifier: MIT */
/* vfio/vfio_pci.c: a device is given back at a reboot of the guest, and opened for the next VM. */
#include <errno.h>
#include <string.h>

#include "call_log.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio_rig.h"

/*
 * The guest reboots into a new VM. The device is closed while KVM still knows the old VM, and
 * opened for the new one. Its BARs are mapped as before. A file that was handed over could not be
 * opened again.
 */
START_TEST(rule_40_no_vm_outlives_its_guest)
{
	struct vfio_device_request given = rig_request;
	static struct rig rig;

	rig_init_usual(&rig);
	given.fd = _i ? 99 : -1;
	rig.request = &given;
	ck_assert_int_eq(rig_open(&rig), 0);
	for (unsigned int reboot = 0; reboot < 3; reboot++) {
		rig_switch_on(&rig);
		ck_assert(fake_kvm_mapped(RIG_BAR0));
		pci_host_reset(&rig.host);
		calls_begin();
		vfio_pci_power_off(rig.pci);
		vm_power_down(&rig.vm);
		ck_assert_int_eq(vm_power_up(&rig.vm), 0);
		rig.fake.config[PCI_COMMAND + 1] = PCI_COMMAND_SERR >> 8; /* as the host had it */
		ck_assert_int_eq(vfio_pci_power_on(rig.pci), 0);
		ck_assert_uint_eq(rig.fake.config[PCI_COMMAND + 1], _i ? PCI_COMMAND_SERR >> 8 : 0);
		ck_assert_uint_eq(calls_count("dev_close"), _i ? 0 : 1);
		ck_assert_uint_eq(calls_count("dev_open"), _i ? 0 : 1);
		if (_i)
			continue;
		ck_assert_uint_lt(calls_first("KVM_SET_DEVICE_ATTR del"), calls_first("dev_close"));
		ck_assert_uint_lt(calls_first("dev_close"), calls_first("KVM_SET_DEVICE_ATTR add"));
		ck_assert_uint_lt(calls_first("KVM_SET_DEVICE_ATTR add"), calls_first("dev_open"));
	}
	rig_close(&rig);
}
END_TEST

/* The device is lost at the reset, so it is not opened again. */
START_TEST(rule_40_device_that_is_lost_at_the_reset)
{
	static struct rig rig;
	struct stderr_text caught;

	rig_open_usual(&rig);
	stderr_begin(&caught);
	rig.fake.death = _i ? FAKE_BROKEN : FAKE_GONE;
	pci_host_reset(&rig.host);
	vfio_pci_power_off(rig.pci);
	ck_assert_uint_eq(calls_count("dev_close"), 0);
	vfio_pci_quiesce(rig.pci);
	stderr_end(&caught);
	rig_close(&rig);
}
END_TEST

/* Which step on the way back fails, and with what. None of them leaves anything behind. */
static const struct {
	const char *operation;
	unsigned int nth;
	int err;
} returns[] = {
	{ "dev_open", 1, -ENODEV }, { "dev_open", 1, -EBUSY },  { "dev_open", 1, -EACCES },
	{ "dev_open", 1, -EPERM },  { "dev_open", 1, -EMFILE }, { "dev_open", 1, -ENOMEM },
	{ "get_info", 1, -EIO },    { "get_region", 1, -EIO },  { "get_region", 1, -EINVAL },
	{ "set_irqs", 1, -ENOMEM }, { "set_irqs", 2, -EINVAL }, { "set_irqs", 3, -EBUSY },
	{ "region_read", 1, -EIO },
};

START_TEST(rule_40_device_that_does_not_come_back)
{
	static struct rig rig;
	struct stderr_text caught;
	int ret;

	rig_open_usual(&rig);
	rig.fake.notifies = true;
	pci_host_reset(&rig.host);
	vfio_pci_power_off(rig.pci);
	fake_fail(&rig.fake, returns[_i].operation, returns[_i].nth, returns[_i].err);
	stderr_begin(&caught);
	ret = vfio_pci_power_on(rig.pci);
	stderr_end(&caught);
	ck_assert_msg(ret == returns[_i].err || !strcmp(returns[_i].operation, "region_read"),
		      "%s: %d", returns[_i].operation, ret);
	vfio_pci_quiesce(rig.pci);
	rig_close(&rig);
}
END_TEST

/* The device comes back as another one: a BAR of another size has no place. */
START_TEST(rule_40_another_device_comes_back)
{
	static struct rig rig;
	struct stderr_text caught;

	rig_open_usual(&rig);
	pci_host_reset(&rig.host);
	vfio_pci_power_off(rig.pci);
	rig.fake.bars[0].size = _i ? rig.fake.bars[0].size * 2 : 0;
	stderr_begin(&caught);
	ck_assert_int_eq(vfio_pci_power_on(rig.pci), -EIO);
	stderr_end(&caught);
	stderr_holds(&caught, "map BAR 0 again as it was");
	vfio_pci_quiesce(rig.pci);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("vfio_reopen", { rule_40_no_vm_outlives_its_guest, 2 },
	  { rule_40_device_that_is_lost_at_the_reset, 2 },
	  { rule_40_device_that_does_not_come_back, UNIT_COUNT(returns) },
	  { rule_40_another_device_comes_back, 2 })
