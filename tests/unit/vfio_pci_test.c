/* SPDX-License-Identifier: MIT */
/*
 * vfio/vfio_pci.c with its parts: what VFIO and KVM are asked, and in which order, when the guest
 * switches the device on and off, moves its BARs, resets it, and when it is given back.
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "call_log.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio_rig.h"

#define GIB   (1ull << 30)
#define MEM64 PCI_BASE_ADDRESS_MEM_TYPE_64
#define IO    PCI_BASE_ADDRESS_SPACE_IO
#define BAR0  PCI_BASE_ADDRESS_0

/* Where the usual device's BAR0 lies at power-on: the 64-bit window, right above 4 GiB. */
#define BAR0_AT	  0x100000000ull
#define BAR0_SLOT "KVM_SET_USER_MEMORY_REGION 0x100000000+0x2000\n"
#define BAR0_GONE "KVM_SET_USER_MEMORY_REGION 0x100000000 off\n"
#define INTX_ON	  "KVM_IRQFD 17 on resample\nirqs intx trigger\nirqs intx unmask\n"
#define INTX_OFF  "irqs intx off\nKVM_IRQFD 17 off\n"

static void open_usual(struct rig *rig)
{
	rig_init_usual(rig);
	ck_assert_int_eq(rig_open(rig), 0);
	ck_assert_uint_eq(rig->pci->function.bars[0].assigned, BAR0_AT);
	calls_begin();
}

/* ---- start and end ---- */

START_TEST(rule_23_start)
{
	static struct rig rig;

	rig_init_usual(&rig);
	rig.fake.notifies = true;
	calls_begin();
	ck_assert_int_eq(rig_open(&rig), 0);
	calls_expect("dev_open\nirqs error on\nirqs request on\nKVM_CREATE_DEVICE\n"
		     "KVM_SET_DEVICE_ATTR add\n" INTX_ON);
	rig_close(&rig);
}
END_TEST

/* Slots, irqfds, VFIO's interrupts, KVM's reference, the device, the space. */
START_TEST(rule_26_end_with_msix)
{
	static struct rig rig;

	open_usual(&rig);
	rig_switch_on(&rig);
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
	rig_msix_entry(&rig, 0, 0x41, false);
	rig_msix_entry(&rig, 1, 0x42, false);
	ck_assert(fake_kvm_plugged(24) && fake_kvm_plugged(25));
	calls_begin();
	rig_close(&rig);
	calls_expect(BAR0_GONE "KVM_IRQFD 24 off\nKVM_IRQFD 25 off\nirqs msix off\n"
			       "KVM_SET_DEVICE_ATTR del\ndev_close\nspace_close\n");
}
END_TEST

START_TEST(rule_26_end_with_intx)
{
	static struct rig rig;

	rig_init_usual(&rig);
	rig.fake.notifies = true;
	ck_assert_int_eq(rig_open(&rig), 0);
	calls_begin();
	rig_close(&rig);
	ck_assert_uint_eq(calls_count(""), 7);
	ck_assert_uint_lt(calls_last("KVM_IRQFD 17 off"), calls_first("KVM_SET_DEVICE_ATTR del"));
	ck_assert_uint_lt(calls_last("irqs"), calls_first("KVM_SET_DEVICE_ATTR del"));
	ck_assert_uint_lt(calls_first("KVM_SET_DEVICE_ATTR del"), calls_first("dev_close"));
	ck_assert_uint_lt(calls_first("dev_close"), calls_first("space_close"));
}
END_TEST

/* Whatever call fails on the way, everything before it is undone. */
START_TEST(failed_start_leaves_nothing)
{
	static const char *const operations[] = { "dev_open",	 "get_info", "get_region",
						  "region_read", "get_irq",  "set_irqs" };
	static struct rig rig;
	struct stderr_text caught;
	int ret = -1;

	for (unsigned int nth = 1; ret != 0 && nth < 16; nth++) {
		rig_init_usual(&rig);
		rig.fake.notifies = true;
		fake_fail(&rig.fake, operations[_i], nth, -EIO);
		calls_begin();
		stderr_begin(&caught);
		ret = vfio_pci_new(&rig.vm, &rig.space, FAKE_BDF, 1, &rig.pci);
		stderr_end(&caught);
		ck_assert_uint_eq(calls_count("dev_open\n") + (ret && !nth),
				  calls_count("dev_close\n"));
		ck_assert(rig.fake.open == (ret == 0));
		if (ret == 0) /* that often it is not called */
			vfio_pci_free(rig.pci);
		else if (rig.fake.fail_name == NULL && ret == -EIO && strcmp(operations[_i], "dev_open"))
			ck_assert_uint_eq(calls_count("dev_close"), 1);
		rig.pci = NULL;
		rig_close(&rig);
	}
	ck_assert_int_eq(ret, 0);
}
END_TEST

START_TEST(rule_18_asleep_or_gone)
{
	static struct rig rig;
	struct stderr_text caught;
	int ret;

	rig_init_usual(&rig);
	rig.fake.death = _i ? FAKE_BROKEN : FAKE_GONE;
	stderr_begin(&caught);
	ret = rig_open(&rig);
	stderr_end(&caught);
	ck_assert_int_eq(ret, _i ? -EIO : -ENODEV);
	stderr_holds(&caught, "minivmm: error: " FAKE_BDF ": ");
	rig_close(&rig);
}
END_TEST

START_TEST(devices_that_cannot_be)
{
	static struct rig rig;
	struct stderr_text caught;
	int ret;

	rig_init_usual(&rig);
	if (_i)
		fake_add_bar(&rig.fake, 2, 0x3000, 0, true);
	else
		rig.fake.info_flags = VFIO_DEVICE_FLAGS_PLATFORM;
	stderr_begin(&caught);
	ret = rig_open(&rig);
	stderr_end(&caught);
	ck_assert_int_eq(ret, _i ? -EIO : -ENODEV);
	stderr_holds(&caught, _i ? "not a power of two" : "not a PCI device");
	rig_close(&rig);
}
END_TEST

START_TEST(rule_24_device_says_good_bye)
{
	static struct rig rig;
	struct stderr_text caught;
	enum vm_event event;

	rig_init_usual(&rig);
	rig.fake.notifies = true;
	ck_assert_int_eq(rig_open(&rig), 0);
	eventfd_write(_i ? rig.fake.request_fd : rig.fake.error_fd, 1);
	stderr_begin(&caught);
	event = vm_wait(&rig.vm);
	stderr_end(&caught);
	ck_assert_int_eq(event, VM_EVENT_DEVICE_LOST);
	stderr_holds(&caught, "minivmm: error: " FAKE_BDF ": ");
	rig_close(&rig);
}
END_TEST

/* ---- BARs ---- */

START_TEST(rule_09_memory_on_and_off)
{
	static struct rig rig;

	open_usual(&rig);
	rig_config_write(&rig, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	calls_expect("config 0x4.2=0x2\n" BAR0_SLOT);
	ck_assert(fake_kvm_mapped(BAR0_AT) && !fake_kvm_mapped(BAR0_AT + 0x2000));
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x2000, 4), 0);
	rig_config_write(&rig, PCI_COMMAND, 2, 0);
	calls_expect(BAR0_GONE "config 0x4.2=0\n");
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x2000, 4), UINT32_MAX);
	ck_assert_uint_eq(rig_config_read(&rig, PCI_COMMAND, 2), 0);
	rig_close(&rig);
}
END_TEST

/* One write that takes memory away and gives ports: the slots still go first. */
START_TEST(rule_09_memory_off_while_io_goes_on)
{
	static struct rig rig;

	rig_init_usual(&rig);
	fake_add_bar(&rig.fake, 2, 0x100, IO, false);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_config_write(&rig, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	calls_begin();
	rig_config_write(&rig, PCI_COMMAND, 2, PCI_COMMAND_IO);
	calls_expect(BAR0_GONE "config 0x4.2=0x1\n");
	rig_close(&rig);
}
END_TEST

static const unsigned int pm_sizes[] = { 1, 2, 4 };

START_TEST(rule_09_sleep_and_wake)
{
	static struct rig rig;
	unsigned int size = pm_sizes[_i], ctrl;

	open_usual(&rig);
	ctrl = rig.fake.pm_cap + PCI_PM_CTRL;
	rig_config_write(&rig, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	calls_begin();
	rig_config_write(&rig, ctrl, size, 3);
	ck_assert_uint_lt(calls_first("KVM_SET_USER_MEMORY_REGION 0x100000000 off"),
			  calls_first("config "));
	ck_assert_uint_eq(calls_count(""), 2);
	ck_assert_uint_eq(fake_config_word(&rig.fake, ctrl) & 3, 3);
	ck_assert_uint_eq(rig_config_read(&rig, ctrl, 2) & 3, 3);
	/* COMMAND does not count while it sleeps. */
	calls_begin();
	rig_config_write(&rig, PCI_COMMAND, 2, 0);
	rig_config_write(&rig, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	ck_assert_uint_eq(calls_count("KVM_SET_USER_MEMORY_REGION"), 0);
	calls_begin();
	rig_config_write(&rig, ctrl, size, 0);
	ck_assert_uint_lt(calls_first("config "),
			  calls_first("KVM_SET_USER_MEMORY_REGION 0x100000000+0x2000"));
	ck_assert_uint_eq(calls_count(""), 2);
	ck_assert(fake_kvm_mapped(BAR0_AT));
	rig_close(&rig);
}
END_TEST

START_TEST(rule_10_moves_with_its_pieces)
{
	static struct rig rig;

	open_usual(&rig);
	rig_switch_on(&rig);
	calls_begin();
	rig_config_write(&rig, BAR0, 4, 0x8000);
	calls_expect(BAR0_GONE "KVM_SET_USER_MEMORY_REGION 0x100008000+0x2000\n");
	rig_bar_write(&rig, 0, 0x2000, 4, 0x1234); /* the table came along */
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x2000, 4), 0x1234);
	ck_assert_uint_eq(calls_count("bar0"), 0);
	rig_config_write(&rig, BAR0, 8, 0xc0000000); /* 32-bit window */
	calls_expect("KVM_SET_USER_MEMORY_REGION 0x100008000 off\n"
		     "KVM_SET_USER_MEMORY_REGION 0xc0000000+0x2000\n");
	rig_close(&rig);
}
END_TEST

/* Onto RAM, ECAM, the interrupt controllers, beyond everything: it is then nowhere, and comes back. */
START_TEST(rule_10_hostile_places)
{
	static const uint64_t places[] = { 0, 0x100000, 0xf0000000, 0xf0004000, 0xfec00000,
					   0xfee00000, 0xffffc000, 0x8000000000000000,
					   0xffffffffffffc000, BAR0_AT - 0x4000, BAR0_AT + GIB };
	static struct rig rig;

	open_usual(&rig);
	ck_assert_int_eq(memory_add_ram(&rig.vm.memory, 0, 16 << 20), 0);
	rig_switch_on(&rig);
	for (size_t i = 0; i < UNIT_COUNT(places); i++) {
		rig_config_write(&rig, BAR0, 4, (uint32_t)places[i]);
		rig_config_write(&rig, BAR0 + 4, 4, places[i] >> 32);
		ck_assert(!rig.pci->function.bars[0].mapped);
		ck_assert(!fake_kvm_mapped(BAR0_AT));
		ck_assert(fake_kvm_mapped(0));
		ck_assert_uint_eq(rig_config_read(&rig, PCI_VENDOR_ID, 2), 0x1b36); /* ECAM lives */
		rig_config_write(&rig, BAR0, 4, (uint32_t)BAR0_AT);
		rig_config_write(&rig, BAR0 + 4, 4, BAR0_AT >> 32);
		ck_assert(fake_kvm_mapped(BAR0_AT));
	}
	rig_close(&rig);
}
END_TEST

/* Two BARs change places, with COMMAND off as Linux does and on as others may. */
START_TEST(rule_10_two_bars_swap)
{
	static struct rig rig;

	rig_init(&rig);
	fake_add_bar(&rig.fake, 0, 0x4000, 0, true);
	fake_add_bar(&rig.fake, 1, 0x4000, 0, true);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	if (_i == 0)
		rig_config_write(&rig, PCI_COMMAND, 2, 0);
	rig_config_write(&rig, BAR0, 4, 0xc0004000);
	rig_config_write(&rig, BAR0 + 4, 4, 0xc0000000);
	if (_i == 0)
		rig_switch_on(&rig);
	ck_assert_uint_eq(rig.pci->function.bars[0].addr, 0xc0004000);
	ck_assert_uint_eq(rig.pci->function.bars[1].addr, 0xc0000000);
	ck_assert(fake_kvm_mapped(0xc0000000) && fake_kvm_mapped(0xc0004000));
	rig_close(&rig);
}
END_TEST

/* A trapped BAR below and above a mapped one, at the same place. */
START_TEST(rule_10_small_bar_onto_a_large_one)
{
	static struct rig rig;

	rig_init(&rig);
	fake_add_bar(&rig.fake, 0, 0x4000, 0, true);
	fake_add_bar(&rig.fake, 1, 0x100, 0, false);
	fake_add_bar(&rig.fake, 2, 0x100, 0, false);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	rig_config_write(&rig, BAR0 + 4, 4, 0xc0000000);
	rig_config_write(&rig, BAR0 + 8, 4, 0xc0000000);
	rig_config_write(&rig, BAR0, 4, 0xc0010000);
	rig_config_write(&rig, BAR0, 4, 0xc0000000);
	rig_config_write(&rig, PCI_COMMAND, 2, 0);
	ck_assert(!fake_kvm_mapped(0xc0000000));
	rig_config_write(&rig, BAR0 + 8, 4, 0xc0020000);
	rig_config_write(&rig, BAR0 + 4, 4, 0xc0020100);
	rig_switch_on(&rig);
	rig_bar_write(&rig, 1, 0x10, 4, 0xaa);
	rig_bar_write(&rig, 2, 0x10, 4, 0xbb);
	ck_assert_uint_eq(rig_bar_read(&rig, 1, 0x10, 4), 0xaa);
	ck_assert_uint_eq(rig_bar_read(&rig, 2, 0x10, 4), 0xbb);
	rig_close(&rig);
}
END_TEST

/* KVM refuses the second slot of a BAR in three pieces: none stays, and the next try has all. */
START_TEST(rule_10_refused_slot_takes_the_others_along)
{
	static struct rig rig;
	struct stderr_text caught;

	rig_init(&rig);
	fake_add_bar(&rig.fake, 0, 0x8000, 0, true);
	fake_add_msix(&rig.fake, 8, 0x2000, 0x5000);
	ck_assert_int_eq(rig_open(&rig), 0);
	fake_kvm_fail("KVM_SET_USER_MEMORY_REGION", 2, -ENOSPC);
	stderr_begin(&caught);
	rig_switch_on(&rig);
	stderr_end(&caught);
	stderr_holds(&caught, "KVM_SET_USER_MEMORY_REGION");
	ck_assert(!fake_kvm_mapped(0xc0000000));
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x2000, 4), UINT32_MAX);
	rig_config_write(&rig, PCI_COMMAND, 2, 0);
	rig_switch_on(&rig);
	ck_assert(fake_kvm_mapped(0xc0000000) && fake_kvm_mapped(0xc0003000) &&
		  fake_kvm_mapped(0xc0006000));
	ck_assert(!fake_kvm_mapped(0xc0002000) && !fake_kvm_mapped(0xc0005000));
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x2000, 4), 0);
	rig_close(&rig);
}
END_TEST

static const uint64_t bar_sizes[] = { 0x1000, 0x4000, 1 << 20, GIB, 4 * GIB };

/* Guest-physical and host-virtual congruent up to 1 GiB, and the same bytes behind both. */
START_TEST(rule_11_mapping_is_aligned)
{
	uint64_t size = bar_sizes[_i], align = size < GIB ? size : GIB;
	static struct rig rig;
	uint64_t value;

	rig_init(&rig);
	fake_add_bar(&rig.fake, 0, size, MEM64, true);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	ck_assert_uint_eq((uintptr_t)rig.pci->bars[0].hva % align, 0);
	ck_assert_uint_eq(rig.pci->function.bars[0].addr % align, 0);
	value = 0x1122334455667788;
	memcpy((char *)rig.pci->bars[0].hva + size - 8, &value, 8);
	value = 0;
	ck_assert_int_eq(pread(rig.fake.bars[0].fd, &value, 8, (off_t)(size - 8)), 8);
	ck_assert_uint_eq(value, 0x1122334455667788);
	rig_close(&rig);
}
END_TEST

START_TEST(rule_12_bar_of_128_gib)
{
	static struct rig rig;

	rig_init(&rig);
	fake_add_bar(&rig.fake, 0, 128 * GIB, MEM64, true);
	fake_add_msix(&rig.fake, 65, 0x10000000, 0x10001000);
	ck_assert_int_eq(vfio_pci_new(&rig.vm, &rig.space, FAKE_BDF, 1, &rig.pci), 0);
	ck_assert_uint_eq(rig.pci->bars[0].window_count, 3);
	ck_assert_ptr_nonnull(rig.pci->bars[0].hva);
	vfio_pci_free(rig.pci);
	rig_close(&rig);
}
END_TEST

/* Ports, and a memory BAR below a page: trapped, on the right bus, in every size. */
START_TEST(rule_12_io_and_small_bars)
{
	static struct rig rig;

	rig_init(&rig);
	fake_add_bar(&rig.fake, 0, 0x100, IO, true);
	fake_add_bar(&rig.fake, 2, 0x800, 0, true);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	calls_begin();
	rig_bar_write(&rig, 0, 0x10, 4, 0x11223344);
	rig_bar_write(&rig, 2, 0x7f8, 8, 0x5566778899aabbcc);
	calls_expect("bar0 0x10.4=0x11223344\nbar2 0x7f8.8=0x5566778899aabbcc\n");
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x11, 1), 0x33);
	ck_assert_uint_eq(rig_bar_read(&rig, 2, 0x7fa, 2), 0x99aa);
	rig_config_write(&rig, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x10, 4), UINT32_MAX);
	ck_assert_uint_eq(rig_bar_read(&rig, 2, 0x7f8, 1), 0xcc);
	rig_close(&rig);
}
END_TEST

/* The backend says it can be mapped, and then it cannot: slower, not wrong. */
START_TEST(rule_12_mapping_that_fails)
{
	static struct rig rig;
	struct stderr_text caught;
	int ret;

	rig_init(&rig);
	fake_add_bar(&rig.fake, 0, 0x4000, 0, true);
	close(rig.fake.bars[0].fd);
	rig.fake.bars[0].fd = -1;
	stderr_begin(&caught);
	ret = rig_open(&rig);
	stderr_end(&caught);
	ck_assert_int_eq(ret, 0);
	stderr_holds(&caught, "minivmm: warning: " FAKE_BDF ": BAR 0");
	rig_switch_on(&rig);
	ck_assert(!fake_kvm_mapped(0xc0000000));
	calls_begin();
	rig_bar_write(&rig, 0, 0x10, 4, 1);
	calls_expect("bar0 0x10.4=0x1\n");
	rig_close(&rig);
}
END_TEST

/* ---- reset ---- */

START_TEST(rule_25_reset)
{
	static struct rig rig;

	open_usual(&rig);
	rig_switch_on(&rig);
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
	rig_msix_entry(&rig, 0, 0x41, false);
	calls_begin();
	pci_host_reset(&rig.host);
	ck_assert_uint_lt(calls_last("KVM_SET_USER_MEMORY_REGION"), calls_first("config 0x4.2=0"));
	ck_assert_uint_lt(calls_first("KVM_IRQFD 24 off"), calls_first("irqs msix off"));
	ck_assert_uint_lt(calls_last("irqs"), calls_first("config 0x4.2=0"));
	ck_assert_uint_lt(calls_first("config 0x4.2=0"), calls_first("reset in D0, command 0"));
	ck_assert_uint_eq(calls_count("reset"), 1);
	ck_assert_uint_eq(calls_count("hot_reset"), 0);
	ck_assert(!rig.fake.intx_on && !rig.fake.msix_on);
	ck_assert_uint_eq(rig_config_read(&rig, rig.msix + PCI_MSIX_FLAGS, 2), 7);
	/* The next guest finds it as the first did. */
	calls_begin();
	ck_assert_int_eq(vfio_pci_connect(rig.pci), 0);
	rig_config_write(&rig, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	calls_expect(INTX_ON "config 0x4.2=0x2\n" BAR0_SLOT);
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x2000, 8), 0);
	rig_close(&rig);
}
END_TEST

/* A guest that left its device in D3hot: it is woken before it is reset. */
START_TEST(rule_25_reset_wakes_it_first)
{
	static struct rig rig;

	open_usual(&rig);
	rig_switch_on(&rig);
	rig_config_write(&rig, rig.fake.pm_cap + PCI_PM_CTRL, 2, 3);
	calls_begin();
	pci_host_reset(&rig.host);
	ck_assert_uint_eq(calls_count("reset"), 1);
	ck_assert_uint_eq(calls_count("reset in D0"), 1);
	rig_config_write(&rig, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	ck_assert(fake_kvm_mapped(BAR0_AT));
	rig_close(&rig);
}
END_TEST

static const struct {
	uint32_t flags;
	const char *fails;
	int err;
	unsigned int resets, hot_resets;
	const char *words;
} resets[] = {
	{ VFIO_DEVICE_FLAGS_RESET, NULL, 0, 1, 0, NULL },
	{ 0, NULL, 0, 0, 1, NULL },
	{ VFIO_DEVICE_FLAGS_RESET, "reset", -EINVAL, 1, 1, NULL },
	{ 0, "hot_reset", -ENOTSUP, 0, 1, "minivmm: warning: " FAKE_BDF ": cannot be reset" },
	{ VFIO_DEVICE_FLAGS_RESET, "region_read", -EIO, 1, 0, "does not answer after its reset" },
};

START_TEST(rule_25_ways_to_reset)
{
	static struct rig rig;
	struct stderr_text caught;

	rig_init_usual(&rig);
	rig.fake.info_flags = VFIO_DEVICE_FLAGS_PCI | resets[_i].flags;
	ck_assert_int_eq(rig_open(&rig), 0);
	calls_begin();
	if (resets[_i].fails)
		fake_fail(&rig.fake, resets[_i].fails, 1, resets[_i].err);
	stderr_begin(&caught);
	pci_host_reset(&rig.host);
	stderr_end(&caught);
	ck_assert_uint_eq(calls_count("reset"), resets[_i].resets);
	ck_assert_uint_eq(calls_count("hot_reset") - calls_count("hot_reset fails"),
			  resets[_i].hot_resets);
	if (resets[_i].words)
		stderr_holds(&caught, resets[_i].words);
	else
		ck_assert_str_eq(caught.text, "");
	rig_close(&rig);
}
END_TEST

START_TEST(rule_25_dead_after_reset)
{
	static struct rig rig;
	struct stderr_text caught;

	open_usual(&rig);
	rig.fake.death = FAKE_GONE;
	stderr_begin(&caught);
	pci_host_reset(&rig.host);
	stderr_end(&caught);
	stderr_holds(&caught, "does not answer");
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("vfio_pci", { rule_23_start, 0 }, { rule_26_end_with_msix, 0 },
	  { rule_26_end_with_intx, 0 }, { failed_start_leaves_nothing, 6 },
	  { rule_18_asleep_or_gone, 2 }, { devices_that_cannot_be, 2 },
	  { rule_24_device_says_good_bye, 2 }, { rule_09_memory_on_and_off, 0 },
	  { rule_09_memory_off_while_io_goes_on, 0 },
	  { rule_09_sleep_and_wake, UNIT_COUNT(pm_sizes) }, { rule_10_moves_with_its_pieces, 0 },
	  { rule_10_hostile_places, 0 }, { rule_10_two_bars_swap, 2 },
	  { rule_10_small_bar_onto_a_large_one, 0 },
	  { rule_10_refused_slot_takes_the_others_along, 0 },
	  { rule_11_mapping_is_aligned, UNIT_COUNT(bar_sizes) }, { rule_12_bar_of_128_gib, 0 },
	  { rule_12_io_and_small_bars, 0 }, { rule_12_mapping_that_fails, 0 },
	  { rule_25_reset, 0 }, { rule_25_reset_wakes_it_first, 0 },
	  { rule_25_ways_to_reset, UNIT_COUNT(resets) }, { rule_25_dead_after_reset, 0 })
