/* SPDX-License-Identifier: MIT */
/*
 * The MSI of a passed-through device as the guest drives it, and the changes among pin, MSI and
 * MSI-X. The tests look at what VFIO and KVM are told, and in which order.
 */
#include <errno.h>
#include <string.h>

#include "call_log.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio_rig.h"

#define WIDE     PCI_MSI_FLAGS_64BIT
#define MASKED   PCI_MSI_FLAGS_MASKBIT
#define ENABLE   PCI_MSI_FLAGS_ENABLE
#define QUEUE(n) ((n) << 4) /* use 2^n vectors */
#define INTX_ON  "KVM_IRQFD 17 on resample\nirqs intx trigger\nirqs intx unmask\n"
#define INTX_OFF "irqs intx off\nKVM_IRQFD 17 off\n"

static void init(struct rig *rig, unsigned int shift, uint16_t flags)
{
	rig_init_usual(rig);
	fake_add_msi(&rig->fake, shift, flags);
}

/* Start the usual device with MSI of 2^shift vectors. The call log is empty afterwards. */
static void begin(struct rig *rig, unsigned int shift, uint16_t flags)
{
	init(rig, shift, flags);
	ck_assert_int_eq(rig_open(rig), 0);
	rig_switch_on(rig);
	calls_begin();
}

static void put(struct rig *rig, unsigned int reg, unsigned int size, uint32_t value)
{
	rig_config_write(rig, rig->fake.msi_cap + reg, size, value);
}

static uint32_t get(struct rig *rig, unsigned int reg, unsigned int size)
{
	return (uint32_t)rig_config_read(rig, rig->fake.msi_cap + reg, size);
}

static void control(struct rig *rig, uint16_t bits)
{
	put(rig, PCI_MSI_FLAGS, 2, bits);
}

/* The message of a capability with 64-bit addresses. */
static void message(struct rig *rig, uint16_t data)
{
	put(rig, PCI_MSI_ADDRESS_LO, 4, RIG_MSI_ADDRESS);
	put(rig, PCI_MSI_ADDRESS_HI, 4, 0);
	put(rig, PCI_MSI_DATA_64, 2, data);
}

/* ---- golden sequences ---- */

/*
 * VFIO comes first, and itself writes the device's enable bit. The guest's write never gets
 * there.
 */
START_TEST(rule_02_enable)
{
	static struct rig rig;

	begin(&rig, 2, WIDE | MASKED);
	message(&rig, 0x41);
	calls_expect("");
	control(&rig, ENABLE);
	calls_expect(INTX_OFF "irqs msi 0+1 e\n"
			      "KVM_SET_GSI_ROUTING 24=0xfee00000/0x41\nKVM_IRQFD 24 on\n");
	ck_assert_uint_eq(fake_config_word(&rig.fake, rig.fake.msi_cap + PCI_MSI_FLAGS),
			  WIDE | MASKED | 2 << 1 | ENABLE);
	ck_assert_uint_eq(get(&rig, PCI_MSI_FLAGS, 2), WIDE | MASKED | 2 << 1 | ENABLE);
	control(&rig, ENABLE);
	calls_expect("");
	control(&rig, 0);
	calls_expect("KVM_IRQFD 24 off\nirqs msi off\n" INTX_ON);
	rig_close(&rig);
}
END_TEST

/* Address and data are the guest's. The device keeps those that the host gave it. */
START_TEST(rule_15_message_stays_here)
{
	static struct rig rig;

	begin(&rig, 2, WIDE | MASKED);
	message(&rig, 0x41);
	put(&rig, PCI_MSI_MASK_64, 4, 0xf);
	control(&rig, ENABLE | QUEUE(2));
	ck_assert_uint_eq(calls_count("config"), 0);
	for (unsigned int reg = PCI_MSI_ADDRESS_LO; reg < 24; reg += 2)
		ck_assert_uint_eq(fake_config_word(&rig.fake, rig.fake.msi_cap + reg), 0);
	ck_assert_uint_eq(get(&rig, PCI_MSI_ADDRESS_LO, 4), RIG_MSI_ADDRESS);
	ck_assert_uint_eq(get(&rig, PCI_MSI_DATA_64, 2), 0x41);
	rig_close(&rig);
}
END_TEST

START_TEST(rule_01_mask_keeps_the_route)
{
	static struct rig rig;

	begin(&rig, 1, WIDE | MASKED);
	message(&rig, 0x40);
	control(&rig, ENABLE | QUEUE(1));
	calls_begin();
	put(&rig, PCI_MSI_MASK_64, 4, 2);
	calls_expect("KVM_IRQFD 25 off\n");
	put(&rig, PCI_MSI_MASK_64, 4, 1);
	calls_expect("KVM_IRQFD 24 off\n");
	put(&rig, PCI_MSI_MASK_64, 4, 0);
	calls_expect("");
	rig_close(&rig);
}
END_TEST

/* Behind its mask the interrupt shows as pending. It comes when the mask goes. */
START_TEST(pending_while_masked)
{
	static struct rig rig;

	begin(&rig, 1, WIDE | MASKED);
	message(&rig, 0x40);
	put(&rig, PCI_MSI_MASK_64, 4, 2);
	control(&rig, ENABLE | QUEUE(1));
	ck_assert(fake_kvm_plugged(24) && !fake_kvm_plugged(25));
	ck_assert_uint_eq(get(&rig, PCI_MSI_PENDING_64, 4), 0);
	fake_raise(&rig.fake, 1);
	ck_assert_uint_eq(get(&rig, PCI_MSI_PENDING_64, 4), 2);
	put(&rig, PCI_MSI_PENDING_64, 4, 0); /* read-only */
	ck_assert_uint_eq(get(&rig, PCI_MSI_PENDING_64, 1), 2);
	put(&rig, PCI_MSI_MASK_64, 4, 0);
	ck_assert(fake_kvm_plugged(25)); /* KVM takes it from the eventfd */
	rig_close(&rig);
}
END_TEST

/*
 * Four vectors are one block on the host and one call for the routes. When they move, it is one
 * call again.
 */
START_TEST(rule_08_one_routing_for_many)
{
	static struct rig rig;

	begin(&rig, 2, WIDE);
	message(&rig, 0x40);
	control(&rig, ENABLE | QUEUE(2));
	ck_assert_uint_lt(calls_first("irqs msi 0+4 eeee"), calls_first("KVM_SET_GSI_ROUTING"));
	ck_assert_uint_lt(calls_last("KVM_SET_GSI_ROUTING"), calls_first("KVM_IRQFD 24 on"));
	ck_assert_uint_eq(calls_count("KVM_SET_GSI_ROUTING"), 1);
	for (unsigned int vector = 0; vector < 4; vector++) {
		uint64_t address;
		uint32_t data;

		ck_assert(fake_kvm_plugged(24 + vector));
		ck_assert(fake_kvm_route(24 + vector, &address, &data));
		ck_assert_uint_eq(address, RIG_MSI_ADDRESS);
		ck_assert_uint_eq(data, 0x40 + vector);
	}
	calls_begin();
	put(&rig, PCI_MSI_DATA_64, 2, 0x50);
	calls_expect("KVM_SET_GSI_ROUTING 24=0xfee00000/0x50 25=0xfee00000/0x51 "
		     "26=0xfee00000/0x52 27=0xfee00000/0x53\n");
	put(&rig, PCI_MSI_DATA_64, 2, 0x51); /* the low bits are the vector's number */
	calls_expect("");
	rig_close(&rig);
}
END_TEST

/* ---- numbers ---- */

static const struct {
	unsigned int shift, kernel, asked, used;
} queues[] = {
	{ 0, 1, 3, 1 },    { 2, 4, 7, 4 }, { 2, 4, 1, 2 },
	{ 5, 32, 5, 32 },  { 3, 2, 3, 2 }, /* the kernel knows of fewer than the device */
	{ 7, 128, 7, 32 },                 /* a reserved number */
};

START_TEST(rule_06_queue_is_clamped)
{
	static struct rig rig;

	init(&rig, queues[_i].shift, WIDE);
	rig.fake.msis = rig.fake.msi_grant = queues[_i].kernel;
	ck_assert_int_eq(rig_open(&rig), 0);
	message(&rig, 0x40);
	control(&rig, (uint16_t)(ENABLE | QUEUE(queues[_i].asked)));
	ck_assert_uint_eq(rig.fake.msi_on, queues[_i].used);
	ck_assert_uint_eq(1u << (get(&rig, PCI_MSI_FLAGS, 2) >> 4 & 7), queues[_i].used);
	ck_assert(fake_kvm_plugged(24 + queues[_i].used - 1));
	ck_assert(!fake_kvm_plugged(24 + queues[_i].used));
	rig_close(&rig);
}
END_TEST

static const struct {
	unsigned int grant, given;
	const char *calls;
} grants[] = {
	{ 8, 8, INTX_OFF "irqs msi 0+8 eeeeeeee\n" },
	{ 7, 4, INTX_OFF "irqs msi 0+8 eeeeeeee\nirqs msi 0+4 eeee\n" },
	{ 4, 4, INTX_OFF "irqs msi 0+8 eeeeeeee\nirqs msi 0+4 eeee\n" },
	{ 3, 2, INTX_OFF "irqs msi 0+8 eeeeeeee\nirqs msi 0+2 ee\n" },
	{ 1, 1, INTX_OFF "irqs msi 0+8 eeeeeeee\nirqs msi 0+1 e\n" },
};

/*
 * The host has fewer vectors than the guest uses. A device that is told so makes do. This is said
 * once.
 */
START_TEST(rule_04_host_gives_less)
{
	bool less = grants[_i].grant < 8;
	static struct rig rig;
	struct stderr_text caught;

	begin(&rig, 3, WIDE | MASKED);
	rig.fake.msi_grant = grants[_i].grant;
	put(&rig, PCI_MSI_MASK_64, 4, 0xff);
	message(&rig, 0x40);
	stderr_begin(&caught);
	control(&rig, ENABLE | QUEUE(3));
	stderr_end(&caught);
	ck_assert((strstr(caught.text, "minivmm: warning: " FAKE_BDF ": ") != NULL) == less);
	calls_expect(grants[_i].calls);
	ck_assert_uint_eq(rig.fake.msi_on, grants[_i].given);
	put(&rig, PCI_MSI_MASK_64, 4, 0);
	for (unsigned int vector = 0; vector < 8; vector++)
		ck_assert(fake_kvm_plugged(24 + vector) == (vector < grants[_i].given));
	control(&rig, 0);
	stderr_begin(&caught);
	control(&rig, ENABLE | QUEUE(3));
	stderr_end(&caught);
	ck_assert_str_eq(caught.text, "");
	ck_assert_uint_eq(rig.fake.msi_on, grants[_i].given);
	rig_close(&rig);
}
END_TEST

/*
 * The host has no vector at all. The device is silent, the guest goes on, and the pin comes back
 * when MSI goes.
 */
START_TEST(rule_04_host_gives_none)
{
	static struct rig rig;
	struct stderr_text caught;

	begin(&rig, 2, WIDE | MASKED);
	fake_fail(&rig.fake, "set_irqs", 2, -ENOSPC); /* the one after INTx off */
	stderr_begin(&caught);
	message(&rig, 0x40);
	control(&rig, ENABLE | QUEUE(2));
	stderr_end(&caught);
	stderr_holds(&caught, "minivmm: error: " FAKE_BDF ": VFIO_DEVICE_SET_IRQS");
	ck_assert(!fake_kvm_plugged(24));
	calls_expect(INTX_OFF "set_irqs fails\n");
	put(&rig, PCI_MSI_MASK_64, 4, 0xf); /* rule 37: it is asked again */
	ck_assert_uint_eq(rig.fake.msi_on, 4);
	put(&rig, PCI_MSI_MASK_64, 4, 0);
	ck_assert(fake_kvm_plugged(24) && fake_kvm_plugged(27));
	calls_begin();
	control(&rig, 0);
	ck_assert_uint_eq(calls_count("irqs intx trigger"), 1);
	control(&rig, ENABLE | QUEUE(2));
	ck_assert(fake_kvm_plugged(24) && fake_kvm_plugged(27));
	rig_close(&rig);
}
END_TEST

/* The specification forbids it. The device was told another number, so the block is made anew. */
START_TEST(number_changes_while_on)
{
	static struct rig rig;

	begin(&rig, 2, WIDE);
	message(&rig, 0x40);
	control(&rig, ENABLE);
	calls_begin();
	control(&rig, ENABLE | QUEUE(1));
	calls_expect("KVM_IRQFD 24 off\nirqs msi off\nirqs msi 0+2 ee\n"
		     "KVM_SET_GSI_ROUTING 24=0xfee00000/0x40 25=0xfee00000/0x41\n"
		     "KVM_IRQFD 24 on\nKVM_IRQFD 25 on\n");
	rig_close(&rig);
}
END_TEST

/* ---- the three kinds ---- */

START_TEST(rule_07_intx_msi_intx)
{
	static struct rig rig;

	begin(&rig, 2, WIDE | MASKED);
	for (unsigned int round = 0; round < 50; round++) {
		message(&rig, 0x41);
		control(&rig, ENABLE);
		calls_expect(INTX_OFF "irqs msi 0+1 e\nKVM_SET_GSI_ROUTING 24=0xfee00000/0x41\n"
				      "KVM_IRQFD 24 on\n");
		control(&rig, 0);
		calls_expect("KVM_IRQFD 24 off\nirqs msi off\n" INTX_ON);
	}
	rig_close(&rig);
}
END_TEST

/* Drivers try one kind after the other. The fake refuses two kinds at a time. */
START_TEST(rule_07_all_three_in_turn)
{
	static struct rig rig;

	begin(&rig, 0, WIDE);
	message(&rig, 0x41);
	rig_msix_entry(&rig, 0, 0x51, false);
	for (unsigned int round = 0; round < 50; round++) {
		rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
		ck_assert(rig.fake.msix_on && !rig.fake.msi_on && !rig.fake.intx_on);
		rig_msix_control(&rig, 0);
		ck_assert(rig.fake.intx_on);
		control(&rig, ENABLE);
		ck_assert(rig.fake.msi_on && !rig.fake.msix_on && !rig.fake.intx_on);
		ck_assert(fake_kvm_plugged(24) && !fake_kvm_plugged(25) && !fake_kvm_plugged(17));
		control(&rig, 0);
	}
	calls_begin();
	rig_close(&rig);
}
END_TEST

/* A guest enables both, which it must not. MSI-X is then on, and MSI when MSI-X goes. */
START_TEST(rule_29_msi_and_msix_at_once)
{
	static struct rig rig;

	begin(&rig, 0, WIDE);
	message(&rig, 0x41);
	rig_msix_entry(&rig, 0, 0x51, false);
	if (_i)
		control(&rig, ENABLE);
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
	calls_begin();
	control(&rig, ENABLE);
	put(&rig, PCI_MSI_DATA_64, 2, 0x42);
	calls_expect("");
	ck_assert(rig.fake.msix_on && !rig.fake.msi_on);
	rig_msix_control(&rig, 0);
	calls_expect("KVM_IRQFD 24 off\nirqs msix off\nirqs msi 0+1 e\n"
		     "KVM_SET_GSI_ROUTING 24=0xfee00000/0x42\nKVM_IRQFD 24 on\n");
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
	calls_begin();
	control(&rig, 0);
	calls_expect("");
	rig_msix_control(&rig, 0);
	calls_expect("KVM_IRQFD 24 off\nirqs msix off\n" INTX_ON);
	rig_close(&rig);
}
END_TEST

/* ---- ends ---- */

START_TEST(rule_26_end_with_msi)
{
	static struct rig rig;

	begin(&rig, 1, WIDE);
	message(&rig, 0x40);
	control(&rig, ENABLE | QUEUE(1));
	calls_begin();
	rig_close(&rig);
	calls_expect("KVM_SET_USER_MEMORY_REGION 0x100000000 off\n"
		     "KVM_IRQFD 24 off\nKVM_IRQFD 25 off\nirqs msi off\n"
		     "KVM_SET_DEVICE_ATTR del\ndev_close\nspace_close\n");
}
END_TEST

/* At the reset both bits are on, which is the worst. Nothing is switched on on the way. */
START_TEST(rule_25_reset)
{
	static struct rig rig;

	begin(&rig, 1, WIDE | MASKED);
	message(&rig, 0x40);
	put(&rig, PCI_MSI_MASK_64, 4, 2);
	control(&rig, ENABLE | QUEUE(1));
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
	calls_begin();
	pci_host_reset(&rig.host);
	ck_assert_uint_eq(calls_count("irqs"), 1);
	ck_assert_uint_eq(calls_count("irqs msix off"), 1);
	ck_assert_uint_eq(get(&rig, PCI_MSI_FLAGS, 2), WIDE | MASKED | 1 << 1);
	ck_assert_uint_eq(get(&rig, PCI_MSI_ADDRESS_LO, 4), 0);
	ck_assert_uint_eq(get(&rig, PCI_MSI_MASK_64, 4), 0);
	calls_begin();
	ck_assert_int_eq(vfio_pci_power_on(rig.pci), 0);
	calls_expect(INTX_ON);
	message(&rig, 0x40);
	control(&rig, ENABLE);
	calls_expect(INTX_OFF "irqs msi 0+1 e\nKVM_SET_GSI_ROUTING 24=0xfee00000/0x40\n"
			      "KVM_IRQFD 24 on\n");
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("vfio_msi", { rule_02_enable, 0 }, { rule_15_message_stays_here, 0 },
	  { rule_01_mask_keeps_the_route, 0 }, { pending_while_masked, 0 },
	  { rule_08_one_routing_for_many, 0 }, { rule_06_queue_is_clamped, UNIT_COUNT(queues) },
	  { rule_04_host_gives_less, UNIT_COUNT(grants) }, { rule_04_host_gives_none, 0 },
	  { number_changes_while_on, 0 }, { rule_07_intx_msi_intx, 0 },
	  { rule_07_all_three_in_turn, 0 }, { rule_29_msi_and_msix_at_once, 2 },
	  { rule_26_end_with_msi, 0 }, { rule_25_reset, 0 })
