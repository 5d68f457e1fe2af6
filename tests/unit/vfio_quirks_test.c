/* SPDX-License-Identifier: MIT */
/* vfio/vfio_quirks.c: devices that are not as they should be, each by its row. */
#include <string.h>

#include "call_log.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio_rig.h"

static void be(struct rig *rig, uint16_t vendor, uint16_t device, uint8_t base_class)
{
	rig_init(rig);
	memcpy(&rig->fake.config[PCI_VENDOR_ID], &vendor, 2);
	memcpy(&rig->fake.config[PCI_DEVICE_ID], &device, 2);
	rig->fake.config[PCI_CLASS_DEVICE + 1] = base_class;
}

static int open_quietly(struct rig *rig, struct stderr_text *caught)
{
	int ret;

	stderr_begin(caught);
	ret = rig_open(rig);
	stderr_end(caught);
	return ret;
}

/* ---- pending bits outside of their BAR ---- */

static const struct {
	uint16_t vendor, device;
	uint64_t bar;
	uint32_t told;
	uint32_t is; /* 0: the device is refused */
} pbas[] = {
	{ 0x1425, 0x5803, 0x2000, 0x8000, 0x1000 },
	{ 0x1425, 0x58ff, 0x2000, 0x8000, 0x1000 },
	{ 0x1425, 0x5803, 0x2000, 0x0800, 0x0800 }, /* told rightly: left alone */
	{ 0x1425, 0x5401, 0x2000, 0x8000, 0 },      /* not a virtual function */
	{ 0x1425, 0x5803, 0x2000, 0x2000, 0x1000 }, /* wherever outside it is said to be */
	{ 0x1425, 0x5803, 0x2000, 0x7fff8000, 0x1000 },
	{ 0x1425, 0x5803, 0x2000, 0x1ff8, 0x1ff8 },
	{ 0x1d22, 0x3685, 0x400000, 0x400000, 0xb400 },
	{ 0x1d22, 0x3685, 0x400000, 0x460000, 0xb400 },
	{ 0x1d22, 0x3684, 0x400000, 0x460000, 0 },
};

START_TEST(rule_38_pending_bits_outside_of_the_bar)
{
	static struct rig rig;
	struct stderr_text caught;

	be(&rig, pbas[_i].vendor, pbas[_i].device, 0x02);
	fake_add_bar(&rig.fake, 4, pbas[_i].bar, 0, true);
	fake_add_msix(&rig.fake, 8, 4, pbas[_i].told | 4);
	ck_assert_int_eq(open_quietly(&rig, &caught) == 0, pbas[_i].is != 0);
	if (pbas[_i].is)
		ck_assert_uint_eq(rig_config_read(&rig, rig.msix + PCI_MSIX_PBA, 4),
				  pbas[_i].is | 4);
	if (pbas[_i].is && pbas[_i].is != pbas[_i].told)
		stderr_holds(&caught, "pending bits");
	rig_close(&rig);
}
END_TEST

/* An identity that the user gives does not make another device of it. */
START_TEST(rule_38_by_the_device_s_own_identity)
{
	static struct rig rig;
	struct stderr_text caught;

	be(&rig, 0x1425, 0x5803, 0x02);
	rig.options.ids[VFIO_ID_VENDOR] = (struct vfio_id_override){ true, 0x8086 };
	fake_add_bar(&rig.fake, 4, 0x2000, 0, true);
	fake_add_msix(&rig.fake, 8, 4, 0x8000 | 4);
	ck_assert_int_eq(open_quietly(&rig, &caught), 0);
	rig_close(&rig);
}
END_TEST

/* ---- configuration space inside a BAR ---- */

static const struct {
	uint16_t vendor, device;
	uint8_t base_class;
	unsigned int bar;
	uint64_t offset;
	bool trapped;
} mirrors[] = {
	{ 0x10de, 0x1b80, 0x03, 0, 0x88000, true },  { 0x10de, 0x1b80, 0x03, 0, 0x1800, true },
	{ 0x10de, 0x1b80, 0x04, 0, 0x88000, false }, /* its sound function */
	{ 0x1002, 0x68f9, 0x03, 2, 0x4000, false },  /* doorbells, on cards of today */
	{ 0x8086, 0x1533, 0x03, 0, 0x88000, false },
};

/* What the guest finds there is its own configuration space. What it writes goes the same way. */
START_TEST(rule_39_mirror_of_configuration_space)
{
	unsigned int bar = mirrors[_i].bar;
	uint64_t at = mirrors[_i].offset;
	static struct rig rig;

	be(&rig, mirrors[_i].vendor, mirrors[_i].device, mirrors[_i].base_class);
	fake_add_bar(&rig.fake, bar, 1 << 20, PCI_BASE_ADDRESS_MEM_TYPE_64, true);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	calls_begin();
	ck_assert(fake_kvm_mapped(rig.pci->function.bars[bar].addr + at) != mirrors[_i].trapped);
	if (mirrors[_i].trapped) {
		unsigned int reg = PCI_BASE_ADDRESS_0 + 4 * bar;

		ck_assert_uint_eq(rig_bar_read(&rig, bar, at + reg, 4),
				  rig_config_read(&rig, reg, 4));
		ck_assert_uint_eq(rig_bar_read(&rig, bar, at, 8), rig_config_read(&rig, 0, 8));
		rig_bar_write(&rig, bar, at + PCI_INTERRUPT_LINE, 1, 0x2a);
		ck_assert_uint_eq(rig_config_read(&rig, PCI_INTERRUPT_LINE, 1), 0x2a);
		rig_bar_write(&rig, bar, at + reg, 4, 0xffffffff);
		rig_bar_write(&rig, bar, at - 2, 4, 0); /* across the edge */
		ck_assert_uint_eq(rig_bar_read(&rig, bar, at - 2, 4), UINT32_MAX);
		ck_assert_uint_eq(calls_count("bar") + calls_count("config 0x10"), 0);
	}
	rig_close(&rig);
}
END_TEST

/* The rest of the page is the device's. */
START_TEST(rule_39_beside_the_mirror)
{
	static struct rig rig;

	be(&rig, 0x10de, 0x1b80, 0x03);
	fake_add_bar(&rig.fake, 0, 1 << 20, 0, true);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	rig_bar_write(&rig, 0, 0x1700, 4, 0x1234);
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x1700, 4), 0x1234);
	ck_assert_uint_eq(calls_count("bar0 0x1700.4=0x1234"), 1);
	rig_close(&rig);
}
END_TEST

/*
 * NVIDIA's drivers acknowledge each MSI in this way. The device must see it, and nothing else of
 * the kind.
 */
START_TEST(rule_39_acknowledged_msi)
{
	static struct rig rig;
	unsigned int cap;

	be(&rig, 0x10de, 0x1b80, 0x03);
	fake_add_bar(&rig.fake, 0, 1 << 20, 0, true);
	fake_add_cap(&rig.fake, PCI_CAP_ID_MSI, 14);
	rig.fake.msis = 1;
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	cap = pci_find_capability(&rig.pci->function, PCI_CAP_ID_MSI);
	ck_assert_uint_ne(cap, 0);
	calls_begin();
	rig_bar_write(&rig, 0, 0x88000 + cap, 1, 0xff);
	ck_assert_uint_eq(calls_count("bar0"), 1);
	rig_bar_write(&rig, 0, 0x88000 + cap + 2, 2, 0);
	rig_bar_write(&rig, 0, 0x88000 + PCI_VENDOR_ID, 1, 0xff);
	ck_assert_uint_eq(calls_count("bar0"), 1);
	rig_close(&rig);
}
END_TEST

/* A place goes to one port, and what lies there comes through the next one. */
START_TEST(rule_39_window_to_configuration_space)
{
	static struct rig rig;

	be(&rig, 0x1002, 0x68f9, 0x03);
	fake_add_bar(&rig.fake, 4, 0x100, PCI_BASE_ADDRESS_SPACE_IO, false);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	rig_bar_write(&rig, 4, 0, 4, 0x4000 + PCI_BASE_ADDRESS_4);
	ck_assert_uint_eq(rig_bar_read(&rig, 4, 4, 4),
			  rig_config_read(&rig, PCI_BASE_ADDRESS_4, 4));
	rig_bar_write(&rig, 4, 0, 4, 0x4000 + PCI_INTERRUPT_LINE);
	calls_begin();
	rig_bar_write(&rig, 4, 4, 1, 7);
	ck_assert_uint_eq(rig_config_read(&rig, PCI_INTERRUPT_LINE, 1), 7);
	ck_assert_uint_eq(calls_count("bar4"), 0);
	rig_bar_write(&rig, 4, 1, 1, 0x50); /* a part of the place would pass by us */
	rig_bar_write(&rig, 4, 0, 8, 0x5000);
	ck_assert_uint_eq(calls_count("bar4"), 0);
	rig_bar_write(&rig, 4, 0, 4, 0x5000); /* past it: the device's */
	rig_bar_write(&rig, 4, 4, 4, 0x55);
	ck_assert_uint_eq(calls_count("bar4 0x4.4=0x55"), 1);
	ck_assert_uint_eq(rig_bar_read(&rig, 4, 4, 4), 0x55);
	rig_close(&rig);
}
END_TEST

/* NVIDIA's I/O ports lead to both of the mirrors in BAR 0, and to all else of that BAR. */
START_TEST(rule_39_two_places_behind_one_window)
{
	static const uint32_t places[] = { 0x88000, 0x1800 };
	static struct rig rig;

	be(&rig, 0x10de, 0x1b80, 0x03);
	fake_add_bar(&rig.fake, 0, 1 << 20, 0, true);
	fake_add_bar(&rig.fake, 5, 0x80, PCI_BASE_ADDRESS_SPACE_IO, false);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	rig_bar_write(&rig, 5, 0, 4, 1); /* the ports' own switches are the device's */
	ck_assert_uint_eq(calls_count("bar5 0.4=0x1"), 1);
	for (size_t i = 0; i < UNIT_COUNT(places); i++) {
		rig_bar_write(&rig, 5, 8, 4, places[i] + PCI_BASE_ADDRESS_0);
		ck_assert_uint_eq(rig_bar_read(&rig, 5, 12, 4),
				  rig_config_read(&rig, PCI_BASE_ADDRESS_0, 4));
		rig_bar_write(&rig, 5, 8, 4, places[i] + PCI_INTERRUPT_LINE);
		rig_bar_write(&rig, 5, 12, 1, (uint8_t)(7 + i));
		ck_assert_uint_eq(rig_config_read(&rig, PCI_INTERRUPT_LINE, 1), 7 + i);
		ck_assert_uint_eq(calls_count("bar5 0xc"), 0);
	}
	rig_bar_write(&rig, 5, 8, 4, 0x1900); /* behind the second */
	rig_bar_write(&rig, 5, 12, 4, 0x55);
	ck_assert_uint_eq(calls_count("bar5 0xc.4=0x55"), 1);
	rig_close(&rig);
}
END_TEST

/* A BAR of memory in their place has no such ports. */
START_TEST(rule_39_no_window_in_memory)
{
	static struct rig rig;

	be(&rig, 0x10de, 0x2330, 0x03);
	fake_add_bar(&rig.fake, 5, 0x1000, 0, true);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	ck_assert(fake_kvm_mapped(rig.pci->function.bars[5].addr));
	rig_close(&rig);
}
END_TEST

/*
 * Firmware that runs the ROM of Broadcom's BCM57810 hangs. A file that the user gives is shown.
 */
START_TEST(rule_39_rom_that_hangs)
{
	static struct rig rig;
	struct stderr_text caught;

	be(&rig, 0x14e4, _i ? 0x168d : 0x168e, 0x02);
	fake_add_bar(&rig.fake, 6, 0x10000, 0, false);
	ck_assert_int_eq(open_quietly(&rig, &caught), 0);
	ck_assert_uint_eq(rig.pci->function.bars[PCI_BAR_ROM].size, _i ? 0x10000 : 0);
	if (!_i)
		stderr_holds(&caught, "its expansion ROM is not shown");
	rig_close(&rig);
}
END_TEST

/* The real table never hears of it, and the guest's vector works. */
START_TEST(rule_39_window_to_the_msix_table)
{
	static struct rig rig;

	be(&rig, 0x10ec, 0x8168, 0x02);
	fake_add_bar(&rig.fake, 2, 0x1000, PCI_BASE_ADDRESS_MEM_TYPE_64, true);
	fake_add_bar(&rig.fake, 4, 0x4000, PCI_BASE_ADDRESS_MEM_TYPE_64, true);
	fake_add_msix(&rig.fake, 4, 4, 0x800 | 4);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	calls_begin();
	rig_bar_write(&rig, 2, 0x70, 4, RIG_MSI_ADDRESS);
	rig_bar_write(&rig, 2, 0x74, 4, 0x80010010);                   /* vector 1's address */
	ck_assert_uint_eq(rig_bar_read(&rig, 2, 0x74, 4), 0x00010010); /* done */
	ck_assert_uint_eq(rig_bar_read(&rig, 4, 0x10, 4), RIG_MSI_ADDRESS);
	rig_bar_write(&rig, 2, 0x74, 4, 0x00010010);
	ck_assert_uint_eq(rig_bar_read(&rig, 2, 0x70, 4), RIG_MSI_ADDRESS);
	rig_bar_write(&rig, 2, 0x74, 4, 0x80011ffc); /* behind the table: nothing */
	ck_assert_uint_eq(calls_count("bar2 0x74.4=0x80"), 0);
	rig_bar_write(&rig, 2, 0x74, 4, 0x80000010); /* another table, the device's own */
	ck_assert_uint_eq(calls_count("bar2 0x74.4=0x80000010"), 1);
	ck_assert_uint_eq(rig.fake.table_touched, 0);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("vfio_quirks", { rule_38_pending_bits_outside_of_the_bar, UNIT_COUNT(pbas) },
	  { rule_38_by_the_device_s_own_identity, 0 }, { rule_39_acknowledged_msi, 0 },
	  { rule_39_mirror_of_configuration_space, UNIT_COUNT(mirrors) },
	  { rule_39_beside_the_mirror, 0 }, { rule_39_window_to_configuration_space, 0 },
	  { rule_39_window_to_the_msix_table, 0 }, { rule_39_two_places_behind_one_window, 0 },
	  { rule_39_no_window_in_memory, 0 }, { rule_39_rom_that_hangs, 2 })
