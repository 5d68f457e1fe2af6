/* SPDX-License-Identifier: MIT */
/*
 * vfio/vfio_bar.c: the BARs of a passed-through device while the guest switches them on and off,
 * moves them to wherever it likes, and puts the device to sleep.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call_log.h"
#include "fake_kvm.h"
#include "plain_ram.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/vfio_dma.h"
#include "vfio_rig.h"

#define GIB   (1ull << 30)
#define MEM64 PCI_BASE_ADDRESS_MEM_TYPE_64
#define IO    PCI_BASE_ADDRESS_SPACE_IO
#define BAR0  PCI_BASE_ADDRESS_0

#define BAR0_SLOT "KVM_SET_USER_MEMORY_REGION 0x100000000+0x2000\n"
#define BAR0_GONE "KVM_SET_USER_MEMORY_REGION 0x100000000 off\n"

START_TEST(rule_09_memory_on_and_off)
{
	static struct rig rig;

	rig_open_usual(&rig);
	rig_config_write(&rig, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	calls_expect("config 0x4.2=0x2\n" BAR0_SLOT);
	ck_assert(fake_kvm_mapped(RIG_BAR0) && !fake_kvm_mapped(RIG_BAR0 + 0x2000));
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x2000, 4), 0);
	rig_config_write(&rig, PCI_COMMAND, 2, 0);
	calls_expect(BAR0_GONE "config 0x4.2=0\n");
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x2000, 4), UINT32_MAX);
	ck_assert_uint_eq(rig_config_read(&rig, PCI_COMMAND, 2), 0);
	rig_close(&rig);
}
END_TEST

/* One write takes memory away and gives ports. The memory slots still go first. */
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

	rig_open_usual(&rig);
	ctrl = rig.fake.pm_cap + PCI_PM_CTRL;
	rig_config_write(&rig, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	calls_begin();
	rig_config_write(&rig, ctrl, size, 3);
	ck_assert_uint_lt(calls_first("KVM_SET_USER_MEMORY_REGION 0x100000000 off"),
			  calls_first("config "));
	ck_assert_uint_eq(calls_count(""), 2);
	ck_assert_uint_eq(fake_config_word(&rig.fake, ctrl) & 3, 3);
	ck_assert_uint_eq(rig_config_read(&rig, ctrl, 2) & 3, 3);
	/* COMMAND does not count while the device sleeps. */
	calls_begin();
	rig_config_write(&rig, PCI_COMMAND, 2, 0);
	rig_config_write(&rig, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	ck_assert_uint_eq(calls_count("KVM_SET_USER_MEMORY_REGION"), 0);
	calls_begin();
	rig_config_write(&rig, ctrl, size, 0);
	ck_assert_uint_lt(calls_first("config "),
			  calls_first("KVM_SET_USER_MEMORY_REGION 0x100000000+0x2000"));
	ck_assert_uint_eq(calls_count(""), 2);
	ck_assert(fake_kvm_mapped(RIG_BAR0));
	rig_close(&rig);
}
END_TEST

/*
 * The guest wakes a device that does not wake at once: the device still says D3hot or D1, or
 * gives all-ones or an error. Its BARs come back when it is found awake, by a read or by a write.
 */
static const struct {
	enum fake_death death;
	uint8_t state; /* what the device says while it is not awake */
	bool write;    /* the access that finds it awake */
} wakes[] = {
	{ FAKE_ALIVE, 3, false }, { FAKE_ALIVE, 3, true },  { FAKE_ALIVE, 1, false },
	{ FAKE_GONE, 0, false },  { FAKE_BROKEN, 0, true },
};

START_TEST(rule_36_until_the_device_reads_d0)
{
	static struct rig rig;
	unsigned int ctrl;

	rig_open_usual(&rig);
	ctrl = rig.fake.pm_cap + PCI_PM_CTRL;
	rig_switch_on(&rig);
	rig_config_write(&rig, ctrl, 2, 3);
	rig.fake.death = wakes[_i].death;
	rig.fake.pm_stuck = wakes[_i].state;
	rig_config_write(&rig, ctrl, 2, 0);
	ck_assert(!fake_kvm_mapped(RIG_BAR0));
	rig_config_read(&rig, ctrl, 2);
	rig_config_write(&rig, PCI_COMMAND, 2, 0);
	rig_switch_on(&rig);
	ck_assert(!fake_kvm_mapped(RIG_BAR0));
	rig.fake.death = FAKE_ALIVE;
	rig.fake.pm_stuck = 0;
	rig.fake.config[ctrl] = 0;
	if (wakes[_i].write)
		rig_config_write(&rig, ctrl, 2, 0);
	else
		ck_assert_uint_eq(rig_config_read(&rig, ctrl, 2) & 3, 0);
	rig_switch_on(&rig);
	ck_assert(fake_kvm_mapped(RIG_BAR0));
	rig_close(&rig);
}
END_TEST

/* The device decodes nothing before it first wakes, or after a reset that does not wake it. */
START_TEST(rule_36_asleep_when_the_guest_starts)
{
	static struct rig rig;
	unsigned int ctrl;

	rig_init_usual(&rig);
	ctrl = rig.fake.pm_cap + PCI_PM_CTRL;
	rig.fake.config[ctrl] = rig.fake.pm_stuck = _i ? 0 : 3;
	ck_assert_int_eq(rig_open(&rig), 0);
	if (_i) {
		rig_switch_on(&rig);
		rig.fake.config[ctrl] = rig.fake.pm_stuck = 2;
		pci_host_reset(&rig.host);
		ck_assert_int_eq(vfio_pci_power_on(rig.pci), 0);
	}
	rig_switch_on(&rig);
	ck_assert(!fake_kvm_mapped(RIG_BAR0));
	ck_assert_uint_eq(rig_bar_read(&rig, 0, RIG_MSIX_TABLE, 4), UINT32_MAX);
	rig.fake.config[ctrl] = rig.fake.pm_stuck = 0;
	rig_config_write(&rig, ctrl, 2, 0);
	ck_assert(fake_kvm_mapped(RIG_BAR0));
	rig_close(&rig);
}
END_TEST

/* In D1 and D2 it decodes nothing either. A device that lacks these states stays in D0. */
START_TEST(rule_36_every_state_but_d0)
{
	static struct rig rig;
	unsigned int ctrl;

	rig_open_usual(&rig);
	ctrl = rig.fake.pm_cap + PCI_PM_CTRL;
	rig_switch_on(&rig);
	for (unsigned int state = 1; state <= 3; state++) {
		rig_config_write(&rig, ctrl, 2, state);
		ck_assert(!fake_kvm_mapped(RIG_BAR0));
		rig_config_write(&rig, ctrl, 2, 0);
		ck_assert(fake_kvm_mapped(RIG_BAR0));
	}
	rig_close(&rig);
}
END_TEST

/* The write that switches decoding on fails. The device decodes nothing, and so does its BAR. */
START_TEST(rule_36_switching_on_fails)
{
	static const char *const operations[] = { "region_read", "region_write" };
	static struct rig rig;

	rig_open_usual(&rig);
	fake_fail(&rig.fake, operations[_i], 1, -EIO);
	rig_switch_on(&rig);
	ck_assert(!fake_kvm_mapped(RIG_BAR0));
	ck_assert_uint_eq(rig_config_read(&rig, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY, 0);
	rig_switch_on(&rig);
	ck_assert(fake_kvm_mapped(RIG_BAR0));
	rig_close(&rig);
}
END_TEST

START_TEST(rule_10_moves_with_its_pieces)
{
	static struct rig rig;

	rig_open_usual(&rig);
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

/* With a second device about, memory slot and DMA map come, move, go and sleep together. */
START_TEST(rule_10_dma_map_moves_along)
{
	static struct rig rig;
	struct vfio_dma_map map;
	unsigned int ctrl;

	rig_open_usual(&rig);
	ctrl = rig.fake.pm_cap + PCI_PM_CTRL;
	ck_assert_int_eq(vfio_dma_start(&map, &rig.space, &rig.vm.memory, true), 0);
	rig_switch_on(&rig);
	calls_expect("config 0x4.2=0x7\n" BAR0_SLOT "dma_map 0x100000000+0x2000\n");
	ck_assert_ptr_eq(rig.fake.maps[0].hva, rig.pci->bars.list[0].hva);
	rig_config_write(&rig, BAR0, 4, 0x8000);
	calls_expect("dma_unmap 0x100000000+0x2000\n" BAR0_GONE
		     "KVM_SET_USER_MEMORY_REGION 0x100008000+0x2000\n"
		     "dma_map 0x100008000+0x2000\n");
	rig_config_write(&rig, ctrl, 2, 3);
	ck_assert_uint_eq(rig.fake.map_count, 0);
	rig_config_write(&rig, ctrl, 2, 0);
	ck_assert_uint_eq(rig.fake.map_count, 1);
	rig_config_write(&rig, PCI_COMMAND, 2, 0);
	ck_assert_uint_eq(rig.fake.map_count, 0);
	vfio_dma_stop(&map);
	rig_close(&rig);
}
END_TEST

/*
 * The guest puts the BAR onto RAM, onto the ECAM, onto the interrupt controllers, or beyond
 * everything. The BAR is then nowhere, and comes back.
 */
START_TEST(rule_10_hostile_places)
{
	static const uint64_t places[] = { 0,
					   0x100000,
					   0xf0000000,
					   0xf0004000,
					   0xfec00000,
					   0xfee00000,
					   0xffffc000,
					   0x8000000000000000,
					   0xffffffffffffc000,
					   RIG_BAR0 - 0x4000,
					   RIG_BAR0 + GIB };
	static struct rig rig;

	rig_open_usual(&rig);
	ck_assert_int_eq(plain_ram_add(&rig.vm.memory, 0, 16 << 20), 0);
	rig_switch_on(&rig);
	for (size_t i = 0; i < UNIT_COUNT(places); i++) {
		rig_config_write(&rig, BAR0, 4, (uint32_t)places[i]);
		rig_config_write(&rig, BAR0 + 4, 4, places[i] >> 32);
		ck_assert(!rig.pci->function.bars[0].mapped);
		ck_assert(!fake_kvm_mapped(RIG_BAR0));
		ck_assert(fake_kvm_mapped(0));
		ck_assert_uint_eq(rig_config_read(&rig, PCI_VENDOR_ID, 2), 0x1b36); /* ECAM lives */
		rig_config_write(&rig, BAR0, 4, (uint32_t)RIG_BAR0);
		rig_config_write(&rig, BAR0 + 4, 4, RIG_BAR0 >> 32);
		ck_assert(fake_kvm_mapped(RIG_BAR0));
	}
	rig_close(&rig);
}
END_TEST

/*
 * Two BARs change places, with COMMAND off as Linux does it, and with COMMAND on as others may.
 */
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

/* A trapped BAR lies below and above a mapped one, at the same place. */
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

/*
 * KVM refuses the second memory slot of a BAR in three pieces. No slot stays, and the next try
 * has all of them.
 */
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
	ck_assert(!fake_kvm_mapped(0xc0002000) && fake_kvm_mapped(0xc0005000));
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x2000, 4), 0);
	rig_close(&rig);
}
END_TEST

static const uint64_t bar_sizes[] = { 0x1000, 0x4000, 1 << 20, GIB, 4 * GIB };

/*
 * Guest-physical and host-virtual addresses are congruent up to 1 GiB, and the same bytes are
 * behind both.
 */
START_TEST(rule_11_mapping_is_aligned)
{
	uint64_t size = bar_sizes[_i], align = size < GIB ? size : GIB;
	static struct rig rig;
	uint64_t value;

	rig_init(&rig);
	fake_add_bar(&rig.fake, 0, size, MEM64, true);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	ck_assert_uint_eq((uintptr_t)rig.pci->bars.list[0].hva % align, 0);
	ck_assert_uint_eq(rig.pci->function.bars[0].addr % align, 0);
	value = 0x1122334455667788;
	memcpy((char *)rig.pci->bars.list[0].hva + size - 8, &value, 8);
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
	ck_assert_int_eq(vfio_pci_new(&rig.vm, &rig.space, &rig_request, &rig.options, &rig.pci),
			 0);
	ck_assert_uint_eq(rig.pci->bars.list[0].window_count, 4);
	ck_assert_ptr_nonnull(rig.pci->bars.list[0].hva);
	vfio_pci_free(rig.pci);
	rig_close(&rig);
}
END_TEST

static const uint64_t io_sizes[] = { 0x100, 0x1000 };

/*
 * I/O BARs of any size, and a memory BAR below a page, are trapped, on the right bus, for
 * accesses of every size.
 */
START_TEST(rule_12_io_and_small_bars)
{
	static struct rig rig;

	rig_init(&rig);
	fake_add_bar(&rig.fake, 0, io_sizes[_i], IO, true);
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

/* A process that is started later would keep the device open. */
START_TEST(no_child_has_it)
{
	static struct rig rig;
	unsigned char there;
	int status;
	pid_t pid;

	rig_open_usual(&rig);
	pid = fork();
	if (pid == 0)
		_exit(mincore(rig.pci->bars.list[0].hva, 4096, &there) == 0 || errno != ENOMEM);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(mincore(rig.pci->bars.list[0].hva, 4096, &there), 0);
	rig_close(&rig);
}
END_TEST

/* With x-no-mmap there is no memory slot, every access is seen, and the table is where it was. */
START_TEST(rule_12_all_trapped_on_demand)
{
	static struct rig rig;

	rig_init_usual(&rig);
	rig.options.no_mmap = true;
	ck_assert_int_eq(rig_open(&rig), 0);
	calls_begin();
	rig_switch_on(&rig);
	calls_expect("config 0x4.2=0x7\n");
	ck_assert_ptr_null(rig.pci->bars.list[0].hva);
	rig_bar_write(&rig, 0, 0x1000, 8, 0x1122334455667788);
	rig_bar_write(&rig, 0, 0x2000, 4, 0x1234);
	calls_expect("bar0 0x1000.8=0x1122334455667788\n");
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x1002, 2), 0x5566);
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x2000, 4), 0x1234);
	ck_assert_uint_eq(rig.fake.table_touched, 0);
	rig_close(&rig);
}
END_TEST

/*
 * The backend says that the region can be mapped, and then it cannot. It is slower then, not
 * wrong.
 */
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

UNIT_MAIN("vfio_bar", { rule_09_memory_on_and_off, 0 }, { rule_09_memory_off_while_io_goes_on, 0 },
	  { rule_09_sleep_and_wake, UNIT_COUNT(pm_sizes) },
	  { rule_36_until_the_device_reads_d0, UNIT_COUNT(wakes) },

	  { rule_36_every_state_but_d0, 0 }, { rule_36_asleep_when_the_guest_starts, 2 },
	  { rule_36_switching_on_fails, 2 }, { rule_10_moves_with_its_pieces, 0 },
	  { rule_10_dma_map_moves_along, 0 }, { rule_10_hostile_places, 0 },
	  { rule_10_two_bars_swap, 2 }, { rule_10_small_bar_onto_a_large_one, 0 },
	  { rule_10_refused_slot_takes_the_others_along, 0 },
	  { rule_11_mapping_is_aligned, UNIT_COUNT(bar_sizes) }, { rule_12_bar_of_128_gib, 0 },
	  { rule_12_io_and_small_bars, UNIT_COUNT(io_sizes) }, { rule_12_all_trapped_on_demand, 0 },
	  { rule_12_mapping_that_fails, 0 }, { no_child_has_it, 0 })
