/* SPDX-License-Identifier: MIT */
/*
 * vfio/vfio_bar.c: what of a BAR is mapped, page by page: BARs below a page, pages with pending
 * bits, and regions that can only be read.
 */
#include "call_log.h"
#include "fake_kvm.h"
#include "unit.h"
#include "vfio_rig.h"

#define MEM64 PCI_BASE_ADDRESS_MEM_TYPE_64
#define MEM   PCI_BASE_ADDRESS_MEM_PREFETCH
#define IO    PCI_BASE_ADDRESS_SPACE_IO
#define BAR0  PCI_BASE_ADDRESS_0
#define PAGE  4096u
#define HOME  0xc0000000u /* of BAR 2 */

/*
 * A BAR below the page size is mapped with the whole of its page, if it begins the page and
 * nothing else lies in the page. No other BAR may lie there, whoever came first.
 */
START_TEST(rule_35_small_bars_are_mapped)
{
	const uint32_t home = 0xc0000000, away = 0xc0100000;
	static struct rig rig;

	rig_init_usual(&rig);
	fake_add_bar(&rig.fake, 2, 0x400, 0, true);
	fake_add_bar(&rig.fake, 3, 0x100, 0, true);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_config_write(&rig, PCI_BASE_ADDRESS_2, 4, home);
	rig_config_write(&rig, PCI_BASE_ADDRESS_3, 4, away);
	rig_switch_on(&rig);
	ck_assert(fake_kvm_mapped(home) && fake_kvm_mapped(away));
	calls_begin();
	rig_config_write(&rig, PCI_BASE_ADDRESS_2, 4, home + 0x400); /* not at its beginning */
	ck_assert(!fake_kvm_mapped(home));
	rig_bar_write(&rig, 2, 0x10, 4, 1);
	ck_assert_uint_eq(calls_count("bar2 0x10.4=0x1"), 1);
	rig_config_write(&rig, PCI_BASE_ADDRESS_2, 4, home);
	ck_assert(fake_kvm_mapped(home));
	rig_config_write(&rig, PCI_BASE_ADDRESS_3, 4, home + 0x800); /* a neighbour comes */
	ck_assert(!fake_kvm_mapped(home));
	rig_bar_write(&rig, 2, 0x10, 4, 2);
	rig_bar_write(&rig, 3, 0x20, 4, 3);
	ck_assert_uint_eq(calls_count("bar2 0x10.4=0x2"), 1);
	ck_assert_uint_eq(calls_count("bar3 0x20.4=0x3"), 1);
	rig_config_write(&rig, PCI_BASE_ADDRESS_3, 4, away); /* and goes */
	ck_assert(fake_kvm_mapped(home) && fake_kvm_mapped(away));
	rig_close(&rig);
}
END_TEST

/*
 * The page of the pending bits is mapped, because registers beside them may be used much. When a
 * masked vector is pending, the bits are minivmm's to tell, and the page is trapped.
 */
START_TEST(rule_34_pending_bits_are_trapped_when_there_are_some)
{
	const uint64_t pba = RIG_BAR0 + 0x3000;
	static struct rig rig;

	rig_init(&rig);
	fake_add_bar(&rig.fake, 0, 0x8000, MEM64, true);
	fake_add_msix(&rig.fake, 8, RIG_MSIX_TABLE, 0x3000);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	ck_assert(fake_kvm_mapped(pba) && !fake_kvm_mapped(RIG_BAR0 + RIG_MSIX_TABLE));
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
	rig_msix_entry(&rig, 1, 0x41, false);
	rig_msix_entry(&rig, 1, 0x41, true);
	rig_turn(&rig);
	ck_assert(fake_kvm_mapped(pba)); /* masked, and silent */
	fake_raise(&rig.fake, 1);
	rig_turn(&rig);
	ck_assert(!fake_kvm_mapped(pba));
	ck_assert(fake_kvm_mapped(RIG_BAR0 + 0x4000));
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x3000, 8), 2);
	rig_bar_write(&rig, 0, 0x3800, 4, 0x55); /* beside them: the device's */
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x3800, 4), 0x55);
	rig_config_write(&rig, PCI_COMMAND, 2, 0);
	rig_switch_on(&rig);
	ck_assert(!fake_kvm_mapped(pba));
	rig_msix_entry(&rig, 1, 0x41, false); /* taken */
	ck_assert(fake_kvm_mapped(pba));
	/*
	 * A vector is masked with one interrupt pending, and then MSI-X is switched off
	 * altogether.
	 */
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	fake_raise(&rig.fake, 1);
	rig_turn(&rig);
	ck_assert(!fake_kvm_mapped(pba));
	rig_msix_control(&rig, 0);
	ck_assert(fake_kvm_mapped(pba));
	rig_close(&rig);
}
END_TEST

/* The region can be mapped but not written. Reads are the CPU's own, and writes are trapped. */
START_TEST(rule_47_readonly_region)
{
	static struct rig rig;

	rig_init_usual(&rig);
	rig.fake.bars[0].readonly = true;
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	ck_assert(fake_kvm_mapped(RIG_BAR0));
	ck_assert(fake_kvm_readonly(RIG_BAR0));
	calls_begin();
	rig_bar_write(&rig, 0, 0x40, 4, 0x55);
	calls_expect("bar0 0x40.4=0x55\n");
	rig_config_write(&rig, BAR0, 4, 0x8000); /* it moves as a whole */
	ck_assert(fake_kvm_readonly(RIG_BAR0 + 0x8000));
	rig_bar_write(&rig, 0, 0x44, 4, 0x66);
	ck_assert_uint_eq(calls_count("bar0 0x44.4=0x66"), 1);
	rig_close(&rig);
}
END_TEST

/* What a small BAR is, and whether it is mapped if nothing else is in its page. */
enum sparse { NOT_SPARSE, ALL_OF_IT, HALF_OF_IT, NONE_OF_IT };

static const struct {
	uint64_t size;
	uint32_t flags;
	bool mappable, readonly;
	enum sparse sparse;
	uint32_t table, pba; /* MSI-X of one vector, 0: none; offset | BIR */
	bool mapped, takes_writes;
} smalls[] = {
	{ 16, 0, true, false, NOT_SPARSE, 0, 0, true, true },
	{ 0x400, 0, true, false, NOT_SPARSE, 0, 0, true, true },   /* EHCI */
	{ 0x800, MEM, true, false, NOT_SPARSE, 0, 0, true, true }, /* AHCI */
	{ 0x800, MEM64, true, false, NOT_SPARSE, 0, 0, true, true },
	{ 0x800, 0, false, false, NOT_SPARSE, 0, 0, false, false },
	{ 0x800, 0, true, true, NOT_SPARSE, 0, 0, true, false },
	{ 0x800, 0, true, false, ALL_OF_IT, 0, 0, true, true }, /* as vfio-user servers say it */
	{ 0x800, 0, true, false, HALF_OF_IT, 0, 0, false, false },
	{ 0x800, 0, true, false, NONE_OF_IT, 0, 0, false, false },
	{ 0x800, 0, true, false, NOT_SPARSE, 0x400 | 2, 0x7f8 | 2, false, false },
	{ 0x800, 0, true, false, NOT_SPARSE, 0x2000, 0x7f8 | 2, true, true },
	{ 0x100, IO, true, false, NOT_SPARSE, 0, 0, false, false },
};

static void make_small(struct rig *rig, int row)
{
	struct fake_bar *bar = &rig->fake.bars[2];

	rig_init(rig);
	fake_add_bar(&rig->fake, 0, 0x8000, MEM64, true);
	fake_add_bar(&rig->fake, 2, smalls[row].size, smalls[row].flags, smalls[row].mappable);
	if (smalls[row].table)
		fake_add_msix(&rig->fake, 1, smalls[row].table, smalls[row].pba);
	bar->readonly = smalls[row].readonly;
	bar->sparse_count = smalls[row].sparse != NOT_SPARSE;
	if (smalls[row].sparse != NONE_OF_IT)
		bar->areas[0].size = smalls[row].size >> (smalls[row].sparse == HALF_OF_IT);
	ck_assert_int_eq(rig_open(rig), 0);
}

/* In every case the device gets what the guest writes, by a mapping or by an exit. */
START_TEST(rule_35_every_small_bar)
{
	static struct rig rig;
	uint64_t addr;

	make_small(&rig, _i);
	if (!(smalls[_i].flags & IO))
		rig_config_write(&rig, PCI_BASE_ADDRESS_2, 4, HOME);
	if (smalls[_i].flags & MEM64)
		rig_config_write(&rig, PCI_BASE_ADDRESS_3, 4, 0);
	rig_switch_on(&rig);
	addr = rig.pci->function.bars[2].addr;
	ck_assert_int_eq(fake_kvm_mapped(addr), smalls[_i].mapped);
	ck_assert_int_eq(smalls[_i].mapped && !fake_kvm_readonly(addr), smalls[_i].takes_writes);
	calls_begin();
	rig_bar_write(&rig, 2, 4, 4, 0x55);
	ck_assert_uint_eq(calls_count("bar2 0x4.4=0x55"), 1);
	if (smalls[_i].flags & IO)
		goto out;
	rig_config_write(&rig, PCI_BASE_ADDRESS_2, 4, HOME + smalls[_i].size);
	ck_assert(!fake_kvm_mapped(HOME));
	rig_bar_write(&rig, 2, 4, 4, 0x66);
	ck_assert_uint_eq(calls_count("bar2 0x4.4=0x66"), 1);
out:
	rig_close(&rig);
}
END_TEST

/*
 * Where table and pending bits are. `mapped` is the first page of the pending bits, while none is
 * pending.
 */
static const struct {
	unsigned int vectors;
	uint32_t table, pba; /* offset | BIR */
	uint64_t bar2;       /* its size, or 0 */
	bool mapped;
} layouts[] = {
	{ 8, 0x2000, 0x3000, 0, true },
	{ 8, 0x2000, 0x7ff8, 0, true },        /* the last bytes of the BAR */
	{ 8, 0x2000, 0x2800, 0, false },       /* beside the table: never */
	{ 8, 0x2000, 0x1f80, 0, true },        /* in the page before */
	{ 128, 0x2000, 0x3ff8, 0, true },      /* across two pages */
	{ 8, 0x2000, 0 | 2, PAGE, true },      /* in another BAR, all of it */
	{ 8, 0x2000, 0x3f8 | 2, 0x400, true }, /* in one below a page */
	{ 8, 0 | 2, 0, 0x800, true },          /* the table is in one */
	{ 2048, 0 | 2, 0x7f00, 0x8000, true }, /* as many as there can be */
	{ 1, 0x7000 | 2, 0x7800 | 2, 0x8000, false },
};

static void write_entry(struct rig *rig, int row, unsigned int vector, bool masked)
{
	unsigned int bar = layouts[row].table & PCI_MSIX_TABLE_BIR;
	uint64_t at = (layouts[row].table & PCI_MSIX_TABLE_OFFSET) + 16 * vector;

	rig_bar_write(rig, bar, at, 4, RIG_MSI_ADDRESS);
	rig_bar_write(rig, bar, at + 8, 4, 0x41);
	rig_bar_write(rig, bar, at + 12, 4, masked);
}

/* The pages of the pending bits are all mapped, or none of them is. */
static bool pending_page_mapped(struct rig *rig, int row)
{
	unsigned int bar = layouts[row].pba & PCI_MSIX_PBA_BIR;
	uint64_t first = layouts[row].pba & PCI_MSIX_PBA_OFFSET;
	uint64_t last = first + (layouts[row].vectors + 63) / 64 * 8 - 1;
	uint64_t addr = rig->pci->function.bars[bar].addr;
	bool mapped = fake_kvm_mapped(addr + (first & ~(uint64_t)(PAGE - 1)));

	ck_assert_int_eq(fake_kvm_mapped(addr + (last & ~(uint64_t)(PAGE - 1))), mapped);
	return mapped;
}

START_TEST(rule_34_every_layout)
{
	unsigned int last = layouts[_i].vectors - 1, bar = layouts[_i].pba & PCI_MSIX_PBA_BIR;
	uint64_t word = (layouts[_i].pba & PCI_MSIX_PBA_OFFSET) + last / 64 * 8;
	static struct rig rig;

	rig_init(&rig);
	fake_add_bar(&rig.fake, 0, 0x8000, MEM64, true);
	if (layouts[_i].bar2)
		fake_add_bar(&rig.fake, 2, layouts[_i].bar2, 0, true);
	fake_add_msix(&rig.fake, layouts[_i].vectors, layouts[_i].table, layouts[_i].pba);
	ck_assert_int_eq(rig_open(&rig), 0);
	if (layouts[_i].bar2)
		rig_config_write(&rig, PCI_BASE_ADDRESS_2, 4, HOME);
	rig_switch_on(&rig);
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
	write_entry(&rig, _i, last, false);
	write_entry(&rig, _i, last, true);
	rig_turn(&rig);
	ck_assert_int_eq(pending_page_mapped(&rig, _i), layouts[_i].mapped);
	for (unsigned int again = 0; again < 2; again++) {
		fake_raise(&rig.fake, last);
		rig_turn(&rig);
		ck_assert(!pending_page_mapped(&rig, _i));
		ck_assert_uint_eq(rig_bar_read(&rig, bar, word, 8), 1ull << last % 64);
		write_entry(&rig, _i, last, false);
		ck_assert_int_eq(pending_page_mapped(&rig, _i), layouts[_i].mapped);
		write_entry(&rig, _i, last, true);
	}
	ck_assert_uint_eq(rig.fake.table_touched, 0);
	rig_close(&rig);
}
END_TEST

/*
 * Of each size there is a region that can only be read. What is mapped is read-only, and what is
 * written is trapped.
 */
static const uint64_t readonly_sizes[] = { 0x10, 0x800, PAGE, 4 * PAGE, 1 << 20 };

START_TEST(rule_47_readonly_of_every_size)
{
	static struct rig rig;

	rig_init(&rig);
	fake_add_bar(&rig.fake, 2, readonly_sizes[_i], 0, true);
	rig.fake.bars[2].readonly = true;
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_config_write(&rig, PCI_BASE_ADDRESS_2, 4, HOME);
	for (unsigned int round = 0; round < 2; round++) {
		rig_switch_on(&rig);
		ck_assert(fake_kvm_mapped(HOME) && fake_kvm_readonly(HOME));
		calls_begin();
		rig_bar_write(&rig, 2, readonly_sizes[_i] - 4, 4, 0x55);
		ck_assert_uint_eq(calls_count("bar2"), 1);
		rig_config_write(&rig, PCI_COMMAND, 2, 0);
		ck_assert(!fake_kvm_mapped(HOME));
	}
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("vfio_bar_pages", { rule_35_small_bars_are_mapped, 0 },
	  { rule_35_every_small_bar, UNIT_COUNT(smalls) },
	  { rule_34_pending_bits_are_trapped_when_there_are_some, 0 },
	  { rule_34_every_layout, UNIT_COUNT(layouts) }, { rule_47_readonly_region, 0 },
	  { rule_47_readonly_of_every_size, UNIT_COUNT(readonly_sizes) })
