/* SPDX-License-Identifier: MIT */
/*
 * Two vCPUs use one device's configuration space at once, and what one does the other sees as a
 * whole. Pin, power state and VPD take more than one access to the device each.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "call_log.h"
#include "fake_kvm.h"
#include "unit.h"
#include "vfio_rig.h"

#define ROUNDS 200

static struct {
	struct rig rig;
	struct vfio_backend backend;
	unsigned int vpd;
	atomic_int inside; /* accesses to the device's configuration space that are under way */
	atomic_bool overlapped;
} test;

static void enter(void)
{
	if (atomic_fetch_add(&test.inside, 1))
		test.overlapped = true;
	sched_yield();
}

static int watched_read(struct vfio_device *device, const struct vfio_region *region,
			uint64_t offset, void *data, size_t size)
{
	int ret;

	enter();
	ret = fake_backend.region_read(device, region, offset, data, size);
	atomic_fetch_sub(&test.inside, 1);
	return ret;
}

static int watched_write(struct vfio_device *device, const struct vfio_region *region,
			 uint64_t offset, const void *data, size_t size)
{
	int ret;

	enter();
	ret = fake_backend.region_write(device, region, offset, data, size);
	atomic_fetch_sub(&test.inside, 1);
	return ret;
}

static int watched_set_irqs(struct vfio_device *device, const struct vfio_irq_request *request)
{
	int ret;

	enter();
	ret = fake_backend.set_irqs(device, request);
	atomic_fetch_sub(&test.inside, 1);
	return ret;
}

static void begin(void)
{
	rig_init_usual(&test.rig);
	test.vpd = fake_add_cap(&test.rig.fake, PCI_CAP_ID_VPD, 8);
	test.backend = fake_backend;
	test.backend.region_read = watched_read;
	test.backend.region_write = watched_write;
	test.backend.set_irqs = watched_set_irqs;
	test.rig.space.backend = &test.backend;
	ck_assert_int_eq(rig_open(&test.rig), 0);
	rig_switch_on(&test.rig);
}

/*
 * One sends the device to D3hot and back. No other state is ever seen than the one just written.
 */
static void *sleep_and_wake(void *unused)
{
	unsigned int reg = test.rig.fake.pm_cap + PCI_PM_CTRL;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint32_t state = i % 2 ? 0 : 3;

		rig_config_write(&test.rig, reg, 2, state);
		if ((rig_config_read(&test.rig, reg, 2) & PCI_PM_CTRL_STATE_MASK) != state)
			test.overlapped = true;
	}
	return unused;
}

/*
 * One switches the pin off and on by MSI-X. The address of VPD is written by a word, next to its
 * data, which are written by a dword.
 */
static void *use_pin_and_vpd(void *unused)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		rig_msix_control(&test.rig, i % 2 ? 0 : PCI_MSIX_FLAGS_ENABLE);
		rig_config_write(&test.rig, test.vpd + PCI_VPD_ADDR, 2, i);
		if (rig_config_read(&test.rig, test.vpd + PCI_VPD_ADDR, 2) != i)
			test.overlapped = true;
		rig_config_write(&test.rig, test.vpd, 4, (uint64_t)i << 16);
	}
	return unused;
}

/* Resets by the guest, each of which takes the pin, MSI-X and the decoders away at once. */
static void *reset_function(void *unused)
{
	unsigned int reg = test.rig.fake.exp_cap + PCI_EXP_DEVCTL;

	for (unsigned int i = 0; i < ROUNDS; i++)
		rig_config_write(&test.rig, reg, 2, PCI_EXP_DEVCTL_BCR_FLR);
	return unused;
}

/* The decoders, which take the BARs out of KVM and back. */
static void *switch_decoders(void *unused)
{
	for (unsigned int i = 0; i <= ROUNDS; i++)
		rig_config_write(&test.rig, PCI_COMMAND, 2, i % 2 ? 0 : PCI_COMMAND_MEMORY);
	return unused;
}

/* What two vCPUs do against each other, and whether the BAR is mapped afterwards. */
static const struct {
	void *(*one)(void *), *(*other)(void *);
	bool mapped;
} pairs[] = {
	{ use_pin_and_vpd, sleep_and_wake, true },
	{ use_pin_and_vpd, reset_function, false },
	{ use_pin_and_vpd, switch_decoders, true },
	{ sleep_and_wake, switch_decoders, true },
};

START_TEST(rule_48_one_owner_at_a_time)
{
	pthread_t other;

	begin();
	test.rig.fake.config[test.rig.fake.exp_cap + PCI_EXP_DEVCAP + 3] |=
		PCI_EXP_DEVCAP_FLR >> 24;
	ck_assert_int_eq(pthread_create(&other, NULL, pairs[_i].other, NULL), 0);
	pairs[_i].one(NULL);
	pthread_join(other, NULL);
	ck_assert(!test.overlapped);
	ck_assert_int_eq(fake_kvm_mapped(test.rig.pci->function.bars[0].addr), pairs[_i].mapped);
	ck_assert(test.rig.fake.intx_on && test.rig.fake.msix_on == 0);
	rig_close(&test.rig);
}
END_TEST

UNIT_MAIN("vfio_owner", { rule_48_one_owner_at_a_time, UNIT_COUNT(pairs) })
