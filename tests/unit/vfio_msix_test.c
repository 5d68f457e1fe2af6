/* SPDX-License-Identifier: MIT */
/*
 * The interrupts of a passed-through device as the guest drives them, from the control word and
 * the table to eventfds.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "call_log.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio_rig.h"

#define MEM64    PCI_BASE_ADDRESS_MEM_TYPE_64
#define INTX_ON  "KVM_IRQFD 17 on resample\nirqs intx trigger\nirqs intx unmask\n"
#define INTX_OFF "irqs intx off\nKVM_IRQFD 17 off\n"
#define ENABLE   PCI_MSIX_FLAGS_ENABLE
#define MASKALL  PCI_MSIX_FLAGS_MASKALL

static void open_usual(struct rig *rig)
{
	rig_open_usual(rig);
	rig_switch_on(rig);
	calls_begin();
}

/*
 * There is one kind at a time: INTx is off before MSI-X is on, and is on again when MSI-X goes.
 */
START_TEST(rule_07_intx_gives_way_and_comes_back)
{
	static struct rig rig;

	open_usual(&rig);
	rig_msix_control(&rig, ENABLE);
	calls_expect(INTX_OFF "irqs msix 0+1 -\n");
	rig_msix_control(&rig, 0);
	calls_expect("irqs msix off\n" INTX_ON);
	rig_close(&rig);
}
END_TEST

START_TEST(rule_07_device_without_a_pin)
{
	static struct rig rig;

	rig_init_usual(&rig);
	rig.fake.intx = false;
	ck_assert_int_eq(rig_open(&rig), 0);
	ck_assert_uint_eq(rig_config_read(&rig, PCI_INTERRUPT_PIN, 1), 0);
	calls_begin();
	rig_msix_control(&rig, ENABLE);
	rig_msix_control(&rig, 0);
	calls_expect("irqs msix 0+1 -\nirqs msix off\n");
	rig_close(&rig);
}
END_TEST

/* The kernel writes the device's control word. The guest's own write never gets there. */
START_TEST(rule_02_control_is_not_forwarded)
{
	static struct rig rig;
	uint16_t control;

	open_usual(&rig);
	rig_msix_control(&rig, ENABLE | MASKALL);
	ck_assert_uint_eq(calls_count("config"), 0);
	control = fake_config_word(&rig.fake, rig.msix + PCI_MSIX_FLAGS);
	ck_assert_uint_eq(control, ENABLE | 7);
	ck_assert_uint_eq(rig_config_read(&rig, rig.msix + PCI_MSIX_FLAGS, 2),
			  ENABLE | MASKALL | 7);
	rig_close(&rig);
}
END_TEST

START_TEST(rule_03_enable_all_masked)
{
	static struct rig rig;

	open_usual(&rig);
	for (unsigned int vector = 0; vector < 8; vector++)
		rig_msix_entry(&rig, vector, 0x41, true);
	rig_msix_control(&rig, ENABLE);
	calls_expect(INTX_OFF "irqs msix 0+1 -\n");
	ck_assert_uint_eq(rig.fake.msix_on, 1);
	rig_close(&rig);
}
END_TEST

/*
 * The guest writes a word at +2, a dword at +0, or the high byte alone. The bytes beside it
 * change nothing.
 */
START_TEST(rule_05_control_in_every_size)
{
	static const struct {
		unsigned int at, size;
		uint32_t on, off;
	} ways[] = {
		{ 2, 2, 0x8000, 0 },   { 0, 4, 0x80000000, 0 }, { 0, 8, 0x80000000, 0 },
		{ 3, 1, 0x80, 0 },     { 2, 4, 0x8000, 0 }, /* straddles into the table's offset */
		{ 1, 4, 0x800000, 0 },
	};
	static struct rig rig;

	open_usual(&rig);
	rig_config_write(&rig, rig.msix + ways[_i].at, ways[_i].size, ways[_i].on);
	ck_assert_uint_eq(rig.fake.msix_on, 1);
	rig_config_write(&rig, rig.msix + 2, 1, 0xff);
	rig_config_write(&rig, rig.msix, 2, 0xffff);
	rig_config_write(&rig, rig.msix + 4, 8, UINT64_MAX);
	ck_assert_uint_eq(rig.fake.msix_on, 1);
	rig_config_write(&rig, rig.msix + ways[_i].at, ways[_i].size, ways[_i].off);
	ck_assert_uint_eq(rig.fake.msix_on, 0);
	ck_assert_uint_eq(rig_config_read(&rig, rig.msix + PCI_MSIX_FLAGS, 2), 7);
	ck_assert_uint_eq(rig_config_read(&rig, rig.msix + PCI_MSIX_TABLE, 4), RIG_MSIX_TABLE);
	rig_close(&rig);
}
END_TEST

START_TEST(rule_01_golden_trace_of_a_vector)
{
	static struct rig rig;

	open_usual(&rig);
	rig_msix_control(&rig, ENABLE);
	calls_begin();
	rig_msix_entry(&rig, 3, 0x41, false);
	calls_expect("irqs msix 3+1 e\nKVM_SET_GSI_ROUTING 24=0xfee00000/0x41\nKVM_IRQFD 24 on\n");
	rig_bar_write(&rig, 0, RIG_MSIX_TABLE + 3 * 16 + 12, 4, 1);
	calls_expect("KVM_IRQFD 24 off\n");
	fake_raise(&rig.fake, 3);
	rig_bar_write(&rig, 0, RIG_MSIX_TABLE + 3 * 16 + 8, 8, 0x42); /* data, and unmasked */
	calls_expect("");
	rig_turn(&rig);
	calls_expect("KVM_SIGNAL_MSI 0xfee00000/0x42\n");
	ck_assert_uint_eq(rig.fake.table_touched, 0);
	rig_close(&rig);
}
END_TEST

/* An interrupt behind the mask shows in the PBA and is not lost. */
START_TEST(pending_while_masked)
{
	static struct rig rig;

	open_usual(&rig);
	rig_msix_control(&rig, ENABLE);
	rig_msix_entry(&rig, 3, 0x41, false);
	rig_bar_write(&rig, 0, RIG_MSIX_TABLE + 3 * 16 + 12, 4, 1);
	fake_raise(&rig.fake, 3);
	ck_assert_uint_eq(rig_bar_read(&rig, 0, RIG_MSIX_PBA, 8), 1u << 3);
	rig_bar_write(&rig, 0, RIG_MSIX_PBA, 8, 0); /* read-only */
	ck_assert_uint_eq(rig_bar_read(&rig, 0, RIG_MSIX_PBA, 4), 1u << 3);
	rig_bar_write(&rig, 0, RIG_MSIX_TABLE + 3 * 16 + 12, 4, 0);
	rig_turn(&rig);
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI 0xfee00000/0x41"), 1);
	ck_assert_uint_eq(rig_bar_read(&rig, 0, RIG_MSIX_PBA, 8), 0);
	ck_assert_uint_eq(rig.fake.table_touched, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(rule_01_function_mask)
{
	static struct rig rig;

	open_usual(&rig);
	rig_msix_control(&rig, ENABLE);
	rig_msix_entry(&rig, 0, 0x41, false);
	rig_msix_entry(&rig, 1, 0x42, false);
	calls_begin();
	rig_msix_control(&rig, ENABLE | MASKALL);
	calls_expect("KVM_IRQFD 24 off\nKVM_IRQFD 25 off\n");
	fake_raise(&rig.fake, 1);
	rig_turn(&rig);
	ck_assert_uint_eq(rig_bar_read(&rig, 0, RIG_MSIX_PBA, 8), 2);
	rig_msix_control(&rig, ENABLE);
	calls_expect("KVM_SIGNAL_MSI 0xfee00000/0x42\n");
	rig_close(&rig);
}
END_TEST

#define MASK(vector) (RIG_MSIX_TABLE + (vector)*16 + 12)

/*
 * A guest masks and unmasks, moves the vector, and reads back what it wrote. Only the first mask
 * costs a call of KVM or VFIO.
 */
START_TEST(rule_45_pairs_cost_nothing)
{
	static struct rig rig;

	open_usual(&rig);
	rig_msix_control(&rig, ENABLE);
	rig_msix_entry(&rig, 3, 0x41, false);
	calls_begin();
	for (unsigned int i = 0; i < 100; i++) {
		rig_bar_write(&rig, 0, MASK(3), 4, 1);
		ck_assert_uint_eq(rig_bar_read(&rig, 0, MASK(3), 4), 1);
		rig_bar_write(&rig, 0, MASK(3) - 4, 4, 0x41 + i % 3);
		ck_assert_uint_eq(rig_bar_read(&rig, 0, RIG_MSIX_PBA, 8), 0);
		rig_bar_write(&rig, 0, MASK(3), 4, 0);
	}
	rig_turn(&rig);
	calls_expect("KVM_IRQFD 24 off\n");
	rig_close(&rig);
}
END_TEST

static void msix_off_and_on(struct rig *rig)
{
	rig_msix_control(rig, 0);
	rig_msix_control(rig, ENABLE);
}

static void unmask_behind_function_mask(struct rig *rig)
{
	rig_msix_control(rig, ENABLE | MASKALL);
	rig_bar_write(rig, 0, MASK(3), 4, 0);
	rig_turn(rig);
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 0);
	ck_assert_uint_eq(rig_bar_read(rig, 0, RIG_MSIX_PBA, 8), 8);
	rig_msix_control(rig, ENABLE);
}

static void reset_and_msix_on(struct rig *rig)
{
	pci_host_reset(&rig->host);
	ck_assert_int_eq(vfio_pci_power_on(rig->pci), 0);
	rig_switch_on(rig);
	rig_msix_control(rig, ENABLE);
}

/*
 * An interrupt comes behind the mask, and the guest does not simply unmask. The interrupt comes
 * when it should, or not at all, and what is on afterwards works.
 */
static const struct {
	void (*then)(struct rig *rig);
	unsigned int comes;
} masked_and_then[] = {
	{ msix_off_and_on, 0 },
	{ unmask_behind_function_mask, 1 },
	{ reset_and_msix_on, 0 },
};

START_TEST(rule_45_masked_and_then)
{
	static struct rig rig;

	open_usual(&rig);
	rig_msix_control(&rig, ENABLE);
	rig_msix_entry(&rig, 3, 0x41, false);
	rig_bar_write(&rig, 0, MASK(3), 4, 1);
	fake_raise(&rig.fake, 3);
	rig_turn(&rig);
	calls_begin();
	masked_and_then[_i].then(&rig);
	rig_turn(&rig);
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), masked_and_then[_i].comes);
	ck_assert_uint_eq(rig_bar_read(&rig, 0, RIG_MSIX_PBA, 8), 0);
	rig_msix_entry(&rig, 3, 0x42, false);
	rig_turn(&rig);
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI 0xfee00000/0x42"), 0);
	fake_raise(&rig.fake, 3);
	rig_turn(&rig);
	ck_assert(fake_kvm_plugged(24) || calls_count("KVM_SIGNAL_MSI 0xfee00000/0x42") == 1);
	rig_close(&rig);
}
END_TEST

/*
 * A guest fills the table behind the function mask and then lifts the mask. One call sets all
 * routes.
 */
START_TEST(rule_08_one_routing_for_many)
{
	static struct rig rig;

	open_usual(&rig);
	if (_i)
		rig_msix_control(&rig, ENABLE | MASKALL);
	for (unsigned int vector = 0; vector < 8; vector++)
		rig_msix_entry(&rig, vector, 0x40 + vector, false);
	calls_begin();
	rig_msix_control(&rig, ENABLE);
	for (unsigned int gsi = 24; gsi < 32; gsi++)
		ck_assert(fake_kvm_plugged(gsi));
	ck_assert_uint_lt(calls_last("KVM_SET_GSI_ROUTING"), calls_first("KVM_IRQFD 24 on"));
	ck_assert_uint_eq(calls_count("KVM_SET_GSI_ROUTING"), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(host_cannot_enable)
{
	static struct rig rig;
	struct stderr_text caught;

	open_usual(&rig);
	fake_fail(&rig.fake, "set_irqs", 2, -ENOSPC); /* the one after INTx off */
	stderr_begin(&caught);
	rig_msix_control(&rig, ENABLE);
	stderr_end(&caught);
	stderr_holds(&caught, "VFIO_DEVICE_SET_IRQS");
	ck_assert(!fake_kvm_plugged(24));
	rig_msix_entry(&rig, 0, 0x41, false); /* rule 37 */
	ck_assert(fake_kvm_plugged(24));
	rig_msix_control(&rig, 0);
	rig_msix_control(&rig, ENABLE);
	ck_assert(fake_kvm_plugged(24));
	rig_close(&rig);
}
END_TEST

/*
 * No file is left for a vector's eventfd. The vector stays silent, which is said once for all of
 * them.
 */
START_TEST(rule_04_no_files_left)
{
	static struct rig rig;
	struct rlimit limit, none;
	struct stderr_text caught;

	open_usual(&rig);
	rig_msix_control(&rig, ENABLE);
	stderr_begin(&caught);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (unsigned int vector = 0; vector < 8; vector++)
		rig_msix_entry(&rig, vector, 0x40 + vector, false);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	stderr_end(&caught);
	stderr_holds(&caught, "Too many open files");
	ck_assert_ptr_eq(strchr(caught.text, '\n'), strrchr(caught.text, '\n'));
	ck_assert(!fake_kvm_plugged(24));
	rig_msix_control(&rig, 0);
	rig_msix_control(&rig, ENABLE);
	ck_assert(fake_kvm_plugged(24) && fake_kvm_plugged(31));
	rig_close(&rig);
}
END_TEST

/* The device's own bytes around table and PBA reach it. Table and PBA never reach it. */
START_TEST(rule_05_bytes_around_the_table)
{
	static struct rig rig;

	open_usual(&rig);
	calls_begin();
	rig_bar_write(&rig, 0, RIG_MSIX_TABLE + 0x80, 4, 1);
	rig_bar_write(&rig, 0, RIG_MSIX_PBA - 4, 4, 2);
	rig_bar_write(&rig, 0, RIG_MSIX_PBA + 8, 1, 3);
	rig_bar_write(&rig, 0, RIG_MSIX_PBA, 8, 4);
	rig_bar_write(&rig, 0, RIG_MSIX_TABLE, 2, 5);
	calls_expect("bar0 0x2080.4=0x1\nbar0 0x2ffc.4=0x2\nbar0 0x3008.1=0x3\n");
	ck_assert_uint_eq(rig_bar_read(&rig, 0, RIG_MSIX_TABLE + 0x80, 4), 1);
	ck_assert_uint_eq(rig_bar_read(&rig, 0, RIG_MSIX_TABLE, 2), 0xffff);
	ck_assert_uint_eq(rig.fake.table_touched, 0);
	rig_close(&rig);
}
END_TEST

/*
 * An access that begins before the table or the PBA and ends in it must not reach the real one.
 */
START_TEST(rule_16_access_straddles_into_the_table)
{
	static struct rig rig;

	rig_init(&rig);
	fake_add_bar(&rig.fake, 0, 0x4000, MEM64, true);
	fake_add_msix(&rig.fake, 8, 0x2010, 0x2f00);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	for (unsigned int back = 1; back < 8; back++)
		for (unsigned int size = 1; size <= 8; size *= 2) {
			rig_bar_write(&rig, 0, 0x2010 - back, size, UINT64_MAX);
			rig_bar_read(&rig, 0, 0x2010 - back, size);
			rig_bar_write(&rig, 0, 0x2f00 - back, size, UINT64_MAX);
			rig_bar_read(&rig, 0, 0x2f00 - back, size);
		}
	ck_assert_uint_eq(rig.fake.table_touched, 0);
	rig_close(&rig);
}
END_TEST

static const struct {
	const char *what;
	unsigned int vectors;
	uint32_t table, pba;
	uint64_t address; /* of the first entry in its BAR; UINT64_MAX: the device is refused */
	unsigned int bar;
} places[] = {
	{ "65 vectors", 65, 0x2000, 0x3000, 0x2000, 0 },
	{ "2048 vectors", 2048, 0x8000 | 2, 0x4000 | 2, 0x8000, 2 },
	{ "table not at the start of a page", 8, 0x1800, 0x1900, 0x1800, 0 },
	{ "table at 0", 8, 0, 0x3000, 0, 0 },
	{ "table and PBA in different BARs", 8, 0x2000 | 2, 0x3000, 0x2000, 2 },
	{ "table in a BAR below a page", 8, 0 | 3, 0x80 | 3, 0, 3 },
	{ "table at the end of its BAR", 8, 0x3f80, 0x3000, 0x3f80, 0 },
	{ "table runs over the end", 65, 0x3f80, 0x3000, UINT64_MAX, 0 },
	{ "table outside", 8, 0x100000, 0x3000, UINT64_MAX, 0 },
	{ "table in a BAR that is not there", 8, 5, 4, UINT64_MAX, 0 },
	{ "reserved BARs", 8, 6, 7, UINT64_MAX, 0 },
	{ "table over the PBA", 8, 0x2000, 0x2000, 0x2000, 0 },
};

/*
 * Wherever a device has its table, the first vector works. If there is no BAR at that place, the
 * device is refused.
 */
START_TEST(rule_12_places_of_table_and_pba)
{
	static struct rig rig;
	unsigned int bar = places[_i].bar;
	struct stderr_text caught;

	rig_init(&rig);
	fake_add_bar(&rig.fake, 0, 0x4000, MEM64, true);
	fake_add_bar(&rig.fake, 2, 0x10000, 0, true);
	fake_add_bar(&rig.fake, 3, 0x100, 0, false);
	fake_add_msix(&rig.fake, places[_i].vectors, places[_i].table, places[_i].pba);
	if (places[_i].address == UINT64_MAX) {
		stderr_begin(&caught);
		ck_assert_int_eq(rig_open(&rig), -EIO);
		stderr_end(&caught);
		stderr_holds(&caught, "MSI-X table or PBA lies outside");
		rig_close(&rig);
		return;
	}
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	rig_msix_control(&rig, ENABLE);
	rig_bar_write(&rig, bar, places[_i].address, 8, RIG_MSI_ADDRESS);
	rig_bar_write(&rig, bar, places[_i].address + 8, 8, 0x41);
	ck_assert_msg(fake_kvm_plugged(24), "%s", places[_i].what);
	ck_assert_uint_eq(rig_bar_read(&rig, bar, places[_i].address, 8), RIG_MSI_ADDRESS);
	ck_assert(!fake_kvm_mapped(rig.pci->function.bars[bar].addr +
				   (places[_i].address & ~0xfffull)));
	ck_assert_uint_eq(rig.fake.table_touched, 0);
	rig_msix_control(&rig, 0);
	rig_close(&rig);
}
END_TEST

/* The capability claims more vectors than the kernel knows of. */
START_TEST(rule_29_more_vectors_than_the_kernel)
{
	static struct rig rig;
	struct stderr_text caught;

	rig_init_usual(&rig);
	rig.fake.vectors = 4;
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	stderr_begin(&caught);
	rig_msix_control(&rig, ENABLE);
	for (unsigned int vector = 0; vector < 8; vector++)
		rig_msix_entry(&rig, vector, 0x40 + vector, false);
	rig_bar_read(&rig, 0, RIG_MSIX_PBA, 8);
	ck_assert(fake_kvm_plugged(27) && !fake_kvm_plugged(28));
	rig_msix_control(&rig, ENABLE | MASKALL);
	rig_msix_control(&rig, ENABLE);
	stderr_end(&caught);
	rig_close(&rig);
}
END_TEST

/*
 * A server shows both capabilities, and has vectors for one of them. The guest is shown that one.
 */
START_TEST(rule_37_capability_without_vectors)
{
	static const char *const words[] = { "its MSI capability is not shown",
					     "its MSI-X capability is not shown" };
	static struct rig rig;
	struct stderr_text caught;

	rig_init_usual(&rig);
	fake_add_msi(&rig.fake, 2, 0);
	if (_i)
		rig.fake.vectors = 0;
	else
		rig.fake.msis = 0;
	stderr_begin(&caught);
	ck_assert_int_eq(rig_open(&rig), 0);
	stderr_end(&caught);
	stderr_holds(&caught, words[_i]);
	ck_assert_uint_eq(pci_find_capability(&rig.pci->function, PCI_CAP_ID_MSI) != 0, _i);
	ck_assert_uint_eq(rig.msix != 0, !_i);
	rig_switch_on(&rig);
	rig_config_write(&rig, rig.fake.msi_cap + PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE);
	ck_assert_uint_eq(rig.fake.msi_on, _i);
	if (!_i)
		rig_msix_control(&rig, ENABLE);
	ck_assert_uint_eq(rig.fake.msix_on, !_i);
	ck_assert(fake_kvm_mapped(RIG_BAR0));
	rig_close(&rig);
}
END_TEST

/* A kind that VFIO does not know is one without vectors; that it cannot be asked is a failure. */
static const struct {
	unsigned int nth; /* MSI-X is asked for first */
	int err, ret;
	const char *says;
} unknown_kinds[] = {
	{ 1, -EINVAL, 0, "its MSI-X capability is not shown" },
	{ 2, -EINVAL, 0, "its MSI capability is not shown" },
	{ 3, -EIO, -EIO, "VFIO_DEVICE_GET_IRQ_INFO" },
	{ 3, -ENOMEM, -ENOMEM, "VFIO_DEVICE_GET_IRQ_INFO" },
};

START_TEST(rule_37_kind_that_vfio_does_not_know)
{
	static struct rig rig;
	struct stderr_text caught;

	rig_init_usual(&rig);
	fake_add_msi(&rig.fake, 2, 0);
	fake_fail(&rig.fake, "get_irq", unknown_kinds[_i].nth, unknown_kinds[_i].err);
	stderr_begin(&caught);
	ck_assert_int_eq(rig_open(&rig), unknown_kinds[_i].ret);
	stderr_end(&caught);
	stderr_holds(&caught, unknown_kinds[_i].says);
	rig_close(&rig);
}
END_TEST

/* The host could not switch MSI-X on. It is asked again when the guest touches a vector. */
START_TEST(rule_37_enable_is_tried_again)
{
	static struct rig rig;
	struct stderr_text caught;

	rig_open_usual(&rig);
	rig_switch_on(&rig);
	rig.fake.grant = 0;
	stderr_begin(&caught);
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
	rig_msix_entry(&rig, 1, 0x41, false);
	stderr_end(&caught);
	ck_assert_uint_eq(rig.fake.msix_on, 0);
	rig.fake.grant = 8;
	rig_msix_entry(&rig, 2, 0x42, false);
	ck_assert_uint_eq(rig.fake.msix_on, 3);
	ck_assert_int_ge(rig.fake.msix_fds[1], 0); /* unmasked before */
	ck_assert_int_ge(rig.fake.msix_fds[2], 0);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("vfio_msix", { rule_37_capability_without_vectors, 2 },
	  { rule_37_kind_that_vfio_does_not_know, UNIT_COUNT(unknown_kinds) },
	  { rule_45_pairs_cost_nothing, 0 },
	  { rule_45_masked_and_then, UNIT_COUNT(masked_and_then) },
	  { rule_37_enable_is_tried_again, 0 }, { rule_07_intx_gives_way_and_comes_back, 0 },
	  { rule_07_device_without_a_pin, 0 }, { rule_02_control_is_not_forwarded, 0 },
	  { rule_03_enable_all_masked, 0 }, { rule_05_control_in_every_size, 6 },
	  { rule_01_golden_trace_of_a_vector, 0 }, { pending_while_masked, 0 },
	  { rule_01_function_mask, 0 }, { rule_08_one_routing_for_many, 2 },
	  { host_cannot_enable, 0 }, { rule_04_no_files_left, 0 },
	  { rule_05_bytes_around_the_table, 0 }, { rule_16_access_straddles_into_the_table, 0 },
	  { rule_12_places_of_table_and_pba, UNIT_COUNT(places) },
	  { rule_29_more_vectors_than_the_kernel, 0 })
